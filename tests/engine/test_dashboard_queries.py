"""Every query of every dashboard, asked of the real Prometheus: each returns data.

It has scraped the simulated pods, the real controller of Argo Rollouts and the real kube-state-metrics, while the
canary of one service waited for a person and that of another was taken back.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from local.simulator.behaviour import Scenario
from local.simulator.control import play
from local.state import State
from local.waiting import wait_until
from observability import known_series, metrics
from observability.dashboards import DASHBOARDS
from observability.dashboards.asked import Asked, Choice, choices, filled_in, queries
from observability.links import API_DASHBOARD, ARGO_ROLLOUTS_DASHBOARD
from tests.engine.stack import NAMESPACE, Edit, Stack, stack_of
from tests.engine.watched_fully import Asking, chosen, fully_watched

WAITING, TAKEN_BACK = "waiting-api", "taken-back-api"

EXCEPTIONS = {
    (API_DASHBOARD, "CPU"): "no kubelet: nothing runs in these pods, and nobody tells what they request",
    (API_DASHBOARD, "Memory"): "as above",
    (API_DASHBOARD, "CPU throttling"): "as above",
    (ARGO_ROLLOUTS_DASHBOARD, "Experiments"): "no plan of this program makes an Experiment",
}
"""The panels without data, and why."""

NOT_HERE = {
    **dict.fromkeys(known_series.PODS.own, "no kubelet, and kube-state-metrics tells of Rollouts only"),
    **dict.fromkeys(
        (metrics.RECONCILE_ERRORS, metrics.ANALYSIS_RECONCILE_ERRORS, metrics.EXPERIMENT_RECONCILE_ERRORS),
        "there is no such counter before the first error, and there may have been none",
    ),
    **dict.fromkeys((metrics.NOTIFICATIONS_SENT, metrics.NOTIFICATIONS_FAILED), "nobody is notified"),
    metrics.EXPERIMENT_INFO: "no plan of this program makes an Experiment",
    metrics.ROLLOUT_WEIGHT: "these services have no router",
    metrics.ALERTS: "none need fire",
}
"""The metrics that need not be there, and why."""

SECONDS = 300
"""Objectives over days are recorded every two minutes, from what was recorded before them."""


def released(waiting: str, taken_back: str) -> Edit:
    """An edit that leaves the two services in the file, with these image tags."""

    def entry(name: str, port: int, tag: str, steps: list[Any]) -> dict[str, Any]:
        analysis = {
            **{"interval": "5s", "count": 3, "p95": "300ms", "p99": "2.5s", "errorRate": "2%"},
            "compareWithStable": {"errorRate": {"factor": 2, "margin": "1%"}, "p95": {"factor": 2}},
        }
        return {
            **{"project": "Dashboards", "port": port, "replicas": 4},
            "image": f"registry.example.com/{name}:{tag}",
            "metrics": {"interval": "5s"},
            "slo": {"availability": "99.5%", "latency": {"threshold": "300ms", "objective": "95%"}},
            "canary": {"steps": [{"setWeight": 50}, *steps], "analysis": analysis, "minReady": "1s"},
        }

    services = {
        WAITING: entry(WAITING, 8050, waiting, [{"analysis": True}, {"pause": "forever"}]),
        TAKEN_BACK: entry(TAKEN_BACK, 8051, taken_back, [{"analysis": True}]),
    }
    return lambda document: document.update(services=services)


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The two services, healthy at their first version."""
    stack = stack_of(embedded_cluster, tmp_path_factory.mktemp("dashboards"))
    busy = Scenario(requests_per_second=200)
    stack.up(released("1", "1"))
    for name in (WAITING, TAKEN_BACK):
        stack.wait_for_phase(name, "Healthy")
    play(stack.state, {f"{NAMESPACE}/{name}": busy for name in (WAITING, TAKEN_BACK)})
    yield stack
    play(stack.state, {})
    stack.destroy()


@pytest.fixture(scope="module")
def asking(stack: Stack) -> Asking:
    """The Prometheus, once one canary waits for a person and the other was taken back."""
    seen = fully_watched(stack)
    both = f"{WAITING}|{TAKEN_BACK}"
    seen.wait_for(f'count(rollout_status_phase{{namespace="{NAMESPACE}",name=~"{both}",phase="Healthy"}} == 1) == 2')
    seen.wait_for(f'count(service:http_requests:rate5m{{service=~"{both}"}} > 0) == 2')
    stack.up(released("2", "bad-errors"))
    stack.wait_for_phase(WAITING, "Paused")
    stack.wait_for_phase(TAKEN_BACK, "Degraded")
    return Asking(seen.prometheus)


def test_every_query_returns_data_but_those_that_cannot_here(asking: Asking) -> None:
    pending = [each for dashboard in DASHBOARDS.values() for each in queries(dashboard())]
    pending = [each for each in pending if (each.dashboard, each.panel) not in EXCEPTIONS]
    assert len(pending) > 90

    def answered() -> bool:
        pending[:] = [each for each in pending if not _answer(asking, each)]
        return not pending

    try:
        wait_until(answered, SECONDS, "every query to return data")
    finally:
        assert [f"{each.dashboard}: {each.panel}: {each.expression}" for each in pending] == []


def test_an_exception_is_one_still(asking: Asking) -> None:
    found = [each for dashboard in DASHBOARDS.values() for each in queries(dashboard())]
    excepted = [each for each in found if (each.dashboard, each.panel) in EXCEPTIONS]
    assert {(each.dashboard, each.panel) for each in excepted} == EXCEPTIONS.keys()
    assert [each for each in excepted if _answer(asking, each)] == []


def test_variables_offer_both_services(asking: Asking) -> None:
    expected = {"namespace": {NAMESPACE}, "version": {"canary", "stable"}}

    def offers(choice: Choice) -> bool:
        found = asking.values(choice.label, filled_in(choice.series, chosen(WAITING)))
        return found >= expected.get(choice.variable, {TAKEN_BACK, WAITING})

    # A record of rates is there once its pods have been read for long enough.
    for choice in [choice for dashboard in DASHBOARDS.values() for choice in choices(dashboard())]:
        wait_until(partial(offers, choice), SECONDS, str(choice))


def test_series_have_the_labels_that_they_are_known_to_have(asking: Asking) -> None:
    for source in known_series.SOURCES:
        for metric, labels in source.series.items():
            if metric not in NOT_HERE:
                # Which is empty, and so not there, without a router.
                assert labels - {metrics.TRAFFIC_ROUTER} <= asking.labels(metric), metric


def _answer(asking: Asking, asked: Asked) -> list[Any]:
    """What is answered about one of the two services, if anything."""
    return asking.answer(asked.filled_in(chosen(WAITING))) or asking.answer(asked.filled_in(chosen(TAKEN_BACK)))
