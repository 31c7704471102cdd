"""The real kube-state-metrics with the generated configuration, beside running canaries: step, phase and weight.

The tests share two services, one behind a router, whose canaries wait at a half and at a tenth of the traffic.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import lightkube
import pytest
from lightkube.types import PatchType

from local.state import State
from local.waiting import wait_until
from observability import metrics, rollout_state
from tests.engine import kube_state_metrics
from tests.engine import plugin_harness as harness
from tests.engine.kube_state_metrics import KubeStateMetrics
from tests.engine.stack import NAMESPACE, Edit, Rollout, Stack, stack_of
from tests.rules.promtool import otherwise

PODS, ROUTED = "pods-api", "routed-api"


def released(version: str, **canary: Any) -> Edit:
    """An edit that leaves the two services in the file, at the image `version`."""

    def entry(name: str, port: int, weight: int, **more: Any) -> dict[str, Any]:
        plan = {"steps": [{"setWeight": weight}, {"pause": "forever"}], "background": False, "minReady": "1s"}
        return {
            "project": "State",
            "port": port,
            "replicas": 4,
            "image": f"registry.example.com/{name}:{version}",
            "canary": {**plan, **canary},
            **more,
        }

    routed = {"hosts": ["routed-api.example.com"], "traffic": {"router": "nginx"}}
    services = {PODS: entry(PODS, 8040, 50), ROUTED: entry(ROUTED, 8041, 10, **routed)}
    return lambda document: document.update(services=services)


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The two services, healthy at their first version."""
    stack = stack_of(embedded_cluster, tmp_path_factory.mktemp("state"))
    stack.up(released("1"))
    for name in (PODS, ROUTED):
        stack.wait_for_phase(name, "Healthy")
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def told(
    stack: Stack, client: lightkube.Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KubeStateMetrics]:
    config, folder = rollout_state.custom_resource_state(), tmp_path_factory.mktemp("kube-state-metrics")
    with (
        harness.a_namespace(client) as space,
        kube_state_metrics.running(
            stack.state, client, space, folder, config=config, rules=rollout_state.RBAC_RULES
        ) as told,
    ):
        for name in (PODS, ROUTED):
            wait_until(partial(is_told_as, told, name, "Healthy"), 60, f"{name} to be told as Healthy")
        yield told


@pytest.fixture(scope="module")
def canaries(stack: Stack, told: KubeStateMetrics) -> KubeStateMetrics:
    """Both services with a canary that waits for a person."""
    stack.up(released("2"))
    for name in (PODS, ROUTED):
        stack.wait_for_phase(name, "Paused")
        wait_until(partial(is_told_as, told, name, "Paused"), 60, f"{name} to be told as Paused")
    return told


def is_told_as(told: KubeStateMetrics, rollout: str, phase: str) -> bool:
    """Whether that phase, and no other, is told as the Rollout's."""
    found = {labels["phase"]: value for labels, value in told.samples(metrics.ROLLOUT_PHASE, rollout)}
    return found == {**dict.fromkeys(rollout_state.PHASES, 0), phase: 1}


def weight_is_other(told: KubeStateMetrics, rollout: str, folder: Path, expected: float) -> str:
    """What Prometheus makes of the samples where it is not the `expected` weight (0–1); empty where it is."""
    return otherwise(folder, f"sum({rollout_state.canary_weight()})", told.series(rollout), 0, expected)


def gets_nothing(told: KubeStateMetrics, rollout: str, folder: Path) -> bool:
    return weight_is_other(told, rollout, folder, 0) == ""


def revision(told: KubeStateMetrics, metric: str, rollout: str) -> str:
    """The pod-template hash that a metric tells."""
    ((labels, value),) = told.samples(metric, rollout)
    assert value == 1
    return labels[metrics.POD_HASH]


def abort(stack: Stack, name: str) -> None:
    """What `kubectl argo rollouts abort` does, and again where the controller has not seen it."""

    def aborted() -> bool:
        status = stack.rollout(name)["status"]
        if not status.get("abort"):
            change = {"status": {"abort": True}}
            stack.client.patch(Rollout.Status, name, change, namespace=NAMESPACE, patch_type=PatchType.MERGE)
        stack.look_again(name)
        return bool(status.get("phase") == "Degraded")

    wait_until(aborted, 120, f"{name} to be aborted")


def test_a_service_without_a_canary_is_through_with_its_steps_and_its_canary_gets_nothing(
    told: KubeStateMetrics, tmp_path: Path
) -> None:
    for name in (PODS, ROUTED):
        assert is_told_as(told, name, "Healthy")
        assert told.value(metrics.ROLLOUT_STEP, name) == 2
        assert revision(told, metrics.ROLLOUT_NEWEST, name) == revision(told, metrics.ROLLOUT_STABLE, name)
        assert told.value(metrics.ROLLOUT_PAUSED_SINCE, name) is None
        assert weight_is_other(told, name, tmp_path, 0) == ""


def test_a_canary_without_a_router_has_the_weight_of_its_pods(canaries: KubeStateMetrics, tmp_path: Path) -> None:
    assert canaries.value(metrics.ROLLOUT_STEP, PODS) == 1
    assert canaries.value(metrics.ROLLOUT_REPLICAS_UPDATED, PODS) == 2
    assert canaries.value(metrics.ROLLOUT_REPLICAS, PODS) == 4
    assert canaries.value(metrics.ROLLOUT_WEIGHT, PODS) is None
    assert weight_is_other(canaries, PODS, tmp_path, 0.5) == ""


def test_a_canary_behind_a_router_has_the_weight_that_the_router_was_told(
    canaries: KubeStateMetrics, tmp_path: Path
) -> None:
    assert canaries.value(metrics.ROLLOUT_STEP, ROUTED) == 1
    # One pod more than four, so that by the pods it would be a fifth.
    assert canaries.value(metrics.ROLLOUT_REPLICAS, ROUTED) == 5
    assert canaries.value(metrics.ROLLOUT_WEIGHT, ROUTED) == 10
    assert weight_is_other(canaries, ROUTED, tmp_path, 0.1) == ""


def test_a_canary_that_waits_says_why_and_since_when(canaries: KubeStateMetrics, stack: Stack) -> None:
    for name in (PODS, ROUTED):
        ((labels, since),) = canaries.samples(metrics.ROLLOUT_PAUSED_SINCE, name)
        (condition,) = stack.rollout(name)["status"]["pauseConditions"]
        assert labels[metrics.REASON] == condition["reason"] == "CanaryPauseStep"
        assert since == datetime.fromisoformat(condition["startTime"]).timestamp()


def test_the_pods_of_canary_and_stable_version_are_told_apart(canaries: KubeStateMetrics, stack: Stack) -> None:
    for name in (PODS, ROUTED):
        status = stack.rollout(name)["status"]
        assert revision(canaries, metrics.ROLLOUT_NEWEST, name) == status["currentPodHash"]
        assert revision(canaries, metrics.ROLLOUT_STABLE, name) == status["stableRS"] != status["currentPodHash"]


def test_an_aborted_canary_gets_nothing_and_its_message_is_told(
    canaries: KubeStateMetrics, stack: Stack, tmp_path: Path
) -> None:
    for name in (PODS, ROUTED):
        assert canaries.value(metrics.ROLLOUT_ABORTED, name) == 0
        abort(stack, name)
        wait_until(partial(is_told_as, canaries, name, "Degraded"), 60, f"{name} to be told as Degraded")
        wait_until(partial(gets_nothing, canaries, name, tmp_path), 60, f"{name} to get nothing")
        assert canaries.value(metrics.ROLLOUT_ABORTED, name) == 1
        ((labels, _),) = canaries.samples(metrics.ROLLOUT_MESSAGE, name)
        assert labels[metrics.MESSAGE].startswith("RolloutAborted")


def test_what_a_status_lacks_is_no_error_in_the_log(canaries: KubeStateMetrics) -> None:
    lines = canaries.log.read_text(encoding="utf-8").splitlines()
    assert any("Custom resource state added metrics" in line for line in lines)
    # klog begins a line with its level.
    assert [line for line in lines if line.startswith(("E", "W", "F"))] == []
