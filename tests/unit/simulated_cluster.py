"""A cluster as the simulator sees it, put together by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from local.simulator.cluster_view import PodView, RolloutView, Sight

SPACE, SERVICE, PORT = "apis", "a-api", 8001
LABELS = {"app.kubernetes.io/name": SERVICE}
OLD, NEW = "5d4f", "7c9b"


@dataclass
class SimulatedCluster:
    """One service with pods of an old and a new revision; the old one is stable."""

    old: int = 4
    new: int = 0
    weights: Mapping[str, float] | None = None
    stable: str = OLD
    old_tag: str = "1.0.0"
    new_tag: str = "1.1.0"
    unready: frozenset[str] = frozenset()
    selector: Mapping[str, str] = field(default_factory=lambda: LABELS)

    def sight(self) -> Sight:
        """What the simulator would see now."""
        pods = [self._pod(OLD, number, self.old_tag) for number in range(self.old)]
        pods += [self._pod(NEW, number, self.new_tag) for number in range(self.new)]
        return Sight(
            {(pod.namespace, pod.name): pod for pod in pods},
            {(SPACE, SERVICE): self.rollout},
            {(SPACE, SERVICE): self.selector},
        )

    @property
    def rollout(self) -> RolloutView:
        """The service's Rollout."""
        return RolloutView(SPACE, SERVICE, self.stable, self.weights)

    def _pod(self, revision: str, number: int, tag: str) -> PodView:
        name = f"{SERVICE}-{revision}-{number}"
        return PodView(
            SPACE,
            name,
            address=f"10.244.{1 if revision == OLD else 2}.{number}",
            ready=name not in self.unready,
            ports=frozenset({PORT}),
            service=SERVICE,
            revision=revision,
            labels={**LABELS, "rollouts-pod-template-hash": revision},
            image_tags=(tag,),
        )
