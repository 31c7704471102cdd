"""Who gets which share of a service's requests: the Rollout's real weights, pod by pod."""

from collections.abc import Mapping, Sequence

from local.simulator.cluster_view import PodView, RolloutView, Sight


def shares(sight: Sight, rollout: RolloutView) -> dict[str, float]:
    """The share (0–1) of the service's requests that each of its pods gets, by the pod's name.

    With a router its weights decide between the revisions, and pods of one revision share evenly; what goes to a
    revision without ready pods is lost. Without one, every ready pod behind the root Service, which has the Rollout's
    name, gets the same.
    """
    pods = ready_pods(sight, rollout)
    if rollout.weights is None:
        behind = _behind(sight, rollout, pods)
        return {pod.name: 1 / len(behind) for pod in behind}
    return _weighted(rollout.weights, pods)


def ready_pods(sight: Sight, rollout: RolloutView) -> list[PodView]:
    """The pods of the Rollout that serve, sorted by name."""
    own = (pod for pod in sight.pods.values() if (pod.namespace, pod.service) == (rollout.namespace, rollout.name))
    return sorted((pod for pod in own if pod.ready), key=lambda pod: pod.name)


def _behind(sight: Sight, rollout: RolloutView, pods: Sequence[PodView]) -> list[PodView]:
    selector = sight.selectors.get((rollout.namespace, rollout.name))
    if not selector:
        return []
    return [pod for pod in pods if selector.items() <= pod.labels.items()]


def _weighted(weights: Mapping[str, float], pods: Sequence[PodView]) -> dict[str, float]:
    total = sum(weights.values())
    found: dict[str, float] = {}
    for revision, weight in weights.items():
        serving = [pod for pod in pods if pod.revision == revision]
        found |= {pod.name: weight / total / len(serving) for pod in serving}
    return found
