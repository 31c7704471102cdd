"""How requests reach a service: the object its router reads, and what Argo Rollouts is told so that it can split them.

What each router needs in the cluster is in docs/traffic.md. The root, canary and stable Services are made elsewhere.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from catalog.services import Service
from catalog.traffic_checks import ALB_TARGET_TYPE, ALB_TARGETS
from components.kubernetes_object import SKIP_AWAIT
from components.naming import HTTP_PORT

Manifest = dict[str, Any]
Metadata = Callable[[str], dict[str, Any]]
"""From the name of an object to its `metadata`."""

PRIMARY_ROUTE = "primary"
"""The one of a VirtualService's routes that Argo Rollouts weighs; it needs a name as soon as there is a second one."""

TESTER_ROUTE = "tester-header"
"""The route that Argo Rollouts adds for the tester header while a canary runs, and removes afterwards."""

GATEWAY_API_PLUGIN = "argoproj-labs/gatewayAPI"
"""The name that the plugin has in the controller's own configuration; it is not free to choose (its `PluginName`)."""

CLUSTER_ISSUER = "cert-manager.io/cluster-issuer"

ALB_ANNOTATIONS = {ALB_TARGET_TYPE: ALB_TARGETS}
"""The load balancer's own default sends requests to node ports, which Services of a cluster do not have."""

ALB_USES_ANNOTATION = "use-annotation"
"""As a port, it tells the load balancer's controller that an annotation says where requests go."""


@dataclass(frozen=True)
class TrafficObject:
    """An object that leads requests to a service.

    `ignore_changes` are the paths in it that Argo Rollouts writes once the object is there; `patch` is the field of
    `catalog.patch.Patch` that is merged into it.
    """

    manifest: Manifest
    patch: str
    ignore_changes: list[str] = field(default_factory=list)


def traffic_objects(service: Service, namespace: str, metadata: Metadata) -> list[TrafficObject]:
    """What the service's router reads; nothing where it has neither a router nor hosts."""
    traffic = service.traffic
    if traffic.router == "none" and not service.hosts:
        return []
    match traffic.router:
        case "none" if traffic.gateway:
            made = TrafficObject(_plain_http_route(service, metadata), "http_route")
        case "none":
            made = TrafficObject(_plain_ingress(service, metadata), "ingress")
        case "gatewayApi":
            made = TrafficObject(_weighted_http_route(service, metadata), "http_route", ["spec.rules"])
        case "nginx":
            made = TrafficObject(_nginx_ingress(service, metadata), "ingress")
        case "istio":
            made = TrafficObject(_virtual_service(service, namespace, metadata), "virtual_service", ["spec.http"])
        case "alb":
            # A path for the tester header comes and goes among the rules; the weights are in an annotation.
            ignored = ["spec.rules"] if traffic.tester_header else []
            made = TrafficObject(_alb_ingress(service, metadata), "ingress", ignored)
    return [made]


def traffic_strategy(service: Service) -> dict[str, Any]:
    """The part of a Rollout's `spec.strategy.canary` that has requests split by the router; empty without one."""
    if not service.is_routed:
        return {}
    managed = {"managedRoutes": [{"name": TESTER_ROUTE}]} if tester_step(service) else {}
    return {
        "canaryService": service.canary_service,
        "stableService": service.stable_service,
        "trafficRouting": {**_router(service), **managed},
    }


def tester_step(service: Service) -> dict[str, Any] | None:
    """The step by which requests with the tester header go to the canary; None where none is needed for that.

    For nginx it is an annotation of the canary's Ingress, which is there from the beginning.
    """
    header = service.traffic.tester_header
    if header is None or service.traffic.router in ("none", "nginx"):
        return None
    match = {"headerName": header.name, "headerValue": {"exact": header.value}}
    return {"setHeaderRoute": {"name": TESTER_ROUTE, "match": [match]}}


def with_tester_step(service: Service, steps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A Rollout's `steps`, and among them `tester_step` right after the first that brings up pods of the canary.

    Before that step it would be in vain: as long as no pod of the canary is available, the controller takes the
    route for the header away again (`reconcileTrafficRouting` in its rollout/trafficrouting.go) and never adds it anew.
    """
    result = list(steps)
    step = tester_step(service)
    if step is not None:
        after = next((index for index, each in enumerate(result, 1) if _brings_up_pods(each)), len(result))
        result.insert(after, step)
    return result


def _brings_up_pods(step: dict[str, Any]) -> bool:
    scale = step.get("setCanaryScale", {})
    # A scale that follows the weight is nought before the first weight.
    return "setWeight" in step or "replicas" in scale or "weight" in scale


def _router(service: Service) -> dict[str, Any]:
    """The router's own entry in `trafficRouting`."""
    match service.traffic.router:
        case "gatewayApi":
            # Without a namespace the plugin takes that of the Rollout.
            route = {"name": service.name, **({"useHeaderRoutes": True} if service.traffic.tester_header else {})}
            return {"plugins": {GATEWAY_API_PLUGIN: {"httpRoutes": [route]}}}
        case "nginx":
            return {"nginx": {"stableIngress": service.name, **_nginx_tester_header(service)}}
        case "istio":
            return {"istio": {"virtualService": {"name": service.name, "routes": [PRIMARY_ROUTE]}}}
        case "alb":
            return {"alb": {"ingress": service.name, "rootService": service.name, "servicePort": service.port}}
        case "none":
            return {}


def _nginx_tester_header(service: Service) -> dict[str, Any]:
    header = service.traffic.tester_header
    if header is None:
        return {}
    # The controller puts nginx's own prefix before these.
    annotations = {"canary-by-header": header.name, "canary-by-header-value": header.value}
    return {"additionalIngressAnnotations": annotations}


def _plain_ingress(service: Service, metadata: Metadata) -> Manifest:
    backend = {"name": service.name, "port": {"name": HTTP_PORT}}
    return _ingress(service, metadata, service.traffic.ingress_class, _every_path(backend))


def _nginx_ingress(service: Service, metadata: Metadata) -> Manifest:
    """Argo Rollouts copies the rules whose backend is the stable Service into the canary's Ingress, its own."""
    backend = {"name": service.stable_service, "port": {"name": HTTP_PORT}}
    return _ingress(service, metadata, service.traffic.ingress_class or "nginx", _every_path(backend))


def _alb_ingress(service: Service, metadata: Metadata) -> Manifest:
    """The annotation with the weights is not among those given here: Argo Rollouts adds it and owns it.

    Given here it would have to be ignored, and Pulumi's provider cannot ignore it: it splits paths at each dot, also
    at those in the annotation's name.
    """
    backend = {"name": service.name, "port": {"name": ALB_USES_ANNOTATION}}
    # Argo Rollouts puts a path of this type first for the tester header, and the load balancer asks paths of the type
    # Prefix before those of this type.
    path = {"path": "/*", "pathType": "ImplementationSpecific", "backend": {"service": backend}}
    return _ingress(service, metadata, service.traffic.ingress_class or "alb", path, ALB_ANNOTATIONS)


def _every_path(backend: dict[str, Any]) -> dict[str, Any]:
    return {"path": "/", "pathType": "Prefix", "backend": {"service": backend}}


def _ingress(
    service: Service,
    metadata: Metadata,
    ingress_class: str | None,
    path: dict[str, Any],
    annotations: dict[str, str] | None = None,
) -> Manifest:
    tls = service.tls
    issuer = {CLUSTER_ISSUER: tls.issuer} if tls and tls.issuer else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        # It is ready only once a load balancer has an address, which is not for this program to wait for.
        "metadata": _annotated(service, metadata, defaults=annotations, fixed={**issuer, **SKIP_AWAIT}),
        "spec": {
            **({"ingressClassName": ingress_class} if ingress_class else {}),
            "rules": [{"host": host, "http": {"paths": [path]}} for host in service.hosts],
            **({"tls": [{"hosts": list(service.hosts), "secretName": tls.secret}]} if tls else {}),
        },
    }


def _plain_http_route(service: Service, metadata: Metadata) -> Manifest:
    return _http_route(service, metadata, [_backend_ref(service, service.name)])


def _weighted_http_route(service: Service, metadata: Metadata) -> Manifest:
    stable = {**_backend_ref(service, service.stable_service), "weight": 100}
    canary = {**_backend_ref(service, service.canary_service), "weight": 0}
    return _http_route(service, metadata, [stable, canary])


def _http_route(service: Service, metadata: Metadata, backend_refs: list[dict[str, Any]]) -> Manifest:
    gateway = service.traffic.gateway
    assert gateway is not None  # the catalog asks for one
    parent = {"name": gateway.name, "namespace": gateway.namespace, "sectionName": gateway.listener}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": _annotated(service, metadata),
        "spec": {
            "parentRefs": [{key: value for key, value in parent.items() if value}],
            "hostnames": list(service.hosts),
            "rules": [{"backendRefs": backend_refs}],
        },
    }


def _backend_ref(service: Service, name: str) -> dict[str, Any]:
    return {"name": name, "port": service.port}


def _virtual_service(service: Service, namespace: str, metadata: Metadata) -> Manifest:
    """For requests from the mesh under the service's own name, and with a gateway for those from outside as well.

    The mesh is there in both cases: calls within the cluster, too, are then split by weight and not by pods.
    """
    gateway = service.traffic.gateway
    outside = [f"{gateway.namespace or namespace}/{gateway.name}"] if gateway else []
    # Without a port: these Services have but one, and what is written here stays as it is, whatever the port becomes.
    stable = {"destination": {"host": service.stable_service}, "weight": 100}
    canary = {"destination": {"host": service.canary_service}, "weight": 0}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": _annotated(service, metadata),
        "spec": {
            "hosts": list(dict.fromkeys([*service.hosts, service.name])),
            "gateways": [*outside, "mesh"],
            "http": [{"name": PRIMARY_ROUTE, "route": [stable, canary]}],
        },
    }


def _annotated(
    service: Service,
    metadata: Metadata,
    *,
    defaults: dict[str, str] | None = None,
    fixed: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The object's metadata; the owner's annotations win over `defaults`, and nothing over `fixed`."""
    meta = metadata(service.name)
    annotations = {**(defaults or {}), **meta.get("annotations", {}), **service.traffic.annotations, **(fixed or {})}
    return {**meta, **({"annotations": annotations} if annotations else {})}
