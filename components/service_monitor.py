"""How Prometheus finds a service's pods, and what it takes from them."""

from typing import Any

from catalog.services import Service
from components.naming import ROOT_SERVICE, metrics_port, object_metadata
from observability import metrics

LABEL_LIMIT = 50
"""Labels of one sample, with the fifteen or so that Prometheus and the operator add themselves."""

LABEL_VALUE_LENGTH_LIMIT = 512
"""Twice the longest name in Kubernetes; a raw URL or a stack trace in a label soon exceeds it."""


def service_monitor(service: Service, namespace: str, release: str) -> dict[str, Any]:
    """Scrapes the pods behind the root Service; `release` is of the Prometheus that is to pick it up.

    A scrape that exceeds one of the limits fails as a whole: it is an application's fault that must not go unseen.
    """
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": object_metadata(service, namespace, labels={"release": release, **service.metrics.labels}),
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": service.name, **ROOT_SERVICE}},
            "namespaceSelector": {"matchNames": [namespace]},
            # Through Endpoints, a promoted pod's `version` would reach Prometheus only when its phase changes.
            "serviceDiscoveryRole": "EndpointSlice",
            "podTargetLabels": [metrics.VERSION, metrics.POD_HASH_LABEL],
            "sampleLimit": service.metrics.sample_limit,
            "labelLimit": LABEL_LIMIT,
            "labelValueLengthLimit": LABEL_VALUE_LENGTH_LIMIT,
            "endpoints": [_endpoint(service)],
        },
    }


def _endpoint(service: Service) -> dict[str, Any]:
    port, _ = metrics_port(service)
    return {
        "port": port,
        "path": service.metrics.path,
        "interval": str(service.metrics.interval),
        "honorLabels": False,
        "metricRelabelings": [_without_forbidden_labels(), *_without_the_applications_word()],
    }


def _without_forbidden_labels() -> dict[str, Any]:
    """Drops each series that carries a forbidden label.

    Taking away only the label would leave several samples of one series, of which Prometheus keeps one: counters would
    jump. A series that is gone shows: more samples were scraped than are left after relabeling.
    """
    return {"action": "drop", "sourceLabels": list(metrics.FORBIDDEN_LABELS), "separator": "", "regex": ".+"}


def _without_the_applications_word() -> list[dict[str, Any]]:
    """Takes away what an application says of itself and Prometheus knows better, on the contract's own metrics.

    Such a label is the same on every sample of a pod, so no two series become one. Of other metrics that is not known
    (a client's `service` may be the one it calls), so they keep theirs.
    """
    return [
        {
            "action": "replace",
            "sourceLabels": ["__name__"],
            "regex": metrics.CONTRACT_METRICS,
            "targetLabel": f"{metrics.EXPORTED}{label}",
            "replacement": "",
        }
        for label in metrics.TARGET_LABELS
    ]
