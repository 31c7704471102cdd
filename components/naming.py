"""The names and labels that the objects of a service share, each in this one place."""

from typing import Any

from catalog.services import ROLE_LABEL, TEAM_LABEL, Service
from components.kubernetes_object import MANAGED_BY

HTTP_PORT = "http"
"""The name of the port that serves requests, and metrics too unless they have a port of their own."""

METRICS_PORT = "metrics"
"""The name of the port that serves metrics alone."""

UPSTREAM_PORT = "upstream"
"""The name of the port on which an application listens behind its adapter."""

ROOT_SERVICE = {ROLE_LABEL: "root"}
"""On the root Service alone. Canary and stable Services choose the same pods: a ServiceMonitor that matched them too
would scrape each pod twice, and every rate would double."""


def object_labels(service: Service) -> dict[str, str]:
    """The labels of every object of a service; what the owner adds in `labels` comes on top."""
    return {
        "app.kubernetes.io/name": service.name,
        "app.kubernetes.io/instance": service.name,
        "app.kubernetes.io/part-of": service.project,
        **MANAGED_BY,
        **({TEAM_LABEL: service.team} if service.team else {}),
        **service.labels,
    }


def object_metadata(
    service: Service,
    namespace: str,
    name: str | None = None,
    *,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The `metadata` of an object of a service, which has the service's own name unless another is given.

    `labels` and `annotations` are those that this object has besides the ones of all. An empty map is left out, as the
    API server does it.
    """
    both = {**service.annotations, **(annotations or {})}
    return {
        "name": name or service.name,
        "namespace": namespace,
        "labels": {**object_labels(service), **(labels or {})},
        **({"annotations": both} if both else {}),
    }


def metrics_port(service: Service) -> tuple[str, int]:
    """The name and the number of the pod's port that Prometheus reads."""
    port = service.metrics.port
    if port is None or port == service.serving_port:
        return HTTP_PORT, service.serving_port
    return METRICS_PORT, port
