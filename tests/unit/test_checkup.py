"""What a check makes of what a Prometheus says: what is there, what may be missing now, and what is a gap."""

from pathlib import Path
from typing import Any

import pytest

from observability import checkup_absences, known_series, metrics
from observability.checkup import Finding, alike, rule_findings, summed_up, target_findings
from observability.checkup_panels import has_numbers, panel_findings, questions
from observability.checkup_series import (
    EVERYBODY,
    Expression,
    Presence,
    Sought,
    label_findings,
    metric_findings,
    needs,
    records_of,
    rule_expressions,
    sought,
)
from observability.dashboards import DASHBOARDS
from observability.dashboards.asked import queries
from observability.links import API_DASHBOARD
from observability.rule import rule_spec
from tests.unit.dashboards_workbench import NAMESPACE, known, rule_groups, watched_service


def target(service: str, health: str = "up", error: str = "", job: str = "") -> dict[str, Any]:
    labels = {"namespace": NAMESPACE, "service": service, "job": job or service, "pod": f"{service}-1"}
    return {"labels": labels, "health": health, "lastError": error}


CONTROLLER = [target("argo", job="argo-rollouts"), target("argo", job="argo-rollouts-requests")]


def gaps(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(each.where, each.what, each.why) for each in found if each.verdict == "gap"]


def test_targets_that_are_up_are_there() -> None:
    found = list(target_findings(NAMESPACE, ["a-api"], [target("a-api"), *CONTROLLER]))
    assert [each.verdict for each in found] == ["ok", "ok", "ok"]


def test_a_service_without_a_target_is_a_gap_whatever_others_have() -> None:
    elsewhere = {**target("a-api"), "labels": {"namespace": "elsewhere", "service": "a-api"}}
    ((where, what, why),) = gaps(list(target_findings(NAMESPACE, ["a-api"], [elsewhere, target("b"), *CONTROLLER])))
    assert (where, what) == ("a-api", "no target")
    assert "ServiceMonitor" in why


def test_a_target_that_is_down_is_a_gap_with_its_error_in_one_line() -> None:
    down = target("a-api", "down", "connection\nrefused")
    assert gaps(list(target_findings(NAMESPACE, ["a-api"], [down, *CONTROLLER]))) == [
        ("a-api", "a-api-1", "connection refused")
    ]


def test_a_target_that_was_not_scraped_yet_is_fine() -> None:
    (found,) = [
        each
        for each in target_findings(NAMESPACE, ["a-api"], [target("a-api", "unknown"), *CONTROLLER])
        if each.where == "a-api"
    ]
    assert (found.verdict, found.why) == ("fine", "has not been scraped yet")


def test_a_controller_that_nobody_scrapes_is_a_gap() -> None:
    assert [where for where, _, _ in gaps(list(target_findings(NAMESPACE, [], [])))] == [
        "argo-rollouts",
        "argo-rollouts-requests",
    ]


EXPECTED = [{"name": "a.requests", "rules": [{"record": "a:b:c", "expr": 'sum by (x) (y{b="2",a="1"})'}]}]


def loaded(query: str, health: str = "ok", error: str = "", group: str = "a.requests") -> list[dict[str, Any]]:
    return [{"name": group, "rules": [{"name": "a:b:c", "query": query, "health": health, "lastError": error}]}]


SAME = 'sum by(x) (y{a="1",b="2"})'


@pytest.mark.parametrize(
    ("there", "verdict", "why"),
    [
        (loaded(SAME), "ok", ""),
        ([], "gap", "is not loaded: is the PrometheusRule there, and picked up?"),
        (loaded(SAME, group="b.requests"), "gap", "is not loaded: is the PrometheusRule there, and picked up?"),
        (loaded("sum(y)"), "gap", "is loaded with another expression: run `make up`"),
        ([*loaded("sum(y)"), *loaded(SAME)], "ok", ""),
        (loaded(SAME, "err", "many-to-many\nmatching"), "gap", "fails: many-to-many matching"),
        (loaded(SAME, "unknown"), "fine", "is not evaluated yet"),
    ],
)
def test_a_rule_is_there_if_it_is_loaded_as_it_is_meant_and_works(there: Any, verdict: str, why: str) -> None:
    (found,) = rule_findings(EXPECTED, there)
    assert (found.where, found.what, found.verdict, found.why) == ("a.requests", "a:b:c", verdict, why)


def groups_of(tmp_path: Path) -> list[dict[str, Any]]:
    return list(rule_spec(rule_groups(watched_service(tmp_path)))["groups"])


def test_every_rule_of_a_service_is_found_again_as_it_is_provisioned(tmp_path: Path) -> None:
    groups = groups_of(tmp_path)
    there = [
        {
            **group,
            "rules": [
                {"name": rule.get("record") or rule["alert"], "query": rule["expr"], "health": "ok"}
                for rule in group["rules"]
            ],
        }
        for group in groups
    ]
    found = list(rule_findings(groups, there))
    assert len(found) > 70
    assert {each.verdict for each in found} == {"ok"}


def test_records_are_known_with_the_labels_that_follow_from_their_expressions(tmp_path: Path) -> None:
    assert records_of(groups_of(tmp_path), known_series.produced()) == known(watched_service(tmp_path))


KNOWN = {
    **known_series.produced(),
    "service:x:y": frozenset({"namespace", "service"}),
    "service_version:http_requests:rate1m": frozenset({"namespace", "service", "version"}),
}


def test_whose_series_are_is_told_by_their_labels() -> None:
    asked = {
        each.metric: each.presence(NAMESPACE)
        for each in sought(
            [
                Expression("", EVERYBODY, text)
                for text in ("http_requests_total", "rollout_info", "workqueue_depth", "service:x:y")
            ],
            KNOWN,
        )
    }
    assert (
        asked.items()
        >= {
            "http_requests_total": 'count by (service) (http_requests_total{namespace="apis"})',
            "rollout_info": 'count by (name) (rollout_info{namespace="apis"})',
            "workqueue_depth": "count(workqueue_depth)",
            "service:x:y": 'count by (service) (service:x:y{namespace="apis"})',
        }.items()
    )


def test_a_label_is_asked_for_where_it_says_something() -> None:
    requests = Sought("http_requests_total", KNOWN["http_requests_total"], "service")
    assert requests.presence(NAMESPACE, "path") == 'count by (service) (http_requests_total{namespace="apis",path!=""})'


def present(metric: str, *labels: str, service: str = "a-api", owner: str | None = "service") -> Presence:
    presence, asked = Presence(), Sought(metric, KNOWN[metric], owner)
    for label in (None, *labels):
        presence.add(asked, label, [{"metric": {owner: service} if owner else {}}])
    return presence


ASKING = [Expression("alert Slow", "a-api", 'sum by (path) (http_requests_total{service="a-api"})')]


def test_a_metric_that_is_missing_is_a_gap_and_says_who_names_it() -> None:
    assert gaps(list(metric_findings(needs(ASKING, KNOWN), Presence(), {}))) == [
        ("a-api", "http_requests_total", "does not exist; named by alert Slow")
    ]
    there = present("http_requests_total", service="b-api")
    assert gaps(list(metric_findings(needs(ASKING, KNOWN), there, {}))) != []
    there = present("http_requests_total")
    assert gaps(list(metric_findings(needs(ASKING, KNOWN), there, {}))) == []


def test_a_metric_that_need_not_be_there_is_fine_with_its_reason() -> None:
    needed = {EVERYBODY: {metrics.RECONCILE_ERRORS: "a panel"}}
    (found,) = metric_findings(needed, Presence(), checkup_absences.METRICS)
    assert found.verdict == "fine"
    assert "the first error" in found.why


def test_what_is_recorded_of_a_service_that_nobody_asks_may_be_missing_but_not_its_counter() -> None:
    needed = {"a-api": {"service:x:y": "its rule", metrics.REQUESTS: "its rule"}}
    idle = Presence(idle=frozenset({"a-api"}))
    assert [each.verdict for each in metric_findings(needed, idle, {})] == ["fine", "gap"]


def test_a_label_that_no_series_of_the_service_has_is_a_gap() -> None:
    there = present("http_requests_total", "service", "namespace")
    ((where, what, why),) = gaps(list(label_findings(ASKING, KNOWN, there)))
    assert (where, what, why) == ("a-api", "sum by a label that is not there: path", "named by alert Slow")
    there = present("http_requests_total", "service", "path")
    assert gaps(list(label_findings(ASKING, KNOWN, there))) == []


def test_alerts_that_fire_now_do_not_have_to_have_the_labels_of_all_others() -> None:
    text = 'rollout_info unless on (namespace, name) ALERTS{alertname="RolloutFailed"}'
    there = present(metrics.ALERTS, metrics.ALERT_NAME, owner=None)
    assert gaps(list(label_findings([Expression("alert RolloutStuck", EVERYBODY, text)], KNOWN, there))) == []


def test_labels_of_a_metric_that_is_missing_are_not_told_besides() -> None:
    assert gaps(list(label_findings(ASKING, KNOWN, Presence()))) == []


def test_panels_about_a_service_are_asked_for_each_and_others_once() -> None:
    found = questions(NAMESPACE, ["a-api", "b-api"], "1m")
    of_everybody = [each for each in found if each.service == EVERYBODY]
    of_one = [each for each in found if each.service == "a-api"]
    assert len(found) == len(of_everybody) + 2 * len(of_one)
    assert len(of_everybody) + len(of_one) == sum(len(list(queries(made()))) for made in DASHBOARDS.values())
    assert not [each for each in found if "$" in each.asked.expression.replace("${1}", "").replace("$1", "")]


def verdict_of(title: str, presence: Presence, fault: str | None = "") -> tuple[str, str]:
    (question,) = [each for each in questions(NAMESPACE, ["a-api"], "1m") if each.title == title][:1]
    (finding,) = panel_findings([(question, fault)], presence, KNOWN, checkup_absences.METRICS)
    return finding.verdict, finding.why


REQUESTS_PANEL, ERRORS_PANEL = "API monitoring: Request Rate", "API monitoring: Top Endpoints by errors"


def test_a_panel_that_shows_something_is_there() -> None:
    assert verdict_of(REQUESTS_PANEL, Presence(), None)[0] == "ok"


def test_an_empty_panel_whose_metrics_are_missing_says_so() -> None:
    assert verdict_of(REQUESTS_PANEL, Presence()) == ("gap", "returns nothing, as what it reads does not exist")


def test_an_empty_panel_of_metrics_that_exist_is_a_gap_unless_nothing_is_a_good_answer() -> None:

    assert verdict_of(REQUESTS_PANEL, present("service_version:http_requests:rate1m"))[0] == "gap"
    assert verdict_of(ERRORS_PANEL, present("http_requests_total")) == (
        "fine",
        "no request ended in a server error",
    )


def test_a_panel_of_a_service_that_nobody_asks_may_be_empty() -> None:
    assert verdict_of(REQUESTS_PANEL, Presence(idle=frozenset({"a-api"}))) == ("fine", checkup_absences.IDLE)


def test_a_query_that_is_refused_is_a_gap_with_the_reason() -> None:
    assert verdict_of(REQUESTS_PANEL, Presence(), "is refused: too many samples") == (
        "gap",
        "is refused: too many samples",
    )


def test_every_panel_that_may_be_empty_is_one_that_there_is() -> None:
    there = {(asked.dashboard, asked.panel) for made in DASHBOARDS.values() for asked in queries(made())}
    assert checkup_absences.PANELS.keys() <= there
    assert (API_DASHBOARD, "Top Endpoints by errors") in there


def test_only_numbers_are_an_answer() -> None:
    assert not has_numbers([])
    assert not has_numbers([{"metric": {}, "value": [0, "NaN"]}, {"metric": {}, "values": [[0, "NaN"]]}])
    assert has_numbers([{"metric": {}, "values": [[0, "NaN"], [1, "0"]]}])


def test_what_one_cause_takes_with_it_is_told_once() -> None:
    found = [Finding("metric", where, what, "gap", "gone") for where in ("a", "b") for what in ("x", "y")]
    (told,) = alike(found, "gap")
    assert (told.places, told.about, told.why) == (["a", "b"], ("x", "y"), "gone")
    assert summed_up(found) == {("metric", "gap"): 4}


def test_rules_are_asked_by_name(tmp_path: Path) -> None:
    origins = {each.origin for each in rule_expressions(groups_of(tmp_path), "a-api")}
    assert {"record service:http_requests:rate5m", "alert ServiceNoTargets"} <= origins
