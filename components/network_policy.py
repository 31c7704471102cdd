"""Who may open a connection to a service's pods."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.services import Service
from catalog.traffic import Network, Peer, PeerNamespace, PeerService
from components.naming import metrics_port, object_metadata

HBONE_PORT = 15008
"""Where Istio's ambient mode brings requests into a pod, whichever of its ports they are for. Pods with a sidecar are
called there too, by those that have none (Istio's page on ambient and NetworkPolicy)."""

AMBIENT_PROBES = "169.254.7.127/32"
"""Where the kubelet's probes come from in that mode (the same page): an address that only the pod's own node has."""


@dataclass(frozen=True)
class Surroundings:
    """Who else there is: the labels of each service's pods, by its name, and the namespace that Prometheus runs in."""

    pod_selectors: Mapping[str, Mapping[str, str]]
    monitoring_namespace: str


def network_policy(service: Service, namespace: str, network: Network, around: Surroundings) -> dict[str, Any]:
    """Lets the named callers in to the service's port, and Prometheus to its metrics; nobody else.

    The kubelet's probes come from the pod's own node, which Kubernetes always lets in; in a mesh they may come from an
    address that only Istio gives to that node.
    """
    callers = [peer for each in network.allowed if (peer := _peer(each, around)) is not None]
    _, metrics = metrics_port(service)
    prometheus = {"namespaceSelector": _in_namespace(around.monitoring_namespace)}
    mesh = [HBONE_PORT] if service.traffic.router == "istio" else []
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": object_metadata(service, namespace),
        "spec": {
            "podSelector": {"matchLabels": service.pod_selector},
            "policyTypes": ["Ingress"],
            "ingress": [
                # A rule from nobody would be one from everybody.
                *([_rule(callers, service.serving_port, *mesh)] if callers else []),
                _rule([prometheus], metrics, *mesh),
                *([{"from": [{"ipBlock": {"cidr": AMBIENT_PROBES}}]}] if mesh else []),
            ],
        },
    }


def _rule(callers: list[dict[str, Any]], *ports: int) -> dict[str, Any]:
    return {"from": callers, "ports": [{"port": port, "protocol": "TCP"} for port in ports]}


def _peer(peer: Peer, around: Surroundings) -> dict[str, Any] | None:
    """The peer as Kubernetes has it; None for a service that is switched off here and has no pods."""
    if isinstance(peer, PeerService):
        selector = around.pod_selectors.get(peer.service)
        return None if selector is None else {"podSelector": {"matchLabels": dict(selector)}}
    if isinstance(peer, PeerNamespace):
        pods = {"podSelector": {"matchLabels": peer.labels}} if peer.labels else {}
        return {"namespaceSelector": _in_namespace(peer.namespace), **pods}
    return {"ipBlock": {"cidr": peer.cidr}}


def _in_namespace(name: str) -> dict[str, Any]:
    """By the label that the API server itself gives to every namespace."""
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}
