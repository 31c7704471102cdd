"""ObservableApi: everything one API service needs to be reached, watched and released with a canary."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from catalog.services import Service
from components.canary_rollout import CanaryRollout, CanaryRolloutArgs
from components.kubernetes_object import SKIP_AWAIT, KubernetesObject
from components.naming import HTTP_PORT, ROOT_SERVICE, object_labels
from observability import metrics

OWNED_BY_THE_CONTROLLER = ["spec.selector"]
"""Argo Rollouts writes the pod-template hash into the selectors of canary and stable Services. They start with the
service's own selector and are then left alone: to apply them again would be a conflict, or would cut the hash out."""


@dataclass(frozen=True)
class ObservableApiArgs:
    """One service, the namespace it runs in, and what it needs to know of the platform.

    `release` is the value of the label by which Prometheus picks up ServiceMonitors; `after` must be there first.
    """

    service: Service
    namespace: str
    prometheus_address: str
    release: str
    after: Sequence[pulumi.Resource] = field(default=())


class ObservableApi(pulumi.ComponentResource):
    """A Service, a ServiceMonitor and a CanaryRollout; with a router also what splits the traffic."""

    def __init__(self, name: str, args: ObservableApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("api-observability:index:ObservableApi", name, None, opts)
        self._args = args
        self.service = self._object(self._root_service())
        self.service_monitor = self._object(self._service_monitor())
        self.traffic = self._traffic_objects()
        self.canary = CanaryRollout(
            name,
            CanaryRolloutArgs(
                args.service, args.namespace, args.prometheus_address, after=[*args.after, self.service, *self.traffic]
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.url = f"http://{self._args.service.name}.{args.namespace}:{args.service.port}"
        self.register_outputs({"url": self.url})

    def _object(self, manifest: dict[str, Any], ignore_changes: list[str] | None = None) -> KubernetesObject:
        options = pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after), ignore_changes=ignore_changes)
        return KubernetesObject(manifest["metadata"]["name"], manifest, options)

    def _metadata(self, name: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
        return {
            "name": name,
            "namespace": self._args.namespace,
            "labels": {**object_labels(self._args.service), **(labels or {})},
        }

    def _traffic_objects(self) -> list[KubernetesObject]:
        if self._args.service.traffic.router == "none":
            return []
        return [
            self._object(self._service(self._args.service.canary_service), ignore_changes=OWNED_BY_THE_CONTROLLER),
            self._object(self._service(self._args.service.stable_service), ignore_changes=OWNED_BY_THE_CONTROLLER),
            self._object(self._ingress()),
        ]

    def _root_service(self) -> dict[str, Any]:
        return self._service(self._args.service.name, ROOT_SERVICE)

    def _service(self, name: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
        service = self._args.service
        port = {"name": HTTP_PORT, "port": service.port, "targetPort": HTTP_PORT, "protocol": "TCP"}
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {**self._metadata(name, labels), "annotations": SKIP_AWAIT},
            "spec": {"selector": service.pod_selector, "ports": [port]},
        }

    def _service_monitor(self) -> dict[str, Any]:
        service = self._args.service
        return {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "ServiceMonitor",
            "metadata": self._metadata(service.name, {"release": self._args.release, **service.metrics.labels}),
            "spec": {
                "selector": {"matchLabels": {"app.kubernetes.io/name": service.name, **ROOT_SERVICE}},
                "namespaceSelector": {"matchNames": [self._args.namespace]},
                # Through Endpoints, a promoted pod's `version` would reach Prometheus only when its phase changes.
                "serviceDiscoveryRole": "EndpointSlice",
                "podTargetLabels": [metrics.VERSION, metrics.POD_HASH_LABEL],
                "endpoints": [
                    {"port": HTTP_PORT, "path": service.metrics.path, "interval": str(service.metrics.interval)}
                ],
            },
        }

    def _ingress(self) -> dict[str, Any]:
        traffic = self._args.service.traffic
        backend = {"service": {"name": self._args.service.stable_service, "port": {"name": HTTP_PORT}}}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {**self._metadata(self._args.service.name), "annotations": SKIP_AWAIT},
            "spec": {
                "ingressClassName": traffic.ingress_class,
                "rules": [
                    {
                        "host": traffic.host,
                        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
                    }
                ],
            },
        }
