"""Alertmanager in the values of kube-prometheus-stack."""

from catalog.sizes import Size
from components.monitoring_values import Replicas, Values, volume

_STATE = Size.parse("1Gi")
"""Silences, and what has been sent already: a few megabytes, in the smallest volume that most clouds have."""

_NOWHERE = "null"
"""A receiver that tells nobody. It takes what no AlertmanagerConfig routes; such alerts still show in Alertmanager."""


def alertmanager_values(replicas: Replicas, storage_class: str | None) -> Values:
    """Replicas that share silences, and the AlertmanagerConfigs of all namespaces."""
    spec = {
        **replicas.spec,
        "storage": volume(_STATE, storage_class),
        # Empty, each of these means all of them.
        "alertmanagerConfigSelector": {},
        "alertmanagerConfigNamespaceSelector": {},
        # A configuration routes the alerts of its own namespace; one beside Alertmanager those without one as well,
        # such as Watchdog.
        "alertmanagerConfigMatcherStrategy": {"type": "OnNamespaceExceptForAlertmanagerNamespace"},
    }
    return {
        "enabled": True,
        "podDisruptionBudget": replicas.disruption_budget,
        "config": {"route": {"receiver": _NOWHERE}, "receivers": [{"name": _NOWHERE}]},
        "alertmanagerSpec": spec,
    }
