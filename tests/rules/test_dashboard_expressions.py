"""What the expressions of dashboards answer: events counted one by one, phases by their numbers, limits that move."""

from pathlib import Path

import pytest

from observability import metrics, records
from observability.dashboard_rules import dashboard_records
from observability.dashboards import phases, requests
from observability.dashboards.asked import filled_in
from observability.dashboards.events import counted
from tests.rules.promtool import Answer, Series, otherwise
from tests.unit.dashboards_workbench import watched_service

ABORTED = 'rollout_events_total{namespace="apis",name="a-api",type="Warning",reason="RolloutAborted",pod="x"}'
MINUTE = {"__interval": "1m"}


def events(folder: Path, series: Series, seconds: int, answer: Answer) -> str:
    """Whether another number of events than `answer` is seen within the minute before."""
    return otherwise(folder, filled_in(f"sum({counted(metrics.ROLLOUT_EVENTS)})", MINUTE), series, seconds, answer)


def test_an_event_is_counted_in_one_minute_and_in_no_other(tmp_path: Path) -> None:
    second = {ABORTED: "1x5 2x20"}
    assert events(tmp_path, second, 60, 0) == ""
    assert events(tmp_path, second, 120, 1) == ""
    assert events(tmp_path, second, 180, 0) == ""


def test_the_event_that_a_counter_is_born_with_is_counted(tmp_path: Path) -> None:
    first = {ABORTED: "_x6 1x20"}
    assert events(tmp_path, first, 60, "nothing") == ""
    assert events(tmp_path, first, 120, 1) == ""
    assert events(tmp_path, first, 180, 0) == ""


def test_several_events_between_two_scrapes_are_a_whole_number(tmp_path: Path) -> None:
    assert events(tmp_path, {ABORTED: "1x9 4x20"}, 180, 3) == ""


def test_events_before_and_after_a_restart_of_the_controller_are_counted(tmp_path: Path) -> None:
    assert events(tmp_path, {ABORTED: "7x9 2x20"}, 180, 2) == "", "of the container"
    assert events(tmp_path, {ABORTED: "7x4 8x2 stale _x20"}, 120, 1) == "", "the last before it went"
    assert events(tmp_path, {ABORTED.replace('"x"', '"y"'): "_x10 1x20"}, 180, 1) == "", "the first of another pod"


def test_a_counter_that_was_out_of_sight_for_a_while_is_no_new_one(tmp_path: Path) -> None:
    assert events(tmp_path, {ABORTED: "7x7 stale _x20 7x20"}, 480, 0) == ""
    assert events(tmp_path, {ABORTED: "7x7 stale _x20 8x20"}, 480, 1) == ""


PHASE = 'rollout_status_phase{{namespace="apis",name="a-api",instance="{}",phase="{}"}}'


@pytest.mark.parametrize(("phase", "number"), [("Healthy", 0), ("Paused", 2), ("Degraded", 3)])
def test_a_phase_is_told_by_its_number_whoever_tells_it(tmp_path: Path, phase: str, number: int) -> None:
    of_all = {
        PHASE.format(instance, each): f"{int(each == phase)}x20"
        for each in phases.OF_STATUS
        for instance in ("old", "new")
    }
    expression = phases.numbered(phases.OF_STATUS, metrics.OF_A_ROLLOUT, metrics.ROLLOUT_PHASE)
    assert otherwise(tmp_path, f"sum({expression})", of_all, 120, number) == ""


def test_a_mean_of_errors_is_a_share_of_requests_and_nothing_where_nobody_asks(tmp_path: Path) -> None:
    labels = '{namespace="apis",service="a-api"}'
    ratio = filled_in(f"sum({requests.error_ratio('service', '5m')})", MINUTE)
    errors, rate = f"{records.error_rate('service', '5m')}{labels}", f"{records.request_rate('service', '5m')}{labels}"
    assert otherwise(tmp_path, ratio, {errors: "1x10 3x10", rate: "10x20"}, 180, 0.2) == ""
    assert otherwise(tmp_path, ratio, {errors: "0x20", rate: "0x20"}, 180, "nothing") == ""


STABLE = '{namespace="apis",service="a-api",version="stable"}'


@pytest.mark.parametrize(
    ("check", "series", "allowed"),
    [
        (
            "error-rate-against-stable",
            {
                f"service_version:http_request_errors:rate1m{STABLE}": "1x20",
                f"service_version:http_requests:rate1m{STABLE}": "100x20",
            },
            2 * 0.01 + 0.005,
        ),
        (
            "p95-latency-against-stable",
            {f"service_version:http_request_duration_seconds:p95_rate1m{STABLE}": "0.2x20"},
            0.31,
        ),
        ("p95-latency-against-stable", {}, "nothing"),
    ],
)
def test_a_limit_against_stable_is_what_stable_has_by_factor_and_margin(
    tmp_path: Path, check: str, series: Series, allowed: Answer
) -> None:
    rules = dashboard_records(watched_service(tmp_path), "apis").rules
    (expression,) = [rule.expression for rule in rules if rule.labels.get(metrics.CHECK) == check]
    assert otherwise(tmp_path, f"sum({expression})", series, 120, allowed) == ""
