"""How many pods a service has by itself, and how many of them may be missing while nodes are drained."""

from typing import Any

from catalog.pod_checks import CONTAINER
from catalog.quantities import Ratio
from catalog.scaling import Autoscaling, DisruptionBudget, ExternalMetric
from catalog.services import Service
from components.naming import object_metadata


def horizontal_pod_autoscaler(service: Service, namespace: str, scaling: Autoscaling) -> dict[str, Any]:
    """Scales the Rollout, whose controller divides the pods between canary and stable."""
    resources = [("cpu", scaling.cpu), ("memory", scaling.memory)]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": object_metadata(service, namespace),
        "spec": {
            "scaleTargetRef": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": service.name},
            "minReplicas": scaling.min,
            "maxReplicas": scaling.max,
            "metrics": [
                *[_utilization(name, share) for name, share in resources if share is not None],
                *([_external(scaling.external)] if scaling.external else []),
            ],
        },
    }


def _utilization(resource: str, share: Ratio) -> dict[str, Any]:
    """Of the service's own container: an adapter or a mesh's proxy beside it that requests nothing would stop the
    autoscaler, and one that requests much would hide what the service uses.
    """
    return {
        "type": "ContainerResource",
        "containerResource": {
            "container": CONTAINER,
            "name": resource,
            "target": {"type": "Utilization", "averageUtilization": round(share * 100)},
        },
    }


def _external(metric: ExternalMetric) -> dict[str, Any]:
    selector = {"selector": {"matchLabels": metric.labels}} if metric.labels else {}
    return {
        "type": "External",
        "external": {
            "metric": {"name": metric.name, **selector},
            "target": {"type": "AverageValue", "averageValue": metric.average},
        },
    }


def pod_disruption_budget(service: Service, namespace: str, budget: DisruptionBudget) -> dict[str, Any]:
    """How many of the pods, canary and stable together, may be missing while nodes are drained."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": object_metadata(service, namespace),
        "spec": {
            "maxUnavailable": budget.max_unavailable,
            "selector": {"matchLabels": service.pod_selector},
            # Otherwise pods that never become ready, those of a broken canary, would keep a node from being drained.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
