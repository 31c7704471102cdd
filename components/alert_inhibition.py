"""Which alerts keep quiet while another one fires: one fault is told once, by the alert that says most."""

from collections.abc import Sequence
from typing import Any

from components.alert_routes import CRITICAL, Scope, matches
from observability.metrics import ALERT_NAME as ALERT
from observability.metrics import NAMESPACE, SERVICE, SEVERITY
from observability.platform_alerts import STANDS_STILL

IN_TWO_SEVERITIES = ("AvailabilityBudgetBurn", "LatencyBudgetBurn", "ServiceTargetDown")
"""Alerts of which the critical one says all that the warning does."""

UNREACHABLE = ("ServiceNoTargets", "ServiceTargetDown")
"""The alerts that, where they are critical, say that Prometheus reads nothing of a service."""

READ_FROM_REQUESTS = ("AvailabilityBudgetBurn", "LatencyBudgetBurn", "ServiceNoTraffic")
"""Alerts on what a service's pods tell: of what cannot be read, no figure is to be believed."""

STUCK = "RolloutStuck"
"""The alert that says no more than that it does not."""


def inhibit_rules(scope: Scope) -> list[dict[str, Any]]:
    """The rules of an AlertmanagerConfig, for the alerts of its own namespace; all others have those of their chart.

    Alertmanager takes a label that two alerts both lack for equal. So a label in `equal` is one that the source has:
    otherwise one alert without a service would silence all others without one. The names keep the alerts of others
    out, whose `service` may be that of kube-state-metrics on each of them.
    """
    if scope.all_but:
        return []
    source = [scope.matcher, matches(SERVICE, "!=", "")]
    return [
        {
            "sourceMatch": [*source, CRITICAL, _one_of(IN_TWO_SEVERITIES)],
            "targetMatch": [scope.matcher, matches(SEVERITY, "=", "warning"), _one_of(IN_TWO_SEVERITIES)],
            "equal": [ALERT, NAMESPACE, SERVICE],
        },
        {
            "sourceMatch": [*source, CRITICAL, _one_of(UNREACHABLE)],
            "targetMatch": [scope.matcher, _one_of(READ_FROM_REQUESTS)],
            "equal": [NAMESPACE, SERVICE],
        },
        {
            "sourceMatch": [*source, _one_of(STANDS_STILL)],
            "targetMatch": [scope.matcher, matches(ALERT, "=", STUCK)],
            "equal": [NAMESPACE, SERVICE],
        },
    ]


def _one_of(alerts: Sequence[str]) -> dict[str, str]:
    return matches(ALERT, "=~", "|".join(alerts))
