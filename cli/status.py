"""The table at the end of `make up`: each service's phase, pods, canary weight and image, read from the cluster."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.catalog_file import Catalog
from catalog.stack import StackSettings
from cli.tables import columns
from components.running import Rollout, running_rollouts
from local.errors import LocalError

HEALTHY = "Healthy"
DEGRADED = "Degraded"
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class ServiceStatus:
    """One service as its Rollout reports it.

    `weight` is the percent (0–100) that the canary's step asks for, None while none is under way; `share` is the
    percent of the pods that are the canary's, None where a router splits the traffic whatever the pods.
    """

    service: str
    phase: str
    ready: int
    desired: int
    weight: int | None
    image: str
    current: bool
    message: str = ""
    share: int | None = None

    @property
    def canary(self) -> str:
        """The canary's weight for people: what is asked for, and what the pods really give."""
        if self.weight is None:
            return "–"
        return f"{self.weight} %" if self.share in (None, self.weight) else f"{self.weight} % ({self.share} % of pods)"

    @property
    def settled(self) -> bool:
        """Whether the controller has nothing left to do now: all is healthy, or a canary is on its way."""
        return self.current and (self.phase == HEALTHY or self.weight is not None or self.phase == DEGRADED)

    @property
    def fault(self) -> str:
        """Why the version that services.yaml asks for does not serve, and what to do; empty where nothing is wrong."""
        if self.phase != DEGRADED:
            return ""
        return (
            f"{self.service}: {self.image} was rolled back or failed ({self.message or 'no reason given'}); "
            "the stable version serves: set a mended image, or the stable one, and run this again"
        )


def read_status(settings: StackSettings, catalog: Catalog) -> list[ServiceStatus]:
    """The status of every service of the catalog; one that has no Rollout yet is `Missing`."""
    found = running_rollouts(settings)
    return [status_of(service.name, found.get(service.name)) for service in catalog.services]


def status_of(service: str, rollout: Rollout | None) -> ServiceStatus:
    """The status one Rollout object (as the API server gives it) amounts to."""
    if rollout is None:
        return ServiceStatus(service, "Missing", 0, 0, None, "", current=False)
    spec, status = rollout["spec"], rollout.get("status") or {}
    generation = rollout["metadata"].get("generation")
    return ServiceStatus(
        service,
        phase=status.get("phase") or "Pending",
        ready=status.get("readyReplicas", 0),
        desired=spec.get("replicas", 1),
        weight=_canary_weight(spec, status),
        image=_image(spec),
        current=str(status.get("observedGeneration")) == str(generation),
        message=status.get("message") or "",
        share=_share_of_pods(spec, status),
    )


def _image(spec: dict[str, Any]) -> str:
    """The image of the service's own container, which is the first; a Deployment's template is not looked up."""
    if "workloadRef" in spec:
        return f"as {spec['workloadRef']['kind']} {spec['workloadRef']['name']}"
    return str(spec["template"]["spec"]["containers"][0]["image"])


def _canary_weight(spec: dict[str, Any], status: dict[str, Any]) -> int | None:
    """The weight asked for by the last setWeight step that was reached; None where no canary is under way."""
    stable, newest = status.get("stableRS"), status.get("currentPodHash")
    if not stable or stable == newest or status.get("abort"):
        return None
    reached = spec["strategy"]["canary"].get("steps", [])[: (status.get("currentStepIndex") or 0) + 1]
    return next((int(step["setWeight"]) for step in reversed(reached) if "setWeight" in step), 0)


def _share_of_pods(spec: dict[str, Any], status: dict[str, Any]) -> int | None:
    """Without a router, the percent of the pods that run the newest version."""
    if "trafficRouting" in spec["strategy"]["canary"] or not status.get("replicas"):
        return None
    pods: int = status["replicas"]
    updated: int = status.get("updatedReplicas", 0)
    return round(100 * updated / pods)


def wait_until_settled(
    read: Callable[[], list[ServiceStatus]], timeout_seconds: float, report: Callable[[str], None]
) -> list[ServiceStatus]:
    """Read until every service is settled, telling how far it is; LocalError names those that are not in time."""
    deadline = time.monotonic() + timeout_seconds
    told = ""
    while True:
        statuses = read()
        waiting = [status for status in statuses if not status.settled]
        if not waiting:
            return statuses
        progress = f"waiting for {len(waiting)} of {len(statuses)}: {', '.join(s.service for s in waiting)}"
        if progress != told:
            report(progress)
            told = progress
        if time.monotonic() > deadline:
            faults = "; ".join(
                f"{s.service} is {s.phase} ({s.ready}/{s.desired} pods) {s.message}".strip() for s in waiting
            )
            raise LocalError(f"not settled after {timeout_seconds:g} s: {faults}")
        time.sleep(_POLL_SECONDS)


def table(statuses: Sequence[ServiceStatus]) -> str:
    """The statuses as people read them."""
    rows = [("SERVICE", "PHASE", "PODS", "CANARY", "IMAGE")]
    for status in statuses:
        pods = f"{status.ready}/{status.desired}"
        rows.append((status.service, status.phase, pods, status.canary, status.image))
    return "\n".join(columns(rows))
