"""What a stack takes over from a cluster where a Helm chart has made it: all but the pods, which stay as they are.

While `cluster.adopt` is on, the pods of what runs are left alone: their template and their number are those of the
cluster, and what a controller has written meanwhile stays written. Once it is off, each service's own template begins a
canary like any other release.
"""

import copy
from collections.abc import Container, Iterable, Sequence
from typing import Any

import pulumi

from catalog.config_keys import config_set
from catalog.services import Service
from catalog.stack import StackSettings
from components.cluster import ClusterError
from components.cluster_reader import Found
from components.field_managers import MANAGER, is_by_hand, is_handed_over, is_helms
from components.kubernetes_object import KubernetesObject, Manifest
from components.live_objects import Live

FIELD_MANAGER = "pulumi.com/patchFieldManager"
"""The annotation that tells Pulumi's plugin under whose name it applies an object. The plugin keeps to that name when
the annotation is gone, so it is needed only as long as the setting is on; that it goes then is a change of each object,
with which the last fields of the chart go too."""

_SCALE_DOWN = "onsuccess"
"""The Deployment keeps all of its pods until all of the Rollout's are ready; `progressively` would take one for one."""


def adopting(live: Live | None) -> list[pulumi.ResourceTransformation]:
    """Goes into the options of components whose objects may be there already; empty without a cluster to look at."""
    if live is None:
        return []

    def transform(made: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not isinstance(made.resource, KubernetesObject):
            return None
        left_alone = made.opts.ignore_changes or []
        return pulumi.ResourceTransformationResult(as_it_runs(made.props, live, left_alone), made.opts)

    return [transform]


def as_it_runs(manifest: Manifest, live: Live, left_alone: Sequence[str] = ()) -> dict[str, Any]:
    """The manifest with what is to stay as the cluster has it; as it was where nothing is there to be adopted.

    `left_alone` are paths that a controller writes: Pulumi ignores changes of them, but only after the first run.
    """
    found, is_rollout = live(manifest), manifest["kind"] == "Rollout"
    if manifest["kind"] == "HorizontalPodAutoscaler":
        manifest = _measuring_what_runs(manifest, live)
    if found is None:
        return _after_its_deployment(manifest, live(deployment_of(manifest))) if is_rollout else dict(manifest)
    follows = is_rollout and "workloadRef" in found["spec"]
    is_ours = is_handed_over(found) or is_helms(found) or is_by_hand(found)
    if not (is_ours or follows):
        return dict(manifest)
    kept = copy.deepcopy(dict(manifest))
    if is_ours:
        metadata = kept["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), FIELD_MANAGER: MANAGER}
    if is_rollout:
        kept["spec"].pop("template", None)
        left_alone = ["spec.replicas", "spec.template", "spec.workloadRef"]
    for path in left_alone:
        _keep(kept, found, path.split("."))
    return kept


def deployment_of(rollout: Manifest) -> dict[str, Any]:
    """What names the Deployment that a service may still be."""
    metadata = {key: rollout["metadata"][key] for key in ("name", "namespace")}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}


def _after_its_deployment(manifest: Manifest, deployment: Manifest | None) -> dict[str, Any]:
    """The Rollout with the pods of the Deployment, which is scaled down once they are ready."""
    if deployment is None or not deployment["spec"].get("replicas"):
        return dict(manifest)
    spec = {key: value for key, value in manifest["spec"].items() if key != "template"}
    reference = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": deployment["metadata"]["name"],
        "scaleDown": _SCALE_DOWN,
    }
    return {
        **manifest,
        "spec": {**spec, "replicas": deployment["spec"]["replicas"], "workloadRef": reference},
    }


def template_of(rollout: Found, deployment: Found) -> Manifest | None:
    """The template of the pods that run: the Rollout's, or that of the Deployment that it follows or comes after."""
    if rollout and "template" in rollout["spec"]:
        found: Manifest = rollout["spec"]["template"]
        return found
    return deployment["spec"]["template"] if deployment else None


def _measuring_what_runs(autoscaler: Manifest, live: Live) -> dict[str, Any]:
    """The autoscaler by the whole pods where those that run have no container of the stack's name: it would know
    nothing of them, and not scale."""
    named = {"metadata": {"name": autoscaler["metadata"]["name"], "namespace": autoscaler["metadata"]["namespace"]}}
    rollout = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", **named}
    running, deployment = live(rollout), live(deployment_of(rollout))
    if running is None and not (deployment and deployment["spec"].get("replicas")):
        return dict(autoscaler)
    template, metrics = template_of(running, deployment), autoscaler["spec"].get("metrics")
    if template is None or not metrics:
        return dict(autoscaler)
    known = {each["name"] for each in template["spec"]["containers"]}
    return {**autoscaler, "spec": {**autoscaler["spec"], "metrics": [_of_the_pod(each, known) for each in metrics]}}


def _of_the_pod(metric: Manifest, known: Container[str]) -> Manifest:
    if metric["type"] != "ContainerResource" or metric["containerResource"]["container"] in known:
        return metric
    of_container = metric["containerResource"]
    return {"type": "Resource", "resource": {key: of_container[key] for key in ("name", "target")}}


def _keep(manifest: dict[str, Any], found: Manifest, path: Sequence[str]) -> None:
    value: Any = found
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return
    below = manifest
    for key in path[:-1]:
        below = below.setdefault(key, {})
    below[path[-1]] = copy.deepcopy(value)


def ensure_handed_over(settings: StackSettings, services: Iterable[Service], live: Live) -> None:
    """Make sure that nothing of the services is Helm's any more, or anybody's; ClusterError with the command for that.

    What others own would be a conflict halfway through the run, or stay in the objects for ever.
    """
    looked_at: list[dict[str, Any]] = [
        {"apiVersion": version, "kind": kind, "metadata": {"name": service.name, "namespace": settings.namespace}}
        for service in services
        for version, kind in (("v1", "Service"), ("argoproj.io/v1alpha1", "Rollout"))
    ]
    waiting = [each for each in looked_at if (found := live(each)) and (is_helms(found) or is_by_hand(found))]
    if waiting:
        named = ", ".join(f"{each['kind']} {each['metadata']['name']}" for each in waiting)
        off = config_set("cluster.adopt", settings.stack, "false")
        raise ClusterError(
            f"context '{settings.cluster.context}': fields of {named} are Helm's or were set by hand; look at what "
            f"becomes of them, and hand them over: make adopt STACK={settings.stack} TAKE=1 (or adopt nothing: {off})"
        )
