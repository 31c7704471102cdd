"""Who gets which share of the requests: what the cluster really gives, not what a step asks for."""

from collections.abc import Mapping
from typing import Any

import pytest

from local.simulator.cluster_view import pod_view, rollout_view
from local.simulator.traffic import shares
from tests.unit.simulated_cluster import LABELS, NEW, OLD, SERVICE, SPACE, SimulatedCluster


def by_revision(cluster: SimulatedCluster) -> dict[str, float]:
    """The share of each revision that gets any."""
    sight, found = cluster.sight(), dict[str, float]()
    for name, share in shares(sight, cluster.rollout).items():
        revision = sight.pods[SPACE, name].revision
        found[revision] = found.get(revision, 0.0) + share
    return {revision: round(share, 9) for revision, share in found.items()}


@pytest.mark.parametrize(
    ("old", "new", "expected"), [(4, 0, {OLD: 1.0}), (4, 1, {OLD: 0.8, NEW: 0.2}), (2, 3, {OLD: 0.4, NEW: 0.6})]
)
def test_without_a_router_every_pod_behind_the_service_gets_the_same(
    old: int, new: int, expected: Mapping[str, float]
) -> None:
    assert by_revision(SimulatedCluster(old=old, new=new)) == expected


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({NEW: 10, OLD: 90}, {NEW: 0.1, OLD: 0.9}),
        ({OLD: 100}, {OLD: 1.0}),
        ({NEW: 100}, {NEW: 1.0}),
        ({NEW: 50, OLD: 950}, {NEW: 0.05, OLD: 0.95}),
    ],
)
def test_with_a_router_its_weights_decide_whatever_the_pods(
    weights: Mapping[str, float], expected: Mapping[str, float]
) -> None:
    assert by_revision(SimulatedCluster(old=4, new=3, weights=weights)) == expected


def test_pods_of_one_revision_share_its_weight_evenly() -> None:
    cluster = SimulatedCluster(old=4, new=2, weights={NEW: 10, OLD: 90})
    assert sorted(shares(cluster.sight(), cluster.rollout).values()) == pytest.approx([0.05] * 2 + [0.225] * 4)


def test_a_pod_that_is_not_ready_gets_nothing_and_the_others_more() -> None:
    unready = frozenset({f"{SERVICE}-{OLD}-0", f"{SERVICE}-{NEW}-0"})
    assert by_revision(SimulatedCluster(old=4, new=2, unready=unready)) == {OLD: 0.75, NEW: 0.25}


def test_what_a_router_sends_to_a_revision_without_ready_pods_is_lost() -> None:
    cluster = SimulatedCluster(old=4, new=1, weights={NEW: 10, OLD: 90}, unready=frozenset({f"{SERVICE}-{NEW}-0"}))
    assert by_revision(cluster) == {OLD: 0.9}


def test_a_service_that_is_pinned_to_one_revision_sends_it_everything() -> None:
    selector = {**LABELS, "rollouts-pod-template-hash": OLD}
    assert by_revision(SimulatedCluster(old=4, new=1, selector=selector)) == {OLD: 1.0}


def test_without_a_service_nobody_is_asked() -> None:
    assert by_revision(SimulatedCluster(selector={})) == {}


def rollout(strategy: object, reported: object) -> dict[str, Any]:
    return {
        "metadata": {"namespace": SPACE, "name": SERVICE},
        "spec": {"strategy": {"canary": strategy}},
        "status": {"stableRS": OLD, "canary": reported},
    }


WEIGHTS = {
    "canary": {"podTemplateHash": NEW, "weight": 10, "serviceName": "a-api-canary"},
    "stable": {"podTemplateHash": OLD, "weight": 80, "serviceName": "a-api-stable"},
    "additional": [{"podTemplateHash": "experiment", "weight": 10}],
}


def test_weights_are_read_as_the_controller_reports_them() -> None:
    seen = rollout_view(rollout({"trafficRouting": {"nginx": {}}}, {"weights": WEIGHTS}))
    assert (seen.name, seen.stable, seen.weights) == (SERVICE, OLD, {NEW: 10, OLD: 80, "experiment": 10})


def test_a_promoted_revision_is_named_twice_and_counts_whole() -> None:
    promoted = {"canary": {"podTemplateHash": NEW, "weight": 0}, "stable": {"podTemplateHash": NEW, "weight": 100}}
    assert rollout_view(rollout({"trafficRouting": {}}, {"weights": promoted})).weights == {NEW: 100}


@pytest.mark.parametrize(
    "unrouted", [rollout({}, {"weights": WEIGHTS}), rollout({"trafficRouting": {}}, None), rollout(None, {})]
)
def test_where_no_router_has_weights_the_pods_decide(unrouted: dict[str, Any]) -> None:
    assert rollout_view(unrouted).weights is None


def pod(*, ready: str = "True", **metadata: str) -> dict[str, Any]:
    images = ("registry.example.com:5000/a-api:slow@sha256:0", "registry.example.com/adapter")
    return {
        "metadata": {
            "name": f"{SERVICE}-{NEW}-x1",
            "namespace": SPACE,
            "labels": {**LABELS, "rollouts-pod-template-hash": NEW},
            "ownerReferences": [{"kind": "ReplicaSet", "name": f"{SERVICE}-{NEW}"}],
            **metadata,
        },
        "spec": {
            "containers": [
                {"image": image, "ports": [{"containerPort": port}]}
                for image, port in zip(images, (8001, 9001), strict=True)
            ]
        },
        "status": {"podIP": "10.244.0.7", "conditions": [{"type": "Ready", "status": ready}]},
    }


def test_a_pod_is_seen_as_its_rollouts_with_its_ports_and_tags() -> None:
    seen = pod_view(pod())
    assert (seen.service, seen.revision, seen.address, seen.ready) == (SERVICE, NEW, "10.244.0.7", True)
    assert seen.ports == {8001, 9001}
    assert seen.image_tags == ("slow", "")


@pytest.mark.parametrize("leaving", [pod(ready="False"), pod(deletionTimestamp="2026-01-01T00:00:00Z")])
def test_a_pod_that_is_not_ready_or_is_being_deleted_serves_no_more(leaving: dict[str, Any]) -> None:
    assert not pod_view(leaving).ready
