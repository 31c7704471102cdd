"""What lies between hosts, routers, gateways and callers."""

import ipaddress
from collections.abc import Iterator

from catalog.patch import Patch
from catalog.problems import Fault
from catalog.quantities import Duration
from catalog.services import Service
from catalog.traffic import PeerNamespace, PeerNetwork, PeerService

INGRESS_ROUTERS = ("nginx", "alb")
"""The routers that find their hosts in an Ingress."""

GATEWAY_ROUTERS = ("gatewayApi", "istio")
"""The routers that requests reach by a Gateway."""

_MOST_HOSTNAMES = 16
"""How many hosts an HTTPRoute may name."""

_LONGEST_HOST = 253

_LONGEST_ALB_HEADER = 40
"""How long the name of a header may be that a rule of an AWS load balancer matches."""

ALB_TARGET_TYPE, ALB_TARGETS = "alb.ingress.kubernetes.io/target-type", "ip"
"""Where an Ingress says what an ALB sends its requests to, and what it is where the owner says nothing: pods."""

_ALB_HEARS_AFTER = Duration(30)
"""Seconds. With 5 and with 15 people saw requests fail, with 25 to 60 none or hardly any (issues 1064 and 2106 of
kubernetes-sigs/aws-load-balancer-controller)."""


def faults(service: Service) -> Iterator[Fault]:
    """Every contradiction in how requests reach `service`."""
    yield from _router(service)
    yield from _hosts(service)
    yield from _annotations(service)
    yield from _network(service)
    yield from _patches(service)


def serves_ingress(service: Service) -> bool:
    """Whether the service's hosts are served by an Ingress."""
    if service.traffic.router in INGRESS_ROUTERS:
        return True
    return service.traffic.router == "none" and bool(service.hosts) and service.traffic.gateway is None


def serves_http_route(service: Service) -> bool:
    """Whether its hosts are served by an HTTPRoute of the Gateway API."""
    if service.traffic.router == "gatewayApi":
        return True
    return service.traffic.router == "none" and bool(service.hosts) and service.traffic.gateway is not None


def _router(service: Service) -> Iterator[Fault]:
    traffic, router = service.traffic, service.traffic.router
    if router in (*INGRESS_ROUTERS, "gatewayApi") and not service.hosts:
        yield "hosts", f"router {router} needs at least one host to answer to (such as [api.example.com])"
    if router == "istio" and traffic.gateway and not service.hosts:
        yield "hosts", "requests come in by a gateway, so it needs at least one host to answer to; or leave gateway out"
    if router == "gatewayApi" and traffic.gateway is None:
        yield "traffic.gateway", "router gatewayApi needs the Gateway its routes belong to (such as {name: public})"
    if router == "none" and traffic.gateway and not service.hosts:
        yield "traffic.gateway", "without hosts nothing is served by it; give hosts, or leave it out"
    if router in INGRESS_ROUTERS and traffic.gateway:
        yield "traffic.gateway", f"router {router} works with an Ingress; leave it out, or use another router"
    if traffic.gateway and traffic.gateway.listener and router == "istio":
        yield "traffic.gateway.listener", "an Istio Gateway has no listeners to choose from; leave it out"
    if traffic.ingress_class and not serves_ingress(service):
        yield "traffic.ingressClass", "this service has no Ingress; leave it out"
    if traffic.tester_header and not service.is_routed:
        yield "traffic.testerHeader", "needs a router that reads headers; set traffic.router, or leave it out"
    if traffic.tester_header and router == "alb" and len(traffic.tester_header.name) > _LONGEST_ALB_HEADER:
        yield "traffic.testerHeader.name", f"is longer than the {_LONGEST_ALB_HEADER} characters that an ALB matches"
    if traffic.annotations and not service.hosts and router != "istio":
        yield "traffic.annotations", "without hosts there is no object to carry them; give hosts, or leave them out"


def _annotations(service: Service) -> Iterator[Fault]:
    traffic, router = service.traffic, service.traffic.router
    for key in traffic.annotations:
        path = f"traffic.annotations.{key}"
        if key == "kubernetes.io/ingress.class" and (traffic.ingress_class or router in INGRESS_ROUTERS):
            yield path, "is the old way to choose the class, and may contradict the new; set traffic.ingressClass"
        elif router == "nginx" and key.startswith("nginx.ingress.kubernetes.io/canary"):
            yield path, "is for the canary's own Ingress, which Argo Rollouts makes; leave it out"
        elif router == "alb" and key == f"alb.ingress.kubernetes.io/actions.{service.name}":
            yield path, "is written by Argo Rollouts, which keeps the weights there; leave it out"


def _hosts(service: Service) -> Iterator[Fault]:
    for index, host in enumerate(service.hosts):
        if host in service.hosts[:index]:
            yield f"hosts[{index}]", f"{host} stands here twice"
        if len(host) > _LONGEST_HOST:
            yield f"hosts[{index}]", f"has {len(host)} characters (a host name has at most {_LONGEST_HOST})"
        if _is_address(host):
            yield f"hosts[{index}]", f"{host} is an address; a router tells services apart by the names of hosts"
    if len(service.hosts) > _MOST_HOSTNAMES and serves_http_route(service):
        yield "hosts", f"an HTTPRoute names at most {_MOST_HOSTNAMES} hosts, and here are {len(service.hosts)}"
    if service.tls and not service.hosts:
        yield "tls", "without hosts there is nothing to encrypt; give hosts, or leave it out"
    elif service.tls and not serves_ingress(service):
        yield "tls", "the Gateway holds the certificate of its hosts; give it there, and leave it out here"
    elif service.tls and service.traffic.router == "alb":
        yield (
            "tls",
            "an ALB reads no Secret, its certificates are AWS's own; leave it out, and name one in traffic.annotations "
            "(alb.ingress.kubernetes.io/certificate-arn)",
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _network(service: Service) -> Iterator[Fault]:
    if service.network is None:
        return
    peers = service.network.allowed
    if service.hosts and all(isinstance(peer, PeerService) for peer in peers):
        yield (
            "network.from",
            "names neither a namespace nor a cidr, so requests for its hosts would be cut off; add the router's "
            "(such as {namespace: ingress-nginx})",
        )
        return
    if service.traffic.router == "alb" and not any(isinstance(peer, PeerNetwork) for peer in peers):
        yield "network.from", "names no cidr, and an ALB calls from addresses; add those of its subnets"


def cautions(service: Service) -> Iterator[Fault]:
    """What works, and may still cut requests off, or never arrive."""
    yield from _unnamed_gateway(service)
    yield from _late_news(service)
    yield from _kept_weights(service)


def _unnamed_gateway(service: Service) -> Iterator[Fault]:
    """A Gateway's proxies mostly run in its namespace; those of Envoy Gateway, and Istio's own, may run in another."""
    gateway, peers = service.traffic.gateway, service.network.allowed if service.network else []
    if not gateway or not gateway.namespace or any(isinstance(peer, PeerNetwork) for peer in peers):
        return
    namespaces = [peer.namespace for peer in peers if isinstance(peer, PeerNamespace)]
    if namespaces and gateway.namespace not in namespaces:
        yield (
            "network.from",
            f"does not name the namespace of the Gateway; unless its proxies run in {' or '.join(namespaces)}, add "
            f"{{namespace: {gateway.namespace}}}, or requests for the hosts are cut off",
        )


def _late_news(service: Service) -> Iterator[Fault]:
    """Pods that end before the load balancer that calls them by their addresses has heard of it."""
    traffic, drain = service.traffic, service.shutdown.drain
    if traffic.router != "alb" or traffic.annotations.get(ALB_TARGET_TYPE, ALB_TARGETS) != ALB_TARGETS:
        return
    if drain is None or drain < _ALB_HEARS_AFTER:
        yield (
            "shutdown.drain",
            f"{drain or 'nothing'} is too short for an ALB, which AWS tells of a pod's end and which calls it until "
            f"then; use {_ALB_HEARS_AFTER} or more, and a shutdown.grace that is longer by what requests take",
        )


def _kept_weights(service: Service) -> Iterator[Fault]:
    """What is applied once and never again, since the controller keeps the weights there."""
    for field, part in (("http_route", "rules"), ("virtual_service", "http")):
        if service.is_routed and part in (getattr(service.patch, field).get("spec") or {}):
            yield (
                f"patch.{Patch.model_fields[field].alias}.spec.{part}",
                "is applied when the object is made and never again: Argo Rollouts keeps the weights there; after a "
                "change delete the object, then run up",
            )


def _patches(service: Service) -> Iterator[Fault]:
    there = {
        "service": True,
        "service_monitor": True,
        "prometheus_rule": True,
        "analysis_template": True,
        "rollout": True,
        "canary_service": service.is_routed,
        "stable_service": service.is_routed,
        "ingress": serves_ingress(service),
        "http_route": serves_http_route(service),
        "virtual_service": service.traffic.router == "istio",
        "horizontal_pod_autoscaler": service.autoscaling is not None,
        "pod_disruption_budget": service.has_disruption_budget,
        "network_policy": service.network is not None,
    }
    for field in sorted(service.patch.model_fields_set):
        spelt = Patch.model_fields[field].alias
        if not there[field]:
            yield f"patch.{spelt}", "this service has no such object; leave it out, or give what makes one"
        elif "selector" in (getattr(service.patch, field).get("spec") or {}):
            yield f"patch.{spelt}.spec.selector", "decides which pods belong to the service; set selectorLabels instead"
