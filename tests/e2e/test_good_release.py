"""A good release, from its first pod to the last."""

import json
from urllib.parse import urlencode

import pytest

from local.cluster.api import ask
from local.waiting import wait_until
from observability import metrics
from observability.dashboards import DASHBOARDS
from observability.dashboards.asked import Asked, queries
from observability.links import API_DASHBOARD, CANARY_DASHBOARD, FLEET_DASHBOARD
from tests.e2e.environment import PATIENCE, Environment, scaled
from tests.e2e.waves import GOOD, Wave
from tests.engine.test_dashboard_queries import EXCEPTIONS
from tests.engine.watched_fully import chosen

PODS = 10
STEPS = {1: 1, 2: 1, 4: 5, 5: 5}
"""Pods of the new version by the step that is being taken: of ten one at the pause and at the analysis, then half."""

LONG = 60
"""Seconds before and after the release that are looked at: in all of them records over days are made anew."""

OF_THE_ROLLOUT = f'{{{metrics.NAME}="{GOOD}"}}'


def test_it_is_promoted(first_wave: Wave) -> None:
    assert first_wave.phases[GOOD] == "Healthy", first_wave.account(GOOD)
    assert first_wave.environment.rollout(GOOD)["status"]["stableRS"] == first_wave.hashes[GOOD]


def test_a_tenth_then_half_then_all_of_the_pods_are_new(first_wave: Wave) -> None:
    ((_, steps),) = first_wave.environment.samples(f"{metrics.ROLLOUT_STEP}{OF_THE_ROLLOUT}", 900)
    ((_, updated),) = first_wave.environment.samples(f"{metrics.ROLLOUT_REPLICAS_UPDATED}{OF_THE_ROLLOUT}", 900)
    pods = dict(updated)
    begun = next(at for at, step in steps if step == 1)
    seen = [(int(step), int(pods[at])) for at, step in steps if at >= begun and at in pods]
    assert [step for step, _ in seen] == sorted(step for step, _ in seen)
    assert {step: number for step, number in seen if step in STEPS} == STEPS
    first_wave.environment.wait_for(f"{metrics.ROLLOUT_REPLICAS_UPDATED}{OF_THE_ROLLOUT} == {PODS}")


def test_all_of_its_pods_are_stable_and_prometheus_knows_it(first_wave: Wave) -> None:
    environment, canary = first_wave.environment, first_wave.hashes[GOOD]

    def stable() -> bool:
        labels = [(pod[metrics.VERSION], pod[metrics.POD_HASH_LABEL]) for pod in environment.pods(GOOD).values()]
        return labels == [(metrics.STABLE, canary)] * PODS

    wait_until(stable, PATIENCE, "the pods to be labelled as stable")
    up = f'{metrics.UP}{{{metrics.SERVICE}="{GOOD}"}}'
    by_version = f"count by ({metrics.VERSION}, {metrics.POD_HASH}) ({up})"
    expected = [({metrics.VERSION: metrics.STABLE, metrics.POD_HASH: canary}, float(PODS))]

    def known() -> bool:
        found = environment.query(by_version)
        if {labels[metrics.POD_HASH] for labels, _ in found} == {canary} and found != expected:
            # It read their labels at the last change of their addresses, and the label `version` has come since
            # (docs/troubleshooting.md): then the pods that come and go with any later release would tell it.
            environment.discover_again(GOOD)
        return found == expected

    wait_until(known, PATIENCE, "Prometheus to know the same")


def test_no_alert_fires(first_wave: Wave) -> None:
    fired = f'{metrics.ALERTS}{{{metrics.SERVICE}="{GOOD}",{metrics.ALERT_STATE}="firing"}}'
    assert first_wave.environment.samples(fired, 900) == []


DURING = {
    (CANARY_DASHBOARD, "Aborts and failures"): "nothing fails",
    (CANARY_DASHBOARD, "Waits for"): "it waits for nobody",
    (CANARY_DASHBOARD, "p99: canary and stable"): "the plan has no limit for it",
}
"""The panels about the canary that are empty for a good one, and why."""


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_the_dashboards_have_data_before_during_and_after_it(first_wave: Wave, moment: str) -> None:
    dashboards = [API_DASHBOARD, FLEET_DASHBOARD, *([CANARY_DASHBOARD] if moment == "during" else [])]
    found = [each for name in dashboards for each in queries(DASHBOARDS[name]())]
    pending = [each for each in found if not each.panel.startswith("marks: ")]
    begin, end = moments(first_wave)[moment]

    def empty() -> list[str]:
        pending[:] = [each for each in pending if not is_answered(first_wave.environment, each, begin, end)]
        mute = (EXCEPTIONS | DURING).keys()
        return [f"{each.panel}: {each.expression}" for each in pending if (each.dashboard, each.panel) not in mute]

    try:
        wait_until(lambda: not empty(), PATIENCE, "the queries to have data")
    finally:
        assert empty() == []


def moments(wave: Wave) -> dict[str, tuple[float, float]]:
    """When the release had not begun, while its canary was there, and since it is promoted: seconds since 1970."""
    scraped = [at for _, samples in wave.samples(GOOD, metrics.UP, 'version="canary"') for at, _ in samples]
    begin, end = min(scraped), max(scraped)
    return {"before": (begin - LONG, begin - 1), "during": (begin, end), "after": (end, end + LONG)}


def is_answered(environment: Environment, asked: Asked, begin: float, end: float) -> bool:
    """Whether Prometheus has a number for it at some moment of that time."""
    query = asked.filled_in(chosen(GOOD)).expression
    asked_for = urlencode({"query": query, "start": begin, "end": end, "step": scaled("30s")})
    answer = json.loads(
        ask(f"{environment.seen.prometheus}/api/v1/query_range?{asked_for}", timeout_seconds=PATIENCE).body
    )
    assert answer["status"] == "success", (asked, answer)
    return any(value != "NaN" for each in answer["data"]["result"] for _, value in each["values"])
