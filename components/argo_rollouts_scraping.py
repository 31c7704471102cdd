"""How Prometheus finds the controller of Argo Rollouts, and what it takes from it."""

from typing import Any

from catalog.platform import ArgoRollouts, Monitoring
from components.kubernetes_object import MANAGED_BY, SKIP_AWAIT
from components.service_monitor import LABEL_LIMIT, LABEL_VALUE_LENGTH_LIMIT
from observability import metrics
from observability.controller_rules import SERIES_BUDGET

METRICS_SERVICE = "argo-rollouts-metrics"
METRICS_PORT = 8090
SCRAPE = {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": str(METRICS_PORT),
    "prometheus.io/path": "/metrics",
}

_PORT_NAME = "metrics"
_CONTROLLER = {"app.kubernetes.io/name": "argo-rollouts"}
"""On the controller's pods whether they came from the chart or from the project's own manifests."""

_METRICS_SERVICE_NAMES = ["argo-rollouts", METRICS_SERVICE]
"""`app.kubernetes.io/name` of the metrics Service: the chart's and ours, and that of the project's own manifests."""

_RUN_METRICS = "analysis_run_.*|experiment_.*"

_UNLIMITED = {
    "policy.api-observability/except": (
        "bounded-scrapes: a limit would fail the whole scrape, and with it every alert about releases, "
        "and what it exposes is bounded by the Rollouts there are"
    )
}
"""The policy that asks every scrape for limits knows by this that, and why, one has none (docs/ci.md)."""

_INTERVAL, _REQUESTS_INTERVAL = "15s", "30s"
"""Of the second, rates over five minutes are all that anybody looks at."""


def metrics_service(argo_rollouts: ArgoRollouts) -> dict[str, Any]:
    """The Service of the metrics, where the cluster has none."""
    port = {"name": _PORT_NAME, "port": METRICS_PORT, "targetPort": METRICS_PORT, "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": METRICS_SERVICE,
            "namespace": argo_rollouts.namespace,
            "labels": {**_CONTROLLER, **MANAGED_BY},
            "annotations": {**SCRAPE, **SKIP_AWAIT},
        },
        "spec": {"selector": _CONTROLLER, "ports": [port]},
    }


def controller_monitor(argo_rollouts: ArgoRollouts, monitoring: Monitoring) -> dict[str, Any]:
    """Scrapes all that the controller exposes but the counter of its requests.

    What is left is bounded by what there is: about 250 series a Rollout whose history of AnalysisRuns is full, most of
    them the runs' own. So there is no limit, which would fail the scrape and with it every alert about releases.
    """
    dropped = "|".join([metrics.API_REQUESTS, *([] if argo_rollouts.run_metrics else [_RUN_METRICS])])
    endpoint = _endpoint(metrics.ARGO_ROLLOUTS_JOB, _INTERVAL, "drop", dropped)
    monitor = _service_monitor(metrics.ARGO_ROLLOUTS_JOB, argo_rollouts, monitoring, {"endpoints": [endpoint]})
    return {**monitor, "metadata": {**monitor["metadata"], "annotations": _UNLIMITED}}


def requests_monitor(argo_rollouts: ArgoRollouts, monitoring: Monitoring) -> dict[str, Any]:
    """Scrapes the counter of the controller's requests alone, as long as it stays within its budget.

    It has the name of each object as a label. A release with three AnalysisRuns adds 13 series (measured on v1.9.1),
    and none of them goes before the controller restarts. Without the label, samples of different series would be taken
    for one another; so the series are limited, and a recording rule sums them up.
    """
    endpoint = _endpoint(metrics.ARGO_ROLLOUTS_REQUESTS_JOB, _REQUESTS_INTERVAL, "keep", metrics.API_REQUESTS)
    limits = {
        "sampleLimit": SERIES_BUDGET,
        "labelLimit": LABEL_LIMIT,
        "labelValueLengthLimit": LABEL_VALUE_LENGTH_LIMIT,
    }
    spec = {**limits, "endpoints": [endpoint]}
    return _service_monitor(metrics.ARGO_ROLLOUTS_REQUESTS_JOB, argo_rollouts, monitoring, spec)


def _service_monitor(
    name: str, argo_rollouts: ArgoRollouts, monitoring: Monitoring, spec: dict[str, Any]
) -> dict[str, Any]:
    names = {"key": "app.kubernetes.io/name", "operator": "In", "values": _METRICS_SERVICE_NAMES}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {
            "name": name,
            "namespace": argo_rollouts.namespace,
            "labels": {**_CONTROLLER, **MANAGED_BY, "release": monitoring.release},
        },
        "spec": {
            "selector": {"matchExpressions": [names]},
            "namespaceSelector": {"matchNames": [argo_rollouts.namespace]},
            "serviceDiscoveryRole": "EndpointSlice",
            **spec,
        },
    }


def _endpoint(job: str, interval: str, action: str, names: str) -> dict[str, Any]:
    """The controller's metrics as that job, of those with one of these names all or none.

    The controller's own `namespace` label says where the Rollout is; without `honorLabels` it would be renamed to
    `exported_namespace`, and every query that asks for a namespace would find nothing.
    """
    return {
        "port": _PORT_NAME,
        "path": "/metrics",
        "interval": interval,
        "honorLabels": True,
        # Otherwise the job would be named after the Service.
        "relabelings": [{"targetLabel": metrics.JOB, "replacement": job}],
        "metricRelabelings": [{"action": action, "sourceLabels": ["__name__"], "regex": names}],
    }
