"""What the simulator needs to know of the cluster: pods, Rollouts and Services, and nothing else of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.cluster.api import ApiServer
from local.mirror import Mirror, Name, Object

HASH_LABEL = "rollouts-pod-template-hash"
"""What Argo Rollouts puts on the pods of one revision; their ReplicaSet is named after the Rollout and it."""

STANDS_FOR = "api-observability.local/stands-for"
"""Annotation of a pod whose program really runs, beside the cluster: the name of the port where its metrics are."""


@dataclass(frozen=True)
class PodView:
    """One pod; `service` is the name of its Rollout, which is its service's too, and empty where it has none."""

    namespace: str
    name: str
    address: str
    ready: bool
    ports: frozenset[int] = frozenset()
    service: str = ""
    revision: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    image_tags: tuple[str, ...] = ()
    stands_for: str = ""


@dataclass(frozen=True)
class RolloutView:
    """One Rollout: the pod-template hash of its stable revision, and where a router splits the traffic, how.

    `weights` are by pod-template hash; only their ratio counts. None without a router: then the pods' number decides.
    """

    namespace: str
    name: str
    stable: str = ""
    weights: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Sight:
    """The cluster at one moment; `selectors` are those of the Services."""

    pods: Mapping[Name, PodView] = field(default_factory=dict)
    rollouts: Mapping[Name, RolloutView] = field(default_factory=dict)
    selectors: Mapping[Name, Mapping[str, str]] = field(default_factory=dict)


class ClusterView:
    """The cluster as it is now."""

    def __init__(self, server: ApiServer) -> None:
        self._pods = Mirror(server, "/api/v1/pods", pod_view)
        self._rollouts = Mirror(server, "/apis/argoproj.io/v1alpha1/rollouts", rollout_view)
        self._selectors = Mirror(server, "/api/v1/services", _selector)
        self._mirrors: list[Mirror[Any]] = [self._pods, self._rollouts, self._selectors]

    def start(self) -> None:
        """Begin to watch."""
        for mirror in self._mirrors:
            mirror.start()

    def sight(self) -> Sight:
        """What there is."""
        return Sight(self._pods.snapshot(), self._rollouts.snapshot(), self._selectors.snapshot())

    @property
    def unlisted(self) -> list[str]:
        """The kinds that have not been seen yet."""
        return [f"{mirror.path}: not listed yet" for mirror in self._mirrors if not mirror.listed]

    @property
    def faults(self) -> list[str]:
        """Why something may be seen as it was and not as it is."""
        return [*self.unlisted, *(mirror.fault for mirror in self._mirrors if mirror.fault)]


def pod_view(pod: Object) -> PodView:
    """A pod as the API server has it."""
    metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    labels = metadata.get("labels") or {}
    containers = [*spec["containers"], *(spec.get("initContainers") or [])]
    revision = labels.get(HASH_LABEL, "")
    is_ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or [])
    return PodView(
        metadata["namespace"],
        metadata["name"],
        status.get("podIP") or "",
        # Endpoints leaves a pod that is being deleted out, whatever it says of itself.
        ready=is_ready and "deletionTimestamp" not in metadata,
        ports=frozenset(port["containerPort"] for container in containers for port in container.get("ports") or []),
        service=_rollout_of(metadata.get("ownerReferences") or [], revision),
        revision=revision,
        labels=labels,
        image_tags=tuple(_tag(container["image"]) for container in spec["containers"]),
        stands_for=(metadata.get("annotations") or {}).get(STANDS_FOR, ""),
    )


def rollout_view(rollout: Object) -> RolloutView:
    """A Rollout as the API server has it."""
    metadata, status = rollout["metadata"], rollout.get("status") or {}
    canary = rollout["spec"].get("strategy", {}).get("canary") or {}
    weights = _weights(status) if "trafficRouting" in canary else None
    return RolloutView(metadata["namespace"], metadata["name"], status.get("stableRS") or "", weights)


def _weights(status: Object) -> dict[str, float] | None:
    """The weights that the controller has given to its router last (`TrafficWeights`); None before the first time."""
    weights = (status.get("canary") or {}).get("weights")
    if not weights:
        return None
    found: dict[str, float] = {}
    for destination in (weights.get("canary"), weights.get("stable"), *(weights.get("additional") or [])):
        revision, weight = (destination or {}).get("podTemplateHash"), (destination or {}).get("weight")
        if revision and weight:
            found[revision] = found.get(revision, 0.0) + weight
    return found


def _rollout_of(owners: list[Any], revision: str) -> str:
    replica_set = next((owner["name"] for owner in owners if owner["kind"] == "ReplicaSet"), "")
    return str(replica_set.removesuffix(f"-{revision}")) if revision else ""


def _selector(service: Object) -> dict[str, str]:
    return service["spec"].get("selector") or {}


def _tag(image: str) -> str:
    """`slow` of `registry.example.com:5000/seedtest-api:slow@sha256:…`; empty where there is none."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]
