"""kube-state-metrics in the values of kube-prometheus-stack."""

from components.monitoring_values import Values
from observability.rollout_state import ROLLOUTS_RULE, custom_resource_state


def kube_state_metrics_values() -> Values:
    """The weight, step and phase of each Rollout, and the permission to read them.

    That to read definitions the chart adds by itself where there is such a configuration.
    """
    return {
        "customResourceState": {"enabled": True, "config": custom_resource_state()},
        "rbac": {"extraRules": [ROLLOUTS_RULE]},
        # The `namespace` of a series is that of the Rollout, not that of kube-state-metrics.
        "prometheus": {"monitor": {"http": {"honorLabels": True}}},
    }
