"""When an object of a built-in kind counts as ready, as the official plugin judges it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from local.plugin.cluster import Cluster
from local.plugin.errors import ApiError
from local.plugin.kinds import Gvk, gvk_of_object
from local.plugin.objects import Object, name_of, namespace_of, pluck, text

SETTLE_SECONDS = 10.0
"""How long endpoints must stay unchanged; the official plugin's own figure."""

_INGRESS_GRACE_SECONDS = 60.0
"""How long an Ingress waits for the endpoints of its backends to exist at all."""

_NO_PODS = (
    "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match "
    "labels on any Pods"
)


@dataclass(frozen=True)
class Verdict:
    """Ready or not; what it waits for; whether waiting is hopeless; whether a timeout still counts as success."""

    ready: bool
    waiting_for: str = ""
    reasons: list[str] = field(default_factory=list)
    failed: bool = False
    good_enough: bool = False


READY = Verdict(ready=True)

Judge: TypeAlias = Callable[[Object], Verdict]


def judge_for(cluster: Cluster, obj: Object, settled: bool = False) -> Judge | None:
    """The rule for the object's kind, or None where there is nothing to wait for.

    With `settled`, the rule for a refresh: endpoints count as settled, and kinds that are not judged then have none.
    """
    gvk = gvk_of_object(obj)
    key = (gvk.group, gvk.kind)
    if key == ("", "Service"):
        return _ServiceJudge(cluster, settled)
    if key == ("networking.k8s.io", "Ingress"):
        return _IngressJudge(cluster, settled)
    if settled and key not in _JUDGED_ON_REFRESH:
        return None
    if key == ("", "PersistentVolumeClaim"):
        return lambda live: _claim(cluster, live)
    return _RULES.get(key)


class _ServiceJudge:
    """Endpoints that have settled with none of them pending, and an address where it is a load balancer."""

    def __init__(self, cluster: Cluster, settled: bool) -> None:
        self._cluster = cluster
        self._always_settled = settled
        self._seen = ""
        self._since = 0.0

    def __call__(self, service: Object) -> Verdict:
        kind = text(service, "spec", "type") or "ClusterIP"
        balanced = bool(pluck(service, "status", "loadBalancer", "ingress"))
        addressed = kind != "LoadBalancer" or balanced
        headless = pluck(service, "spec", "clusterIP") == "None"
        reasons = (
            [] if addressed else ["Service was not allocated an IP address; does your cloud provider support this?"]
        )
        if kind == "ExternalName" or headless or not pluck(service, "spec", "selector"):
            return READY if addressed else Verdict(False, "Waiting for an IP address", reasons)
        endpoints = _endpoints(self._cluster, service, name_of(service))
        settled = self._settled(endpoints)
        subsets = pluck(endpoints, "subsets") or []
        pending = any(subset.get("notReadyAddresses") for subset in subsets)
        if addressed and settled and not pending:
            return READY
        if not any(subset.get("addresses") for subset in subsets):
            reasons.insert(0, _NO_PODS)
        step = "[1/3] Finding Pods to direct traffic to"
        if settled and not pending:
            step = "[2/3] Attempting to allocate IP address to Service"
        return Verdict(False, step, reasons, good_enough=addressed and not pending)

    def _settled(self, endpoints: Object) -> bool:
        if self._always_settled:
            return True
        version = text(endpoints, "metadata", "resourceVersion")
        if version != self._seen:
            self._seen, self._since = version, time.monotonic()
        return bool(version) and time.monotonic() - self._since >= SETTLE_SECONDS


class _IngressJudge:
    """An address, and endpoints of every backend (or a minute's grace for those that never come)."""

    def __init__(self, cluster: Cluster, settled: bool) -> None:
        self._cluster = cluster
        self._grace_over = time.monotonic() + (0.0 if settled else _INGRESS_GRACE_SECONDS)

    def __call__(self, ingress: Object) -> Verdict:
        addressed = bool(pluck(ingress, "status", "loadBalancer", "ingress"))
        missing = [] if time.monotonic() >= self._grace_over else self._without_endpoints(ingress)
        if addressed and not missing:
            return READY
        reasons = [f"Ingress has at least one rule with a backend service that has no endpoints: {', '.join(missing)}"]
        if not addressed:
            reasons.append("Ingress .status.loadBalancer field was not updated with a hostname/IP address.")
        step = "[1/3] Finding a matching service for each Ingress path" if missing else "[2/3] Waiting for an address"
        return Verdict(False, step, reasons if missing else reasons[1:])

    def _without_endpoints(self, ingress: Object) -> list[str]:
        rules = pluck(ingress, "spec", "rules") or []
        paths = [path for rule in rules for path in pluck(rule, "http", "paths") or []]
        names = {text(path, "backend", "service", "name") for path in paths} - {""}
        return sorted(name for name in names if not _endpoints(self._cluster, ingress, name))


def _endpoints(cluster: Cluster, beside: Object, name: str) -> Object:
    """The Endpoints of a Service, or empty."""
    try:
        return cluster.get(Gvk("", "v1", "Endpoints"), namespace_of(beside), name)
    except ApiError as error:
        if error.not_found:
            return {}
        raise


def _count(obj: Object, *path: str) -> int:
    value = pluck(obj, *path)
    return value if isinstance(value, int) else 0


def _observed(obj: Object) -> bool:
    return _count(obj, "status", "observedGeneration") >= _count(obj, "metadata", "generation")


def _condition(obj: Object, kind: str) -> Object:
    conditions = pluck(obj, "status", "conditions") or []
    return next((condition for condition in conditions if condition.get("type") == kind), {})


def _replicas(wanted: int, *counts: tuple[str, int]) -> Verdict:
    short = [f"{count} of {wanted} {what}" for what, count in counts if count < wanted]
    return Verdict(False, f"Waiting for Pods: {', '.join(short)}", short) if short else READY


def _deployment(live: Object) -> Verdict:
    progressing = _condition(live, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded" and _observed(live):
        return Verdict(False, str(progressing.get("message")), [str(progressing.get("message"))], failed=True)
    if not _observed(live):
        return Verdict(False, "Waiting for the rollout to begin")
    updated, available = _count(live, "status", "updatedReplicas"), _count(live, "status", "availableReplicas")
    return _replicas(_count(live, "spec", "replicas"), ("updated", updated), ("available", available))


def _stateful_set(live: Object) -> Verdict:
    if not _observed(live):
        return Verdict(False, "Waiting for the rollout to begin")
    wanted = _count(live, "spec", "replicas")
    settled = text(live, "status", "currentRevision") == text(live, "status", "updateRevision")
    updated = wanted if settled else _count(live, "status", "updatedReplicas")
    return _replicas(wanted, ("updated", updated), ("ready", _count(live, "status", "readyReplicas")))


def _daemon_set(live: Object) -> Verdict:
    if not _observed(live):
        return Verdict(False, "Waiting for the rollout to begin")
    updated = ("updated", _count(live, "status", "updatedNumberScheduled"))
    available = ("available", _count(live, "status", "numberAvailable"))
    return _replicas(_count(live, "status", "desiredNumberScheduled"), updated, available)


def _replication_controller(live: Object) -> Verdict:
    return _replicas(_count(live, "spec", "replicas"), ("available", _count(live, "status", "availableReplicas")))


def _job(live: Object) -> Verdict:
    if _condition(live, "Complete").get("status") == "True":
        return READY
    failure = _condition(live, "Failed")
    if failure.get("status") == "True":
        message = f"Job failed: {failure.get('message') or failure.get('reason')}"
        return Verdict(False, message, [message], failed=True)
    return Verdict(False, "Waiting for the Job to complete")


def _pod(live: Object) -> Verdict:
    phase = text(live, "status", "phase")
    if phase == "Succeeded" or _condition(live, "Ready").get("status") == "True":
        return READY
    message = str(_condition(live, "Ready").get("message") or f"Pod is {phase or 'Pending'}")
    return Verdict(False, f"Waiting for the Pod: {message}", [message])


def _phase(*wanted: str) -> Judge:
    def judge(live: Object) -> Verdict:
        phase = text(live, "status", "phase")
        return READY if phase in wanted else Verdict(False, f"phase is {phase or 'unknown'}, not {wanted[-1]}")

    return judge


def _claim(cluster: Cluster, live: Object) -> Verdict:
    """Bound; a claim whose class binds with its first Pod is ready while it is pending."""
    phase = text(live, "status", "phase")
    storage_class = text(live, "spec", "storageClassName")
    late = False
    if phase == "Pending" and storage_class:
        found = cluster.get(Gvk("storage.k8s.io", "v1", "StorageClass"), "", storage_class)
        late = text(found, "volumeBindingMode") == "WaitForFirstConsumer"
    return READY if phase == "Bound" or late else Verdict(False, f"phase is {phase or 'unknown'}, not Bound")


def _quota(live: Object) -> Verdict:
    done = pluck(live, "spec", "hard") == pluck(live, "status", "hard")
    return READY if done else Verdict(False, "Waiting for the quota to be in force")


def _secret(live: Object) -> Verdict:
    generated = text(live, "type") == "kubernetes.io/service-account-token"
    return READY if not generated or live.get("data") else Verdict(False, "Waiting for the token")


_RULES: dict[tuple[str, str], Judge] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("", "Pod"): _pod,
    ("", "PersistentVolume"): _phase("Bound", "Available"),
    ("", "ReplicationController"): _replication_controller,
    ("", "ResourceQuota"): _quota,
    ("", "Secret"): _secret,
}

_JUDGED_ON_REFRESH = frozenset(
    {("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("batch", "Job"), ("", "Pod")}
)
