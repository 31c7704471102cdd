"""What dashboards, rules and analyses ask: of nothing but what somebody produces, and in a way that can be answered."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from grafana_foundation_sdk.models.dashboard import DashboardFieldConfigSourceOverrides, Panel
from grafana_foundation_sdk.models.prometheus import Dataquery

from observability import known_series, records
from observability.analysis import checks
from observability.dashboards import DASHBOARDS
from observability.dashboards.asked import Asked, choices, filled_in, panels, queries
from observability.links import API_DASHBOARD, ARGO_ROLLOUTS_DASHBOARD, CANARY_DASHBOARD, FLEET_DASHBOARD
from observability.promql import Known, understood
from observability.rule import Alert
from tests.unit.dashboards_workbench import FILLED_IN, NAMESPACE, known, rule_faults, rule_groups, watched_service

EVERY_QUERY = [query for dashboard in DASHBOARDS.values() for query in queries(dashboard())]
EVERY_PANEL = [(uid, panel) for uid, dashboard in DASHBOARDS.items() for panel in panels(dashboard())]
_ON_A_LABEL = re.compile(r"{{(\w+)}}")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """All series there are."""
    return known(watched_service(tmp_path_factory.mktemp("catalog")))


def ids(asked: Asked) -> str:
    return f"{asked.dashboard}: {asked.panel}"


@pytest.mark.parametrize("asked", EVERY_QUERY, ids=ids)
def test_a_dashboard_asks_for_metrics_and_labels_that_somebody_produces(asked: Asked, there: Known) -> None:
    found = understood(asked.filled_in(FILLED_IN).expression, there)
    assert found.faults == []
    assert found.reads


def test_a_variable_offers_what_somebody_produces(there: Known) -> None:
    offered = [choice for dashboard in DASHBOARDS.values() for choice in choices(dashboard())]
    assert len(offered) == 8
    for choice in offered:
        found = understood(filled_in(choice.series, FILLED_IN), there)
        assert found.faults == []
        assert choice.label in (found.labels or ())


def test_rules_ask_for_metrics_and_labels_that_somebody_produces(tmp_path: Path) -> None:
    assert rule_faults(watched_service(tmp_path)) == []


def test_analyses_ask_for_metrics_and_labels_that_somebody_produces(tmp_path: Path, there: Known) -> None:
    for check in checks(watched_service(tmp_path), NAMESPACE):
        assert understood(check.query, there).faults == []


def test_every_record_is_said_by_a_name_of_level_metric_and_operation(there: Known) -> None:
    recorded = [metric for metric in there if metric not in known_series.produced()]
    assert records.LIMIT in recorded
    assert all(metric.count(":") == 2 for metric in recorded if metric != records.LIMIT)


@pytest.mark.parametrize(("uid", "panel"), EVERY_PANEL, ids=str)
def test_what_a_line_is_called_by_is_a_label_of_the_answer(uid: str, panel: Panel, there: Known) -> None:
    for target in _targets(panel):
        if panel.type_val == "heatmap" or not target.legend_format:
            continue
        labels = understood(filled_in(target.expr, FILLED_IN), there).labels or frozenset()
        assert set(_ON_A_LABEL.findall(target.legend_format)) <= labels, target.legend_format


@pytest.mark.parametrize(
    ("uid", "panel"), [(uid, panel) for uid, panel in EVERY_PANEL if panel.type_val == "table"], ids=str
)
def test_the_columns_of_a_table_are_the_labels_of_every_answer(uid: str, panel: Panel, there: Known) -> None:
    (organized,) = [each.options for each in panel.transformations if each.id_val == "organize"]
    assert isinstance(organized, dict)
    keys = {name for name in organized["renameByName"] if not name.startswith("Value")}
    for target in _targets(panel):
        assert target.instant and target.format_val == "table"
        labels = understood(filled_in(target.expr, FILLED_IN), there).labels
        assert labels is not None and set(labels) == keys, target.expr
    # Without a function or an aggregation the name of the metric would be a column too, and no two lines the same.
    assert not [each.expr for each in _targets(panel) if re.match(r"[\w:]+\{[^{}]*\}$", each.expr)]


def _targets(panel: Panel) -> Iterator[Dataquery]:
    return (each for each in panel.targets or [] if isinstance(each, Dataquery))


@pytest.mark.parametrize("asked", EVERY_QUERY, ids=ids)
def test_raw_series_are_looked_at_over_grafanas_rate_interval_and_recorded_ones_averaged(asked: Asked) -> None:
    without_values = re.sub('"[^"]*"', "", asked.expression)
    for function, metric, window in re.findall(r"(\w+)\(([\w:]+)[^()\[\]]*\[([^\]]+)\]", without_values):
        recorded = ":" in metric
        if function == "last_over_time":
            assert not recorded
            assert window in ("$__interval", "1h")
        else:
            expected = ("avg_over_time", "$__interval") if recorded else ("rate", "$__rate_interval")
            assert (function, window) == expected, asked.expression


@pytest.mark.parametrize("asked", EVERY_QUERY, ids=ids)
def test_what_is_recorded_is_averaged_over_the_time_between_two_points(asked: Asked) -> None:
    over_time = not asked.instant and not asked.panel.startswith("marks")
    plain = re.findall(r"(?<!avg_over_time\()\b([a-z_]+:[\w]+:[\w]+){", asked.expression)
    # One that does not change between two points needs no mean.
    assert not over_time or set(plain) <= {records.ERROR_BUDGET, records.LIMIT}


def test_single_requests_are_read_for_one_moment_only(there: Known) -> None:
    raw = set(known_series.APPLICATIONS.series)
    reading = [
        asked
        for asked in EVERY_QUERY
        if raw & {each.metric for each in understood(asked.filled_in(FILLED_IN).expression, there).reads}
    ]
    assert {asked.panel.partition(" by ")[0] for asked in reading} == {"Top Endpoints"}
    assert all(asked.instant for asked in reading)


def test_grafanas_variables_are_filled_in_and_what_label_replace_refers_to_is_not() -> None:
    expression = 'label_replace(a{b="$x",c=~"${x}|${x:regex}-y"}[$__interval], "d", "$1 ${1}", "b", "(.)")'
    assert filled_in(expression, {"x": "1", "__interval": "1m"}) == (
        'label_replace(a{b="1",c=~"1|1-y"}[1m], "d", "$1 ${1}", "b", "(.)")'
    )


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="rollout"):
        filled_in('a{b="$rollout"}', {"service": "x"})


def test_queries_name_no_variable_that_a_reader_cannot_choose() -> None:
    for uid, dashboard in DASHBOARDS.items():
        offered = {each.name for each in dashboard().templating.list_val or []}
        values = dict.fromkeys([*offered, "__interval", "__rate_interval"], "x")
        for asked in EVERY_QUERY:
            if asked.dashboard == uid:
                asked.filled_in(values)


def _variables(uid: str) -> set[str]:
    return {f"var-{each.name}" for each in DASHBOARDS[uid]().templating.list_val or []}


def _leads(address: str) -> tuple[str, dict[str, list[str]]]:
    """The dashboard that an address is of, and the values it gives to its variables."""
    parts = urlsplit(address)
    given = {name: value for name, value in parse_qs(parts.query).items() if name.startswith("var-")}
    return parts.path.removeprefix("/d/"), given


def test_dashboards_lead_to_each_other_with_what_is_chosen_and_the_time() -> None:
    for uid, dashboard in DASHBOARDS.items():
        links = dashboard().links or []
        assert {_leads(link.url)[0] for link in links} == set(DASHBOARDS) - {uid}
        for link in links:
            there, given = _leads(link.url)
            assert link.keep_time
            assert set(given) <= _variables(there)
            assert given["var-datasource"] == ["${datasource}"]
    kept = {_leads(link.url)[0]: _leads(link.url)[1] for link in DASHBOARDS[API_DASHBOARD]().links or []}
    assert kept[CANARY_DASHBOARD]["var-service"] == kept[ARGO_ROLLOUTS_DASHBOARD]["var-rollout"] == ["${service}"]
    assert kept[FLEET_DASHBOARD]["var-namespace"] == ["${namespace}"]


def _links(override: DashboardFieldConfigSourceOverrides) -> Iterator[dict[str, str]]:
    for each in override.properties:
        if each.id_val == "links":
            assert isinstance(each.value, list)
            yield from each.value


def test_a_click_on_a_service_or_rollout_leads_to_what_more_there_is_of_it() -> None:
    found = []
    for uid, panel in EVERY_PANEL:
        names = {override.matcher.options for override in panel.field_config.overrides}
        for override in panel.field_config.overrides:
            for link in _links(override):
                there, given = _leads(link["url"])
                found.append((uid, there))
                assert set(given) <= _variables(there)
                assert set(re.findall(r"__data\.fields\.(\w+)", link["url"])) <= names
                assert link["url"].endswith("${__url_time_range}")
    assert found == [
        (FLEET_DASHBOARD, API_DASHBOARD),
        (FLEET_DASHBOARD, CANARY_DASHBOARD),
        (FLEET_DASHBOARD, ARGO_ROLLOUTS_DASHBOARD),
        (ARGO_ROLLOUTS_DASHBOARD, CANARY_DASHBOARD),
    ]


def test_an_alert_leads_to_a_dashboard_that_knows_what_it_is_told(tmp_path: Path) -> None:
    alerts = [
        rule for group in rule_groups(watched_service(tmp_path)) for rule in group.rules if isinstance(rule, Alert)
    ]
    assert alerts
    for alert in alerts:
        there, given = _leads(alert.dashboard)
        assert set(given) <= _variables(there), alert.name
