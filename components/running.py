"""What runs already under a service's name, and what a change would do to it that no plan shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from catalog.problems import CatalogError, Fault, Problem
from catalog.services import Service
from catalog.stack import StackSettings
from catalog.traffic import Router
from components.cluster import connect
from components.cluster_reader import UnknownError, answering
from components.pod import CONFIG_CHECKSUM

Rollout = Mapping[str, Any]
"""A Rollout as the API server gives it."""

Running = Mapping[str, Rollout]
"""By name, the Rollouts of the services' namespace."""

_ROUTERS: dict[str, Router] = {"nginx": "nginx", "istio": "istio", "alb": "alb", "plugins": "gatewayApi"}
"""What stands in a Rollout's `trafficRouting` for each router."""


def ensure_changeable(settings: StackSettings, services: Iterable[Service], running: Running) -> None:
    """Refuse what cannot be changed on a service that runs, and what would break it under an `up` that succeeds.

    Raises CatalogError with every such change, and the way to make it all the same.
    """
    faults = _faults if settings.cluster.adopt else _faults_of_a_release
    problems = [
        Problem(Path(settings.services_file).name, f"services.{service.name}.{path}", message)
        for service in services
        if service.name in running
        for path, message in faults(service, running[service.name])
    ]
    if problems:
        raise CatalogError(problems)


def checksum_of(rollout: Rollout | None) -> str | None:
    """The checksum of what the pods read, as an earlier run has written it."""
    template = (rollout or {}).get("spec", {}).get("template") or {}
    found: str | None = (template.get("metadata") or {}).get("annotations", {}).get(CONFIG_CHECKSUM)
    return found


def running_rollouts(settings: StackSettings) -> Running:
    """The Rollouts on the stack's cluster, none where it knows none yet; ClusterError where it does not answer."""
    from lightkube.generic_resource import create_namespaced_resource  # noqa: PLC0415  # only a real run needs it

    rollout = create_namespaced_resource("argoproj.io", "v1alpha1", "Rollout", "rollouts")
    client = connect(settings.cluster)
    try:
        with answering(settings):
            found = [dict(each) for each in client.list(rollout, namespace=settings.namespace)]
    except UnknownError:
        return {}
    return {each["metadata"]["name"]: each for each in found}


def _faults_of_a_release(service: Service, rollout: Rollout) -> Iterator[Fault]:
    yield from _faults(service, rollout)
    status = rollout.get("status") or {}
    settled = status.get("phase") == "Healthy" and status.get("stableRS") == status.get("currentPodHash")
    if "workloadRef" in rollout["spec"] and not settled:
        # The controller scales a Deployment down only after the Rollout's first version (rollout/sync.go), and judges
        # none that comes before one was stable.
        namespace = rollout["metadata"].get("namespace", "")
        yield (
            "image",
            "is that of a Deployment which the Rollout has not replaced yet, and both would go on serving; "
            f"keep cluster.adopt on until `kubectl argo rollouts status {service.name} -n {namespace}` says Healthy",
        )


def _faults(service: Service, rollout: Rollout) -> Iterator[Fault]:
    anew = "set 'enabled: false', run up, take it out again, and run up: an outage of the service"
    selector = rollout["spec"].get("selector", {}).get("matchLabels", {})
    if selector != service.pod_selector:
        # The API server refuses it, but only after the Services have been pointed at labels that no pod has.
        yield (
            "selectorLabels",
            f"would become {_labels(service.pod_selector)}, but the Rollout that runs has {_labels(selector)}, which "
            f"cannot be changed; keep the labels, or {anew}",
        )
    before, after = _router_of(rollout), service.traffic.router
    if before != after and (kind := _left_alone(service)):
        # An object of this kind and name may be there, with rules that Pulumi leaves to the controller from now on.
        yield (
            "traffic.router",
            f"would change from {before} to {after} on a service that runs, and the rules of the {kind} "
            f"'{service.name}' would stay those of the old router; {anew}",
        )


def _left_alone(service: Service) -> str | None:
    """The kind of object whose rules are not applied again once it is there, where the one before may have its name."""
    if service.traffic.router == "gatewayApi":
        return "HTTPRoute"
    return "Ingress" if service.traffic.router == "alb" and service.traffic.tester_header else None


def _router_of(rollout: Rollout) -> Router:
    routing = rollout["spec"].get("strategy", {}).get("canary", {}).get("trafficRouting") or {}
    return next((router for key, router in _ROUTERS.items() if key in routing), "none")


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
