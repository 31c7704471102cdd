"""Who may open a connection to a service's pods."""

from pathlib import Path
from typing import Any

import pytest

from components.network_policy import Surroundings
from tests.unit.api_workbench import manifest, recorded
from tests.unit.catalog_workbench import load, service

PROMETHEUS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}


def ports(*numbers: int) -> list[dict[str, Any]]:
    return [{"port": number, "protocol": "TCP"} for number in numbers]


def test_everybody_may_call_a_service_that_says_nothing_of_it(tmp_path: Path, preview: bool) -> None:
    assert recorded(service(tmp_path, "enabled: true"), preview).of("NetworkPolicy") == []


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [
        (
            "{namespace: ingress-nginx}",
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}},
        ),
        (
            "{namespace: ingress-nginx, labels: {app: nginx}}",
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}},
                "podSelector": {"matchLabels": {"app": "nginx"}},
            },
        ),
        ("{cidr: 10.0.0.0/8}", {"ipBlock": {"cidr": "10.0.0.0/8"}}),
    ],
)
def test_a_named_caller_may_call_the_services_port_and_prometheus_read_its_metrics(
    tmp_path: Path, peer: str, allowed: dict[str, Any], preview: bool
) -> None:
    assert manifest(service(tmp_path, f"network: {{from: [{peer}]}}"), "NetworkPolicy", preview)["spec"] == {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "a-api", "app.kubernetes.io/instance": "a-api"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {"from": [allowed], "ports": ports(8001)},
            {"from": [PROMETHEUS], "ports": ports(8001)},
        ],
    }


def test_ports_are_those_of_the_pod_and_metrics_may_have_their_own(tmp_path: Path, preview: bool) -> None:
    more = "containerPort: 9001, metrics: {port: 9090}, network: {from: [{cidr: 10.0.0.0/8}]}"
    callers, prometheus = manifest(service(tmp_path, more), "NetworkPolicy", preview)["spec"]["ingress"]
    assert callers["ports"] == ports(9001)
    assert prometheus == {"from": [PROMETHEUS], "ports": ports(9090)}


def test_in_a_mesh_callers_and_prometheus_may_use_its_tunnel_and_the_kubelet_its_address(
    tmp_path: Path, preview: bool
) -> None:
    more = "metrics: {port: 9090}, traffic: {router: istio}, network: {from: [{cidr: 10.0.0.0/8}]}"
    assert manifest(service(tmp_path, more), "NetworkPolicy", preview)["spec"]["ingress"] == [
        {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": ports(8001, 15008)},
        {"from": [PROMETHEUS], "ports": ports(9090, 15008)},
        {"from": [{"ipBlock": {"cidr": "169.254.7.127/32"}}]},
    ]


TWO = """services:
  a-api: {project: A, port: 8001, image: 'a:1', network: {from: [{service: b-api}]}}
  b-api: {project: B, port: 8002, image: 'b:1', selectorLabels: {app: b}, environments: {live: {enabled: false}}}
"""


@pytest.mark.parametrize(
    ("environment", "callers"),
    [("dev", [{"from": [{"podSelector": {"matchLabels": {"app": "b"}}}], "ports": ports(8001)}]), ("live", [])],
)
def test_another_service_may_call_by_the_labels_of_its_pods_and_one_that_is_switched_off_opens_nothing(
    tmp_path: Path, environment: str, callers: list[dict[str, Any]], preview: bool
) -> None:
    catalog = load(tmp_path, TWO, environment)
    around = Surroundings({each.name: each.pod_selector for each in catalog.services}, "monitoring")
    found = manifest(catalog.services[0], "NetworkPolicy", preview, around=around)
    assert found["spec"]["ingress"] == [*callers, {"from": [PROMETHEUS], "ports": ports(8001)}]


def test_prometheus_is_let_in_from_where_it_runs(tmp_path: Path, preview: bool) -> None:
    found = service(tmp_path, "network: {from: [{cidr: 10.0.0.0/8}]}")
    policy = manifest(found, "NetworkPolicy", preview, around=Surroundings({}, "watchers"))
    (peer,) = policy["spec"]["ingress"][-1]["from"]
    assert peer == {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "watchers"}}}


def test_the_policy_is_there_before_the_pods(tmp_path: Path, preview: bool) -> None:
    recording = recorded(service(tmp_path, "network: {from: [{cidr: 10.0.0.0/8}]}"), preview)
    policy = recording.one("NetworkPolicy", "a-api")
    assert policy.urn in recording.one("Rollout", "a-api").depends_on
