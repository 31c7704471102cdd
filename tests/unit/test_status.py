"""The table of services, from Rollouts as the API server gives them."""

from typing import Any

import pytest

from cli.status import ServiceStatus, status_of, table, wait_until_settled
from local.errors import LocalError

STEPS = [{"setWeight": 10}, {"pause": {}}, {"analysis": {}}, {"setWeight": 50}, {"pause": {}}]


def rollout(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "a-api", "generation": 3},
        "spec": {
            "replicas": 2,
            "strategy": {"canary": {"steps": STEPS}},
            "template": {"spec": {"containers": [{"image": "a:1"}]}},
        },
        "status": {"observedGeneration": "3", "readyReplicas": 2, **status},
    }


def test_a_healthy_service_has_no_canary_and_is_settled() -> None:
    status = status_of("a-api", rollout(phase="Healthy", stableRS="x", currentPodHash="x"))
    assert (status.phase, status.ready, status.desired, status.weight, status.image) == ("Healthy", 2, 2, None, "a:1")
    assert status.settled


def test_a_rollout_that_follows_a_deployment_has_that_ones_image() -> None:
    following = rollout(phase="Healthy", stableRS="x", currentPodHash="x")
    del following["spec"]["template"]
    following["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a-api"}
    assert status_of("a-api", following).image == "as Deployment a-api"


@pytest.mark.parametrize(("index", "weight"), [(0, 10), (1, 10), (2, 10), (3, 50), (4, 50)])
def test_a_canary_has_the_weight_of_the_last_step_it_reached(index: int, weight: int) -> None:
    status = status_of("a-api", rollout(phase="Paused", stableRS="x", currentPodHash="y", currentStepIndex=index))
    assert status.weight == weight
    assert status.settled


def test_a_canary_shows_what_its_pods_really_give() -> None:
    paused = rollout(
        phase="Paused", stableRS="x", currentPodHash="y", currentStepIndex=1, replicas=3, updatedReplicas=1
    )
    assert status_of("a-api", paused).canary == "10 % (33 % of pods)"
    paused["spec"]["strategy"]["canary"]["trafficRouting"] = {"nginx": {}}
    assert status_of("a-api", paused).canary == "10 %"
    assert status_of("a-api", rollout(phase="Healthy", replicas=2, updatedReplicas=2)).canary == "–"


def test_an_aborted_canary_has_no_weight() -> None:
    aborted = rollout(phase="Degraded", stableRS="x", currentPodHash="y", abort=True)
    assert status_of("a-api", aborted).weight is None


def test_a_service_that_was_rolled_back_says_why_and_what_to_do() -> None:
    aborted = rollout(phase="Degraded", stableRS="x", currentPodHash="y", abort=True, message="metric p95 failed")
    status = status_of("a-api", aborted)
    assert status.settled
    assert status.fault.startswith(
        "a-api: a:1 was rolled back or failed (metric p95 failed); the stable version serves"
    )
    assert status_of("a-api", rollout(phase="Healthy")).fault == ""


def test_what_the_controller_has_not_seen_yet_is_not_settled() -> None:
    old = rollout(phase="Healthy", stableRS="x", currentPodHash="x", observedGeneration="2")
    assert not status_of("a-api", old).settled
    assert not status_of("a-api", None).settled
    assert status_of("a-api", None).phase == "Missing"


def test_the_table_has_a_line_a_service_in_even_columns() -> None:
    lines = table(
        [
            ServiceStatus("a-api", "Healthy", 2, 2, None, "a:1", current=True),
            ServiceStatus("a-longer-api", "Paused", 3, 2, 10, "b:1", current=True),
        ]
    ).splitlines()
    assert lines[0].split() == ["SERVICE", "PHASE", "PODS", "CANARY", "IMAGE"]
    assert lines[1].split() == ["a-api", "Healthy", "2/2", "–", "a:1"]
    assert lines[2].split() == ["a-longer-api", "Paused", "3/2", "10", "%", "b:1"]
    assert len({line.index(word) for line, word in zip(lines, ["IMAGE", "a:1", "b:1"], strict=True)}) == 1


def test_waiting_ends_as_soon_as_all_are_settled_and_tells_what_it_waits_for() -> None:
    pending = status_of("a-api", rollout(phase="Progressing"))
    healthy = status_of("a-api", rollout(phase="Healthy", stableRS="x", currentPodHash="x"))
    answers = iter([[pending], [healthy]])
    told: list[str] = []
    assert wait_until_settled(lambda: next(answers), 60, told.append) == [healthy]
    assert told == ["waiting for 1 of 1: a-api"]


def test_what_never_settles_is_named_with_its_reason() -> None:
    pending = status_of("a-api", rollout(phase="Progressing", message="no nodes", readyReplicas=1))
    with pytest.raises(LocalError, match=r"a-api is Progressing \(1/2 pods\) no nodes"):
        wait_until_settled(lambda: [pending], 0, lambda _: None)
