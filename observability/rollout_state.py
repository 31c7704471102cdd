"""What kube-state-metrics tells of Rollouts: the weight, step and phase in their status, of which no metric of the
controller's speaks, and the query that makes one weight of what routers and pods say."""

from collections.abc import Iterable, Mapping
from typing import Any

from observability import metrics
from observability.series import by

_GROUP = "argoproj.io"

PHASES = ("Healthy", "Progressing", "Paused", "Degraded")
"""The phases of a Rollout's status (argo-rollouts, types.go, `RolloutPhase`)."""

ROLLOUTS_RULE: dict[str, list[str]] = {"apiGroups": [_GROUP], "resources": ["rollouts"], "verbs": ["list", "watch"]}
"""What kube-state-metrics must be allowed besides its own: in its chart this belongs to `rbac.extraRules`."""

RBAC_RULES: tuple[dict[str, list[str]], ...] = (
    ROLLOUTS_RULE,
    # It finds the plural and the versions of a custom resource in its definition (internal/discovery/discovery.go); its
    # chart grants this by itself once `customResourceState.enabled` is set.
    {
        "apiGroups": ["apiextensions.k8s.io"],
        "resources": ["customresourcedefinitions"],
        "verbs": ["list", "watch"],
    },
)
"""All that the metrics of Rollouts need in a cluster."""

_ERROR_LOG_LEVEL = 5
"""From which `-v` on kube-state-metrics logs a field that a status does not have. Most of them are absent most of the
time; at its default of 0 that would be several lines an update of each Rollout."""


def custom_resource_state() -> dict[str, Any]:
    """The configuration of kube-state-metrics (`customResourceState.config` of its chart).

    Every series carries the `namespace` and the `name` of its Rollout, as the controller's own metrics do.
    """
    resource = {
        "groupVersionKind": {"group": _GROUP, "version": "v1alpha1", "kind": "Rollout"},
        # Otherwise each name would begin with kube_customresource.
        "metricNamePrefix": "",
        "labelsFromPath": {metrics.NAMESPACE: ["metadata", "namespace"], metrics.NAME: ["metadata", "name"]},
        "errorLogV": _ERROR_LOG_LEVEL,
        "metrics": [*_progress(), *_replicas(), *_versions()],
    }
    return {"kind": "CustomResourceStateMetrics", "spec": {"resources": [resource]}}


def canary_weight() -> str:
    """The share of the traffic (ratio, 0–1) that the canary of each Rollout gets, by `namespace` and `name`.

    That is the router's weight where there is a router, and else the share of the pods, as the Service spreads requests
    evenly over them; a pod that is not ready yet counts there. Without a canary it is 0: after a promotion all pods are
    of the newest version, which then is the stable one too. Empty for a Rollout without pods.
    """
    routed = f"{_one_each(metrics.ROLLOUT_WEIGHT)} / 100"
    pods = f"{_one_each(metrics.ROLLOUT_REPLICAS_UPDATED)} / ({_one_each(metrics.ROLLOUT_REPLICAS)} > 0)"
    return f"{routed} or {pods} * {_has_canary()}"


def _has_canary() -> str:
    """1 where the newest version is another than the stable one, else 0, also while there is no stable one yet."""
    versions = f"{metrics.ROLLOUT_NEWEST} or {metrics.ROLLOUT_STABLE}"
    distinct = by("group", (*metrics.OF_A_ROLLOUT, metrics.POD_HASH), versions)
    return f"({by('count', metrics.OF_A_ROLLOUT, distinct)} - 1)"


def _one_each(metric: str) -> str:
    """One series a Rollout, whichever kube-state-metrics told it: two do for a moment when one replaces the other."""
    return by("max", metrics.OF_A_ROLLOUT, metric)


def _progress() -> list[dict[str, Any]]:
    return [
        # The weights stay in the status between releases, the canary's at 0.
        _gauge(metrics.ROLLOUT_WEIGHT, "Weight of the canary in percent.", "canary", "weights", "canary", "weight"),
        _gauge(metrics.ROLLOUT_STEP, "Index of the current step, from 0.", "currentStepIndex"),
        _gauge(metrics.ROLLOUT_ABORTED, "Whether the newest version was aborted.", "abort", absent_is_zero=True),
        {
            "name": metrics.ROLLOUT_PHASE,
            "help": "Phase of the status.",
            "each": {
                "type": "StateSet",
                "stateSet": {"labelName": metrics.PHASE, "path": ["status", "phase"], "list": list(PHASES)},
            },
        },
        {
            "name": metrics.ROLLOUT_PAUSED_SINCE,
            "help": "Since when it waits, in seconds since 1970.",
            "each": {
                "type": "Gauge",
                "gauge": {
                    "path": ["status", "pauseConditions"],
                    "labelsFromPath": {metrics.REASON: ["reason"]},
                    "valueFrom": ["startTime"],
                },
            },
        },
        _info(metrics.ROLLOUT_MESSAGE, "Message of the status.", metrics.MESSAGE, "message"),
    ]


def _replicas() -> Iterable[dict[str, Any]]:
    # Fields of these that are 0 are left out of a status.
    fields: Mapping[str, tuple[str, str]] = {
        metrics.ROLLOUT_REPLICAS: ("replicas", "All pods."),
        metrics.ROLLOUT_REPLICAS_UPDATED: ("updatedReplicas", "Pods of the newest version."),
        metrics.ROLLOUT_REPLICAS_READY: ("readyReplicas", "Pods that are ready."),
        metrics.ROLLOUT_REPLICAS_AVAILABLE: ("availableReplicas", "Pods that are available."),
    }
    return [_gauge(name, told, field, absent_is_zero=True) for name, (field, told) in fields.items()]


def _versions() -> list[dict[str, Any]]:
    return [
        _info(metrics.ROLLOUT_STABLE, "Pod-template hash of the stable version.", metrics.POD_HASH, "stableRS"),
        _info(metrics.ROLLOUT_NEWEST, "Pod-template hash of the newest version.", metrics.POD_HASH, "currentPodHash"),
    ]


def _gauge(name: str, told: str, *path: str, absent_is_zero: bool = False) -> dict[str, Any]:
    gauge: dict[str, Any] = {"path": ["status", *path], **({"nilIsZero": True} if absent_is_zero else {})}
    return {"name": name, "help": told, "each": {"type": "Gauge", "gauge": gauge}}


def _info(name: str, told: str, label: str, *path: str) -> dict[str, Any]:
    """A field that is text, as a label: an empty path in `labelsFromPath` stands for the field itself."""
    info = {"path": ["status", *path], "labelsFromPath": {label: []}}
    return {"name": name, "help": told, "each": {"type": "Info", "info": info}}
