"""What an entry may say of hosts, routers and callers, and what lies between those values."""

from pathlib import Path

import pytest

from catalog.traffic import PeerNetwork
from tests.unit.catalog_workbench import fault, faults, load, service, warnings

HOST = "hosts: [a.example.com]"


@pytest.mark.parametrize(
    "more",
    [
        HOST,
        f"{HOST}, traffic: {{ingressClass: public}}, tls: {{secret: a-tls, issuer: letsencrypt}}",
        f"{HOST}, traffic: {{gateway: {{name: public, namespace: gateways, listener: https}}}}",
        f"{HOST}, traffic: {{router: nginx, testerHeader: {{name: X-Canary, value: always}}}}",
        f"{HOST}, traffic: {{router: gatewayApi, gateway: {{name: public}}}}",
        f"{HOST}, traffic: {{router: alb}}",
        "traffic: {router: istio}",
        f"{HOST}, network: {{from: [{{namespace: ingress-nginx, labels: {{app: nginx}}}}]}}",
        "network: {from: [{service: a-api}]}",
    ],
)
def test_every_usual_way_to_a_service_is_accepted(tmp_path: Path, more: str) -> None:
    assert service(tmp_path, more).name == "a-api"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("traffic: {router: nginx}", "hosts: router nginx needs at least one host"),
        ("traffic: {router: traefik}", "traffic.router: 'traefik' is not one of 'none', 'gatewayApi'"),
        ("traffic: {router: istio, gateway: {name: a}}", "hosts: requests come in by a gateway"),
        (f"{HOST}, traffic: {{router: gatewayApi}}", "traffic.gateway: router gatewayApi needs the Gateway"),
        ("traffic: {gateway: {name: a}}", "traffic.gateway: without hosts nothing is served by it"),
        (
            f"{HOST}, traffic: {{router: alb, gateway: {{name: a}}}}",
            "traffic.gateway: router alb works",
        ),
        (
            f"{HOST}, traffic: {{router: istio, gateway: {{name: a, listener: b}}}}",
            "traffic.gateway.listener: an Istio Gateway has no listeners",
        ),
        ("traffic: {ingressClass: a}", "traffic.ingressClass: this service has no Ingress"),
        (f"{HOST}, traffic: {{testerHeader: {{name: A, value: b}}}}", "traffic.testerHeader: needs a router"),
        ("traffic: {annotations: {a: b}}", "traffic.annotations: without hosts there is no object"),
        ("hosts: [a.example.com, a.example.com]", "hosts[1]: a.example.com stands here twice"),
        ("hosts: ['https://a']", "hosts[0]: 'https://a' is not a host name"),
        ("tls: {secret: a}", "tls: without hosts there is nothing to encrypt"),
        (f"{HOST}, tls: {{secret: a}}, traffic: {{gateway: {{name: b}}}}", "tls: the Gateway holds the certificate"),
        (f"{HOST}, tls: {{secret: a}}, traffic: {{router: alb}}", "tls: an ALB reads no Secret"),
        ("network: {from: []}", "network.from: "),
        ("network: {from: [{servce: a}]}", "network.from[0]: {'servce': 'a'} is not a peer (one of"),
        ("network: {from: [{service: b-api}]}", "network.from[0].service: there is no service 'b-api'"),
        ("network: {from: [{cidr: 10.0.0.1/8}]}", "network.from[0].cidr: '10.0.0.1/8' is not a network"),
        (f"{HOST}, network: {{from: [{{service: a-api}}]}}", "network.from: names neither a namespace nor a cidr"),
        (f"{HOST}, traffic: {{router: alb}}, network: {{from: [{{namespace: a}}]}}", "network.from: names no cidr"),
    ],
)
def test_ways_that_lead_nowhere_are_refused(tmp_path: Path, more: str, told: str) -> None:
    assert fault(tmp_path, more).startswith(told)


BEHIND_A_GATEWAY = f"{HOST}, traffic: {{gateway: {{name: a, namespace: gateways}}}}"


def test_callers_without_the_namespace_of_the_gateway_are_a_warning_since_its_proxies_may_run_in_another(
    tmp_path: Path,
) -> None:
    (line,) = warnings(tmp_path, f"{BEHIND_A_GATEWAY}, network: {{from: [{{namespace: a}}, {{namespace: b}}]}}")
    assert line == (
        "network.from: does not name the namespace of the Gateway; unless its proxies run in a or b, add "
        "{namespace: gateways}, or requests for the hosts are cut off"
    )


@pytest.mark.parametrize("peer", ["{namespace: gateways}", "{cidr: 10.0.0.0/8}"])
def test_callers_among_whom_the_gateway_may_be_need_no_warning(tmp_path: Path, peer: str) -> None:
    assert warnings(tmp_path, f"{BEHIND_A_GATEWAY}, network: {{from: [{{namespace: a}}, {peer}]}}") == []


ALB = f"{HOST}, traffic: {{router: alb}}"


@pytest.mark.parametrize(
    ("shutdown", "told"), [("", "5s is"), (", shutdown: {drain: 29s}", "29s is"), (", shutdown: {drain: null}", "noth")]
)
def test_pods_that_end_before_an_alb_has_heard_of_it_are_a_warning(tmp_path: Path, shutdown: str, told: str) -> None:
    (line,) = warnings(tmp_path, f"{ALB}{shutdown}")
    assert line.startswith(f"shutdown.drain: {told}")
    assert "use 30s or more, and a shutdown.grace that is longer" in line


@pytest.mark.parametrize(
    "more",
    [
        f"{ALB}, shutdown: {{drain: 30s, grace: 1m}}",
        f"{HOST}, traffic: {{router: alb, annotations: {{alb.ingress.kubernetes.io/target-type: instance}}}}",
        f"{HOST}, traffic: {{router: nginx}}",
    ],
)
def test_pods_that_wait_long_enough_or_that_no_alb_calls_need_no_warning(tmp_path: Path, more: str) -> None:
    assert warnings(tmp_path, more) == []


def test_a_single_address_is_a_network_of_one(tmp_path: Path) -> None:
    network = service(tmp_path, "network: {from: [{cidr: 10.1.2.3}]}").network
    assert network is not None
    assert network.allowed == [PeerNetwork(cidr="10.1.2.3/32")]


def test_two_services_may_not_answer_to_the_same_host(tmp_path: Path) -> None:
    own = "project: A, port: 1, image: 'a:1', hosts: [a.example.com]"
    (told,) = faults(tmp_path, f"services: {{a-api: {{{own}}}, b-api: {{{own}}}}}")
    assert "services.b-api.hosts[0]: a.example.com is a host of 'a-api' too" in told


def test_a_caller_that_is_switched_off_here_is_still_a_service(tmp_path: Path) -> None:
    own = "project: A, port: 1, image: 'a:1'"
    text = f"services: {{a-api: {{{own}, network: {{from: [{{service: b-api}}]}}}}, b-api: {{{own}, enabled: false}}}}"
    assert [each.name for each in load(tmp_path, text).services] == ["a-api"]
