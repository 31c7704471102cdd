"""ArgoRolloutsMonitoring: the Argo Rollouts controller, and what Prometheus needs to see it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from catalog.platform import ArgoRollouts, Monitoring
from components import platform_chart
from components.kubernetes_object import MANAGED_BY, SKIP_AWAIT, KubernetesObject
from observability.metrics import ARGO_ROLLOUTS_JOB

_NAME = "argo-rollouts"
"""The full name of the chart's objects, as this program installs it, and of the ServiceMonitor."""

METRICS_SERVICE = f"{_NAME}-metrics"
METRICS_PORT = 8090
_PORT_NAME = "metrics"
_SCRAPE = {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": str(METRICS_PORT),
    "prometheus.io/path": "/metrics",
}
_CONTROLLER = {"app.kubernetes.io/name": "argo-rollouts"}
"""On the controller's pods whether they came from the chart or from the project's own manifests."""

_METRICS_SERVICE_NAMES = ["argo-rollouts", METRICS_SERVICE]
"""`app.kubernetes.io/name` of the metrics Service: the chart's and ours, and that of the project's own manifests."""


@dataclass(frozen=True)
class ArgoRolloutsMonitoringArgs:
    """How to have Argo Rollouts, which monitoring stack watches it, and what must be there first."""

    argo_rollouts: ArgoRollouts
    monitoring: Monitoring
    after: Sequence[pulumi.Resource] = field(default=())


class ArgoRolloutsMonitoring(pulumi.ComponentResource):
    """The controller, installed or adopted; the Service and ServiceMonitor of its metrics; Prometheus's permission."""

    def __init__(self, name: str, args: ArgoRolloutsMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("api-observability:index:ArgoRolloutsMonitoring", name, None, opts)
        self._args = args
        self.ready = platform_chart.install(args.argo_rollouts, self._values(), self, args.after)
        after = [*args.after, *self.ready]
        create = args.argo_rollouts.create_metrics_service and not args.argo_rollouts.install
        self.metrics_service = self._object(self._metrics_service(), after) if create else None
        self.service_monitor = self._object(self._service_monitor(), after)
        self.reader_role = self._object(self._reader_role(), after)
        self.reader_binding = self._object(self._reader_binding(), [self.reader_role, *after])
        self.register_outputs({"job": ARGO_ROLLOUTS_JOB})

    def _object(self, manifest: dict[str, Any], after: Sequence[pulumi.Resource]) -> KubernetesObject:
        options = pulumi.ResourceOptions(parent=self, depends_on=list(after))
        return KubernetesObject(manifest["metadata"]["name"], manifest, options)

    def _values(self) -> dict[str, Any]:
        # With these the chart makes the Service `argo-rollouts-metrics` itself.
        metrics_service = {"enabled": True, "service": {"annotations": _SCRAPE}}
        return {"fullnameOverride": _NAME, "controller": {"metrics": metrics_service}}

    def _metrics_service(self) -> dict[str, Any]:
        port = {"name": _PORT_NAME, "port": METRICS_PORT, "targetPort": METRICS_PORT, "protocol": "TCP"}
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": METRICS_SERVICE,
                "namespace": self._args.argo_rollouts.namespace,
                "labels": {**_CONTROLLER, **MANAGED_BY},
                "annotations": {**_SCRAPE, **SKIP_AWAIT},
            },
            "spec": {"selector": _CONTROLLER, "ports": [port]},
        }

    def _service_monitor(self) -> dict[str, Any]:
        return {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "ServiceMonitor",
            "metadata": {
                "name": _NAME,
                "namespace": self._args.argo_rollouts.namespace,
                "labels": {**_CONTROLLER, **MANAGED_BY, "release": self._args.monitoring.release},
            },
            "spec": {
                "selector": {
                    "matchExpressions": [
                        {"key": "app.kubernetes.io/name", "operator": "In", "values": _METRICS_SERVICE_NAMES}
                    ]
                },
                "namespaceSelector": {"matchNames": [self._args.argo_rollouts.namespace]},
                # The controller's own `namespace` label says where the rollout is; without this it would be renamed
                # to `exported_namespace`, and every query that asks for a namespace would find nothing.
                "endpoints": [
                    {
                        "port": _PORT_NAME,
                        "path": "/metrics",
                        "interval": "15s",
                        "honorLabels": True,
                        # Otherwise the job would be named after the Service.
                        "relabelings": [{"targetLabel": "job", "replacement": ARGO_ROLLOUTS_JOB}],
                    }
                ],
            },
        }

    def _reader_role(self) -> dict[str, Any]:
        return {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": self._reader_name, "labels": MANAGED_BY},
            "rules": [{"apiGroups": ["argoproj.io"], "resources": ["*"], "verbs": ["get", "list", "watch"]}],
        }

    def _reader_binding(self) -> dict[str, Any]:
        monitoring = self._args.monitoring
        return {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": self._reader_name, "labels": MANAGED_BY},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": self._reader_name},
            "subjects": [
                {
                    "kind": "ServiceAccount",
                    "name": monitoring.prometheus_service,
                    "namespace": monitoring.namespace,
                }
            ],
        }

    @property
    def _reader_name(self) -> str:
        return f"{self._args.monitoring.prometheus_service}-argo-rollouts"
