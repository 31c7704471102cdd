"""Whether the pods of a service could stay as they are, and what is to become of them afterwards."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from catalog.services import Service
from catalog.stack import StackSettings
from components.cluster_reader import Found

_ENFORCED = "pod-security.kubernetes.io/enforce"

Object = Mapping[str, Any]


def restless(rollout: Found) -> Iterator[str]:
    """Why a Rollout is not to be touched now."""
    if rollout is None:
        return
    status, generation = rollout.get("status") or {}, rollout["metadata"].get("generation")
    is_seen = str(status.get("observedGeneration")) == str(generation)
    is_whole = status.get("phase") == "Healthy" and status.get("stableRS") == status.get("currentPodHash")
    if not (is_seen and is_whole):
        phase = status.get("phase") or "not seen by its controller"
        yield f"is {phase}: other steps would begin its canary anew; promote it, or take it back, first"


def unlike(deployment: Found, service: Service) -> Iterator[str]:
    """Why a Rollout could not come after a Deployment without an outage."""
    if deployment is None or not deployment["spec"].get("replicas"):
        return
    spec, wanted = deployment["spec"], service.pod_selector
    found = spec["selector"].get("matchLabels") or {}
    if found != wanted:
        told = f"chooses pods by {_labels(found)}, and the Rollout would by {_labels(wanted)}"
        yield f"{told}; set selectorLabels to those of the Deployment"
    ready = (deployment.get("status") or {}).get("readyReplicas", 0)
    if ready < spec["replicas"]:
        yield f"has {ready} of {spec['replicas']} pods ready; mend it first, what comes after it has the same template"


def scaled_elsewhere(autoscalers: Iterable[Object], service: Service) -> Iterator[str]:
    """Who else decides about the number of the pods."""
    for each in autoscalers:
        target, name = each["spec"]["scaleTargetRef"], each["metadata"]["name"]
        if target["name"] != service.name or (name == service.name and service.autoscaling):
            continue
        mend = "name its autoscaler like the service" if service.autoscaling else "give the service `autoscaling`"
        yield f"{name} scales {target['kind']} {target['name']}, and so would the stack; {mend}, or delete this one"


def unsafe(settings: StackSettings, namespace: Found) -> Iterator[str]:
    """Why pods that run could not be started again, on another node or after an abort."""
    if namespace is None or settings.pod_security == "as it is":
        return
    found = (namespace["metadata"].get("labels") or {}).get(_ENFORCED)
    if found != settings.pod_security:
        yield (
            f"would enforce {settings.pod_security} (now: {found or 'nothing'}), and pods of the chart may not be "
            "admitted any more when they move; set podSecurity to 'as it is' until each service has its own template"
        )


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "nothing"
