"""How requests reach a service: hosts, the router that splits them, and who may call."""

import ipaddress
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, Tag, WithJsonSchema

from catalog.model import KIND, Model, variant
from catalog.texts import Annotations, DnsLabel, Form, Labels, LabelValue, ObjectName, shown

Router = Literal["none", "gatewayApi", "nginx", "istio", "alb"]


class Gateway(Model):
    """Which Gateway requests come in by; of an `istio` router an Istio Gateway, otherwise one of the Gateway API.

    `namespace` is the service's own and `listener` is every listener where left out.
    """

    name: ObjectName
    namespace: DnsLabel | None = None
    listener: DnsLabel | None = None


_TesterHeaderName = Annotated[str, Form(r"[A-Za-z0-9][-A-Za-z0-9]*", "the name of an HTTP header", "X-Canary")]
_TesterHeaderValue = Annotated[
    str, Form(r"[-.\w]{1,100}", "a header's value (letters, digits, '-', '_' and '.')", "always")
]


class TesterHeader(Model):
    """Requests with this header go to the canary whatever its weight, so that testers see it first."""

    name: _TesterHeaderName
    value: _TesterHeaderValue


class Traffic(Model):
    """Who splits the traffic between stable and canary.

    Without a router (`none`) the weight is the ratio of pods. A router splits the requests for the service's `hosts`
    exactly. `ingress_class` is that of the Ingress (where left out: the router's name, and without a router the
    cluster's default); `annotations` go onto the Ingress, HTTPRoute or VirtualService.
    """

    router: Router
    ingress_class: ObjectName | None = None
    gateway: Gateway | None = None
    tester_header: TesterHeader | None = None
    annotations: Annotations = Field(default_factory=dict)


class Tls(Model):
    """The certificate of an Ingress's hosts: in a `secret` that exists, or that an `issuer` of cert-manager fills."""

    secret: ObjectName
    issuer: ObjectName | None = None


class PeerService(Model):
    """The pods of another service of this file may call."""

    service: DnsLabel


class PeerNamespace(Model):
    """The pods of a namespace may call, or those of them with certain `labels`."""

    namespace: DnsLabel
    labels: Labels = Field(default_factory=dict)


def _network(value: object) -> str:
    try:
        if isinstance(value, str):
            return str(ipaddress.ip_network(value))
    except ValueError as error:
        raise ValueError(f"{shown(value)} is not a network (such as 10.0.0.0/8): {error}") from None
    raise ValueError(f"{shown(value)} is not a network (such as 10.0.0.0/8)")


class PeerNetwork(Model):
    """Addresses outside the cluster, or those of nodes and load balancers, may call."""

    cidr: Annotated[str, BeforeValidator(_network), WithJsonSchema({"type": "string", "description": "10.0.0.0/8"})]


Peer = Annotated[
    Annotated[PeerService, Tag(f"{KIND}service")]
    | Annotated[PeerNamespace, Tag(f"{KIND}namespace")]
    | Annotated[PeerNetwork, Tag(f"{KIND}cidr")],
    variant("a peer", "service", "namespace", "cidr"),
]


class Network(Model):
    """Who may call the service; everybody, where it says nothing.

    Prometheus may always read the metrics. Whoever else calls, the router included, must be named.
    """

    allowed: list[Peer] = Field(alias="from", min_length=1)


Team = LabelValue
"""The people who own a service: a label on its objects and alerts, and where its notifications go."""
