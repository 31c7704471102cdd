"""Policies of what runs: images, security contexts, resources."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .judging import Body, at, maps

_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(("Rollout", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), ("spec", "template")),
}

_MOVING_TAGS = re.compile(r"(?i)(latest|main|master|head|trunk|dev|develop|edge|nightly|snapshot|stable|current)")
"""Tags that are pushed again and again: the same manifest runs another program tomorrow, and a canary never sees it."""


def pod(body: Body) -> Mapping[str, Any] | None:
    """The pod that an object makes; None for an object that makes none, or whose pod is somebody else's."""
    path = _TEMPLATES.get(str(body.get("kind")))
    found = at(body, *path, "spec") if path is not None else None
    return found if isinstance(found, Mapping) else None


def containers(body: Body) -> list[Mapping[str, Any]]:
    """All containers of the pod, those that run before it included."""
    spec = pod(body) or {}
    return [*maps(spec.get("initContainers")), *maps(spec.get("containers"))]


def image_faults(body: Body) -> Iterator[str]:
    """Images without a tag, or with one that moves."""
    for container in containers(body):
        image = str(container.get("image", ""))
        name, _, digest = image.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        if not digest and (not tag or _MOVING_TAGS.fullmatch(tag)):
            yield (
                f"container {container.get('name')} runs {image!r}, which may be another program tomorrow; give the "
                "image a version that is pushed once (:1.4.2) or a digest (@sha256:…)"
            )


def security_faults(body: Body) -> Iterator[str]:
    """What Kubernetes' level `restricted` does not admit."""
    spec = pod(body)
    if spec is None:
        return
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield f"the pod uses the node's own ({key}: true); leave that out"
    for volume in maps(spec.get("volumes")):
        if "hostPath" in volume:
            yield f"volume {volume.get('name')} is a path of the node; use a claim, a Secret or an emptyDir instead"
    for container in containers(body):
        for fault in _container_faults(spec.get("securityContext") or {}, container.get("securityContext") or {}):
            yield f"container {container.get('name')} {fault}"


def _container_faults(of_pod: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[str]:
    context = {**of_pod, **own}
    if context.get("runAsNonRoot") is not True or context.get("runAsUser") == 0:
        yield "may run as root; set securityContext.runAsNonRoot: true, and a user (`userId`) that is not 0"
    if own.get("privileged"):
        yield "is privileged; set securityContext.privileged: false"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges; set securityContext.allowPrivilegeEscalation: false"
    if "ALL" not in (at(own, "capabilities", "drop") or ()):
        yield "keeps capabilities; set securityContext.capabilities.drop: [ALL]"
    if added := set(at(own, "capabilities", "add") or ()) - {"NET_BIND_SERVICE"}:
        yield f"adds capabilities ({', '.join(sorted(added))}); leave them out"
    if at(context, "seccompProfile", "type") not in ("RuntimeDefault", "Localhost"):
        yield "has no seccomp profile; set securityContext.seccompProfile.type: RuntimeDefault"


def resource_faults(body: Body) -> Iterator[str]:
    """Containers that ask for nothing, or may take all memory. A limit of CPU is not asked for: it only makes slow."""
    for container in containers(body):
        missing = [
            f"{part}.{size}"
            for part, size in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))
            if not at(container, "resources", part, size)
        ]
        if missing:
            yield f"container {container.get('name')} has no {', '.join(missing)}; set `resources` to what it needs"
