"""Alertmanager in the values of kube-prometheus-stack."""

from catalog.sizes import Size
from components.monitoring_values import Replicas, Values, literal, volume
from observability.metrics import ALERT_NAME as ALERT
from observability.metrics import NAMESPACE, SERVICE, SEVERITY

_STATE = Size.parse("1Gi")
"""Silences, and what has been sent already: a few megabytes, in the smallest volume that most clouds have."""

_NOWHERE = "null"
"""A receiver that tells nobody. It takes what no AlertmanagerConfig routes; such alerts still show in Alertmanager."""

_ONE_FAULT = [NAMESPACE, ALERT, SERVICE]
"""The labels that two severities of one alert share where they tell of the same fault.

The chart leaves the service out, so that a critical alert of one would silence the warnings of that name of all others
in its namespace. Both severities of an alert without a service lack it, which Alertmanager takes for equal.
"""

_INFO_INHIBITOR = f'{ALERT} = "InfoInhibitor"'
"""Of the alert that fires where nothing but infos do: it keeps these quiet, and is never told itself."""


def alertmanager_values(replicas: Replicas, storage_class: str | None, url: str | None) -> Values:
    """Replicas that share silences, and the AlertmanagerConfigs of all namespaces."""
    spec = {
        **replicas.spec,
        # Of the links in messages; the chart's own names a Service, which is no address for people.
        **({"externalUrl": literal(url)} if url else {}),
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
        "config": {
            "inhibit_rules": _inhibit_rules(),
            "route": {"receiver": _NOWHERE},
            "receivers": [{"name": _NOWHERE}],
        },
        "alertmanagerSpec": spec,
    }


def _inhibit_rules() -> list[Values]:
    """All those of the chart, in whose place Helm puts this list; they hold for the alerts of every namespace."""
    info = f'{SEVERITY} = "info"'
    return [
        {
            "source_matchers": [f'{SEVERITY} = "critical"'],
            "target_matchers": [f'{SEVERITY} =~ "warning|info"'],
            "equal": _ONE_FAULT,
        },
        {"source_matchers": [f'{SEVERITY} = "warning"'], "target_matchers": [info], "equal": _ONE_FAULT},
        {"source_matchers": [_INFO_INHIBITOR], "target_matchers": [info], "equal": [NAMESPACE]},
        {"target_matchers": [_INFO_INHIBITOR]},
    ]
