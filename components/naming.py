"""The names and labels that the objects of a service share, each in this one place."""

from catalog.services import Service
from components.kubernetes_object import MANAGED_BY

HTTP_PORT = "http"
"""The name of the port that serves both requests and metrics."""

CONTAINER = "api"

ROOT_SERVICE = {"api-observability/service": "root"}
"""On the root Service alone. Canary and stable Services choose the same pods: a ServiceMonitor that matched them too
would scrape each pod twice, and every rate would double."""


def object_labels(service: Service) -> dict[str, str]:
    """The labels of every object of a service; what the owner adds in `labels` comes on top."""
    return {
        "app.kubernetes.io/name": service.name,
        "app.kubernetes.io/instance": service.name,
        "app.kubernetes.io/part-of": service.project,
        **MANAGED_BY,
        **service.labels,
    }
