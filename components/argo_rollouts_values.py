"""Argo Rollouts in the values of its chart (2.41), and what of them this program relies on."""

from typing import Any

from components import argo_rollouts_size
from components.argo_rollouts_scraping import METRICS_SERVICE, SCRAPE
from components.overridden_values import Reliance
from observability.notifications import NotificationConfig

FULL_NAME = METRICS_SERVICE.removesuffix("-metrics")
"""The full name of the chart's objects; the Service of the metrics is named after it."""

_RUNTIME_DEFAULT = {"seccompProfile": {"type": "RuntimeDefault"}}
_POD_SECURITY = {"runAsNonRoot": True, **_RUNTIME_DEFAULT}
_CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    **_RUNTIME_DEFAULT,
}
"""What the level `restricted` of Kubernetes' Pod Security Standards asks for, and a file system that cannot change."""


def argo_rollouts_values(replicas: int, services: int, notifications: NotificationConfig) -> dict[str, Any]:
    """The controller with so many replicas, of which one leads, for so many services; and what it says of releases."""
    return {
        "fullnameOverride": FULL_NAME,
        # Without the definitions there are no Rollouts, and so no pods: they stay when the release goes.
        "installCRDs": True,
        "keepCRDs": True,
        # It has to see the namespace of the services.
        "clusterInstall": True,
        "podSecurityContext": _POD_SECURITY,
        "containerSecurityContext": _CONTAINER_SECURITY,
        "controller": {
            "replicas": replicas,
            "resources": argo_rollouts_size.resources(services),
            "extraArgs": argo_rollouts_size.arguments(services),
            # With these the chart makes the Service `argo-rollouts-metrics` itself. Its own ServiceMonitor cannot honor
            # labels, and a second one would scrape everything twice.
            "metrics": {
                "enabled": True,
                "service": {"annotations": SCRAPE},
                "serviceMonitor": {"enabled": False},
            },
            **(_spread() if replicas > 1 else {}),
        },
        # Its user interface needs no login, and whoever reaches it can promote and abort.
        "dashboard": {"enabled": False},
        "notifications": {
            "notifiers": dict(notifications.notifiers),
            "templates": dict(notifications.templates),
            "triggers": dict(notifications.triggers),
            # Values are readable in the release and in the state; the Secret is made beside it.
            "secret": {"create": False},
        },
    }


def _spread() -> dict[str, Any]:
    """Replicas on nodes of their own, in zones of their own where there are some; one evicted at a time.

    Soft, since one that waits for a node of its own would fail the release; the chart adds the selector.
    """
    keys = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    constraints = [{"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway"} for key in keys]
    return {"pdb": {"enabled": True, "maxUnavailable": 1}, "topologySpreadConstraints": constraints}


_UNSEEN = "Prometheus does not find the controller, and no alert about releases can fire"
_UNTOLD = "Rollouts subscribe to triggers and services by these names, and nobody hears of releases"

RELIED_ON = (
    Reliance("installCRDs", "the definition of Rollouts must be in the cluster already"),
    Reliance("keepCRDs", "removing the release removes every Rollout of the cluster, and all their pods"),
    Reliance("clusterInstall", "the controller does not see the namespace of the services"),
    Reliance("nameOverride", _UNSEEN),
    Reliance("namespaceOverride", _UNSEEN),
    Reliance("controller metrics enabled", _UNSEEN),
    Reliance("controller metrics service portName", _UNSEEN),
    Reliance("controller metrics serviceMonitor enabled", "the controller is scraped twice, and counters add up wrong"),
    Reliance("controller extraArgs", "a list replaces a list; repeat these, or many releases at once wait in line"),
    Reliance("controller replicas", "has a setting of its own; set platform.argoRollouts.replicas instead"),
    Reliance("notifications configmap create", _UNTOLD),
    Reliance("notifications notifiers", _UNTOLD),
    Reliance("notifications triggers", _UNTOLD),
    Reliance("notifications secret create", "the Secret would have two owners, and its values could be read here"),
)
"""Of the templates nothing hangs on: who wants other words writes other words."""
