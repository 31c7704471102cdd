"""The dashboards as Grafana gets them: whole, valid, and the same at every run."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel, ValueMap

from observability import metrics, rollout_state
from observability.dashboards import DASHBOARDS, phases, variables, written
from observability.dashboards.asked import panels
from observability.dashboards.layout import COLUMNS
from observability.links import API_DASHBOARD, ARGO_ROLLOUTS_DASHBOARD, CANARY_DASHBOARD, FLEET_DASHBOARD

Json = dict[str, Any]

EVERY = pytest.mark.parametrize("uid", DASHBOARDS)
_LONGEST_UID = 40


@pytest.fixture(scope="module", params=DASHBOARDS)
def dashboard(request: pytest.FixtureRequest) -> Json:
    """Each dashboard as Grafana reads it."""
    content: Json = json.loads(written(DASHBOARDS[request.param]()))
    return content


def panels_in(dashboard: Json) -> list[Json]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def panel_of(uid: str, title: str) -> Panel:
    (found,) = [panel for panel in panels(DASHBOARDS[uid]()) if panel.title == title]
    return found


@EVERY
def test_a_dashboard_is_under_the_uid_that_links_lead_to(uid: str) -> None:
    assert DASHBOARDS[uid]().uid == uid
    assert len(uid) <= _LONGEST_UID


def test_the_text_is_the_same_in_every_process() -> None:
    script = "from observability.dashboards import *; print([written(each()) for each in DASHBOARDS.values()])"
    told = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1] == f"{[written(each()) for each in DASHBOARDS.values()]}\n"


@EVERY
def test_keys_are_sorted(uid: str) -> None:
    text = written(DASHBOARDS[uid]())
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=1, ensure_ascii=False)


@EVERY
def test_the_foundation_sdk_reads_back_all_that_is_written(uid: str) -> None:
    plugins.register_default_plugins()
    content = json.loads(written(DASHBOARDS[uid]()))
    read = json.loads(json.dumps(Dashboard.from_json(content), cls=JSONEncoder))
    # Of annotations it knows Grafana's own; those of Prometheus have more (grafana-prometheus, annotations.ts).
    assert [_known(mark) for mark in content.pop("annotations")["list"]] == [
        _known(mark) for mark in read.pop("annotations")["list"]
    ]
    assert read == content


def _known(mark: Json) -> Json:
    return {key: mark[key] for key in ("name", "datasource", "enable", "iconColor", "expr", "hide")}


def test_panels_have_numbers_of_their_own(dashboard: Json) -> None:
    assert max(Counter(panel["id"] for panel in dashboard["panels"]).values()) == 1


def test_panels_have_titles_of_their_own(dashboard: Json) -> None:
    assert max(Counter(panel["title"] for panel in panels_in(dashboard)).values()) == 1


def test_no_panel_lies_over_another(dashboard: Json) -> None:
    taken = Counter(cell for panel in dashboard["panels"] for cell in _cells(panel["gridPos"]))
    assert max(taken.values()) == 1
    assert {column for column, _ in taken} == set(range(COLUMNS))


def test_lines_of_panels_leave_no_gap(dashboard: Json) -> None:
    taken = Counter(row for panel in dashboard["panels"] for _, row in _cells(panel["gridPos"]))
    assert set(taken.values()) == {COLUMNS}
    assert set(taken) == set(range(max(taken) + 1))


def _cells(place: Json) -> Iterator[tuple[int, int]]:
    columns, rows = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    return ((column, row) for column in columns for row in rows)


def test_every_panel_says_what_it_shows_in_which_unit_and_what_it_means_to_see_nothing(dashboard: Json) -> None:
    for panel in panels_in(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        for text in (panel["title"], panel["description"], defaults["unit"], defaults["noValue"]):
            assert text.strip()
        assert panel["description"].endswith("."), panel["title"]
        # A number would be drawn in every gap.
        assert not defaults["noValue"].replace(".", "").isdigit()


def test_every_panel_mark_and_variable_asks_the_chosen_prometheus(dashboard: Json) -> None:
    asking = [*panels_in(dashboard), *dashboard["annotations"]["list"]]
    asking += [each for each in dashboard["templating"]["list"] if each["type"] == "query"]
    assert [each["datasource"] for each in asking] == [{"type": "prometheus", "uid": "${datasource}"}] * len(asking)


def test_marks_are_given_in_the_old_place_and_in_the_new_one(dashboard: Json) -> None:
    marks = dashboard["annotations"]["list"]
    assert [mark["name"] for mark in marks] == ["Releases", "Troubles"]
    assert all(mark["expr"] == mark["target"]["expr"] and mark["titleFormat"] == "{{reason}}" for mark in marks)


def test_nothing_can_be_edited_that_the_next_update_would_undo(dashboard: Json) -> None:
    assert dashboard["editable"] is False


@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        (FLEET_DASHBOARD, ["datasource", "namespace"]),
        (API_DASHBOARD, ["datasource", "namespace", "service", "version"]),
        (CANARY_DASHBOARD, ["datasource", "namespace", "service"]),
        (ARGO_ROLLOUTS_DASHBOARD, ["datasource", "namespace", "rollout"]),
    ],
)
def test_what_can_be_chosen(uid: str, expected: list[str]) -> None:
    assert [each.name for each in DASHBOARDS[uid]().templating.list_val or []] == expected


def test_everything_is_chosen_whatever_there_is() -> None:
    assert variables.version().all_value == variables.rollouts().all_value == ".*"
    assert variables.namespaces_of_services().all_value is None


@pytest.mark.parametrize(
    ("uid", "titles"),
    [
        (FLEET_DASHBOARD, ["Services", "Requests by service", "Errors by service", "p95 by service"]),
        (
            API_DASHBOARD,
            [
                *("Request Rate", "Error Rate (5xx)", "p95 / p99 Latency", "Status Classes"),
                *("Top Endpoints by traffic", "Top Endpoints by errors", "Top Endpoints by slowness"),
                *("CPU", "Memory", "Error budget left"),
            ],
        ),
        (
            CANARY_DASHBOARD,
            [
                *("Errors: canary and stable", "p95: canary and stable", "p99: canary and stable"),
                *("Weight and step", "AnalysisRuns", "Aborts and failures"),
            ],
        ),
        (
            ARGO_ROLLOUTS_DASHBOARD,
            [
                *("Rollout Status", "Rollout Replicas Status", "Reconcile Duration", "Reconcile Errors"),
                *("Total Rollout Errors", "Rollout Phase", "Kubernetes API Request Rate"),
                *("AnalysisRuns", "Experiments", "Work queues", "Leader", "Notifications", "Controller memory"),
            ],
        ),
    ],
)
def test_what_is_shown(uid: str, titles: list[str]) -> None:
    shown = {panel.title for panel in panels(DASHBOARDS[uid]())}
    assert set(titles) <= shown


def test_total_rollout_errors_is_a_gauge() -> None:
    assert panel_of(ARGO_ROLLOUTS_DASHBOARD, "Total Rollout Errors").type_val == "gauge"


def test_phases_are_those_that_the_metrics_have() -> None:
    assert tuple(phases.OF_STATUS) == rollout_state.PHASES
    assert tuple(phases.OF_INFO) == (metrics.COMPLETED, metrics.PROGRESSING, metrics.PAUSED, *metrics.FAILED_PHASES)
    assert tuple(phases.OF_RUNS) == metrics.RUN_PHASES


def test_a_phase_is_told_by_its_number() -> None:
    found = phases.numbered({"Good": "green", "Bad": "red"}, ("name",), "state", {"namespace": "a"})
    assert found == (
        '0 * max by (name) (state{namespace="a",phase="Good"} == 1) or '
        '1 * max by (name) (state{namespace="a",phase="Bad"} == 1)'
    )
    (mapped,) = panel_of(CANARY_DASHBOARD, "Phase").field_config.defaults.mappings or []
    assert isinstance(mapped, ValueMap)
    assert {number: shown.text for number, shown in mapped.options.items()} == {
        str(number): phase for number, phase in enumerate(phases.OF_STATUS)
    }
