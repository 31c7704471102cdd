"""How requests reach a service: the object of each router, and what Argo Rollouts is told of it."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from catalog.patch import Patch
from catalog.services import Service
from components.naming import object_metadata
from components.traffic import (
    TrafficObject,
    tester_step,
    traffic_objects,
    traffic_strategy,
    with_tester_step,
)
from tests.unit.catalog_workbench import fault
from tests.unit.catalog_workbench import service as service_of

HOST = "hosts: [a.example.com]"
GATEWAY = "gateway: {name: public, namespace: gateways, listener: https}"
TESTERS = "testerHeader: {name: X-Canary, value: me}"
STEP = {
    "setHeaderRoute": {
        "name": "tester-header",
        "match": [{"headerName": "X-Canary", "headerValue": {"exact": "me"}}],
    }
}
WITH_TESTERS = {
    "nginx": f"{HOST}, traffic: {{router: nginx, {TESTERS}}}",
    "gatewayApi": f"{HOST}, traffic: {{router: gatewayApi, {GATEWAY}, {TESTERS}}}",
    "istio": f"traffic: {{router: istio, {TESTERS}}}",
    "alb": f"{HOST}, traffic: {{router: alb, {TESTERS}}}",
}


def objects(service: Service) -> list[TrafficObject]:
    return traffic_objects(service, "apis", partial(object_metadata, service, "apis"))


def one(folder: Path, more: str) -> TrafficObject:
    (found,) = objects(service_of(folder, more))
    return found


def spec(folder: Path, more: str) -> dict[str, Any]:
    found: dict[str, Any] = one(folder, more).manifest["spec"]
    return found


def annotations(folder: Path, more: str) -> dict[str, str]:
    found: dict[str, str] = one(folder, more).manifest["metadata"].get("annotations", {})
    return found


def routing(folder: Path, more: str) -> dict[str, Any]:
    found: dict[str, Any] = traffic_strategy(service_of(folder, more))["trafficRouting"]
    return found


def test_a_service_without_hosts_and_router_has_nothing_but_its_services(tmp_path: Path) -> None:
    service = service_of(tmp_path, "replicas: 10")
    assert (objects(service), traffic_strategy(service), tester_step(service)) == ([], {}, None)


def test_hosts_without_a_router_are_served_by_an_ingress_of_the_clusters_default_class(tmp_path: Path) -> None:
    made = one(tmp_path, HOST)
    assert (made.manifest["kind"], made.patch, made.ignore_changes) == ("Ingress", "ingress", [])
    backend = {"service": {"name": "a-api", "port": {"name": "http"}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    assert made.manifest["spec"] == {"rules": [{"host": "a.example.com", "http": {"paths": paths}}]}


def test_hosts_without_a_router_but_with_a_gateway_are_served_by_a_route_to_every_pod(tmp_path: Path) -> None:
    made = one(tmp_path, f"{HOST}, traffic: {{{GATEWAY}}}")
    assert (made.manifest["kind"], made.patch, made.ignore_changes) == ("HTTPRoute", "http_route", [])
    assert made.manifest["spec"] == {
        "parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "https"}],
        "hostnames": ["a.example.com"],
        "rules": [{"backendRefs": [{"name": "a-api", "port": 8001}]}],
    }


@pytest.mark.parametrize("router", ["nginx", "gatewayApi", "istio", "alb"])
def test_every_router_is_told_of_both_services_and_carries_the_names_of_the_catalog(
    router: str, tmp_path: Path
) -> None:
    service = service_of(tmp_path, WITH_TESTERS[router])
    strategy = traffic_strategy(service)
    assert (strategy["canaryService"], strategy["stableService"]) == ("a-api-canary", "a-api-stable")
    (made,) = objects(service)
    assert made.manifest["metadata"]["name"] == "a-api"
    assert made.manifest["metadata"]["namespace"] == "apis"
    assert made.patch in Patch.model_fields


def test_a_route_of_the_gateway_api_begins_with_every_request_on_stable_and_is_then_argos(tmp_path: Path) -> None:
    made = one(tmp_path, f"{HOST}, traffic: {{router: gatewayApi, gateway: {{name: public}}}}")
    assert made.manifest["spec"]["parentRefs"] == [{"name": "public"}]
    assert made.manifest["spec"]["rules"] == [
        {
            "backendRefs": [
                {"name": "a-api-stable", "port": 8001, "weight": 100},
                {"name": "a-api-canary", "port": 8001, "weight": 0},
            ]
        }
    ]
    assert made.ignore_changes == ["spec.rules"]


def test_the_plugin_of_the_gateway_api_adds_routes_for_headers_only_where_there_are_testers(tmp_path: Path) -> None:
    plain = f"{HOST}, traffic: {{router: gatewayApi, {GATEWAY}}}"
    assert routing(tmp_path, plain) == {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoutes": [{"name": "a-api"}]}}}
    assert routing(tmp_path, WITH_TESTERS["gatewayApi"]) == {
        "plugins": {"argoproj-labs/gatewayAPI": {"httpRoutes": [{"name": "a-api", "useHeaderRoutes": True}]}},
        "managedRoutes": [{"name": "tester-header"}],
    }


def test_nginx_serves_the_stable_service_and_argo_makes_the_canarys_ingress(tmp_path: Path) -> None:
    made = one(tmp_path, f"{HOST}, traffic: {{router: nginx}}")
    rule = made.manifest["spec"]["rules"][0]["http"]["paths"][0]
    assert rule["backend"] == {"service": {"name": "a-api-stable", "port": {"name": "http"}}}
    assert made.manifest["spec"]["ingressClassName"] == "nginx"
    assert made.ignore_changes == []
    assert routing(tmp_path, f"{HOST}, traffic: {{router: nginx}}") == {"nginx": {"stableIngress": "a-api"}}


def test_testers_reach_an_nginx_canary_by_annotations_and_need_no_step(tmp_path: Path) -> None:
    assert routing(tmp_path, WITH_TESTERS["nginx"]) == {
        "nginx": {
            "stableIngress": "a-api",
            "additionalIngressAnnotations": {"canary-by-header": "X-Canary", "canary-by-header-value": "me"},
        }
    }
    assert tester_step(service_of(tmp_path, WITH_TESTERS["nginx"])) is None


def test_a_virtual_service_of_the_mesh_answers_to_the_services_own_name(tmp_path: Path) -> None:
    made = one(tmp_path, "traffic: {router: istio}")
    assert (made.patch, made.ignore_changes) == ("virtual_service", ["spec.http"])
    assert made.manifest["spec"] == {
        "hosts": ["a-api"],
        "gateways": ["mesh"],
        "http": [
            {
                "name": "primary",
                "route": [
                    {"destination": {"host": "a-api-stable"}, "weight": 100},
                    {"destination": {"host": "a-api-canary"}, "weight": 0},
                ],
            }
        ],
    }
    assert routing(tmp_path, "traffic: {router: istio}") == {
        "istio": {"virtualService": {"name": "a-api", "routes": ["primary"]}}
    }


@pytest.mark.parametrize(
    ("gateway", "known_as"), [("{name: g}", "apis/g"), ("{name: g, namespace: istio-system}", "istio-system/g")]
)
def test_with_a_gateway_a_virtual_service_splits_calls_from_outside_and_within_alike(
    gateway: str, known_as: str, tmp_path: Path
) -> None:
    found = spec(tmp_path, f"hosts: [a.example.com, a-api], traffic: {{router: istio, gateway: {gateway}}}")
    assert found["gateways"] == [known_as, "mesh"]
    assert found["hosts"] == ["a.example.com", "a-api"]


def test_an_alb_finds_its_weights_in_an_annotation_that_only_argo_writes(tmp_path: Path) -> None:
    plain = f"{HOST}, traffic: {{router: alb}}"
    path = spec(tmp_path, plain)["rules"][0]["http"]["paths"][0]
    assert path["backend"] == {"service": {"name": "a-api", "port": {"name": "use-annotation"}}}
    assert not [key for key in annotations(tmp_path, plain) if "/actions." in key]
    assert routing(tmp_path, plain) == {"alb": {"ingress": "a-api", "rootService": "a-api", "servicePort": 8001}}


def test_the_path_of_an_alb_is_of_the_type_that_lets_argos_path_for_testers_come_first(tmp_path: Path) -> None:
    path = spec(tmp_path, WITH_TESTERS["alb"])["rules"][0]["http"]["paths"][0]
    assert (path["path"], path["pathType"]) == ("/*", "ImplementationSpecific")


def test_the_rules_of_an_alb_are_left_alone_only_where_argo_adds_a_path_for_testers(tmp_path: Path) -> None:
    assert one(tmp_path, f"{HOST}, traffic: {{router: alb}}").ignore_changes == []
    assert one(tmp_path, WITH_TESTERS["alb"]).ignore_changes == ["spec.rules"]


@pytest.mark.parametrize("router", ["gatewayApi", "istio", "alb"])
def test_the_step_for_testers_names_a_route_that_argo_may_manage(router: str, tmp_path: Path) -> None:
    service = service_of(tmp_path, WITH_TESTERS[router])
    assert tester_step(service) == STEP
    assert traffic_strategy(service)["trafficRouting"]["managedRoutes"] == [{"name": "tester-header"}]


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        ([{"setWeight": 10}, {"pause": {}}, {"setWeight": 50}], 1),
        ([{"setCanaryScale": {"replicas": 1}}, {"pause": {}}, {"setWeight": 10}], 1),
        ([{"pause": {}}, {"setWeight": 10}, {"analysis": {}}], 2),
        ([{"setCanaryScale": {"matchTrafficWeight": True}}, {"setWeight": 10}, {"pause": {}}], 2),
        ([{"pause": {}}], 1),
    ],
)
def test_testers_get_their_route_as_soon_as_a_pod_of_the_canary_can_answer_them(
    steps: list[dict[str, Any]], place: int, tmp_path: Path
) -> None:
    service = service_of(tmp_path, WITH_TESTERS["istio"])
    assert with_tester_step(service, steps) == [*steps[:place], STEP, *steps[place:]]
    assert with_tester_step(service_of(tmp_path, WITH_TESTERS["nginx"]), steps) == steps


@pytest.mark.parametrize("more", ["", "traffic: {router: nginx}, "])
def test_the_certificate_of_an_ingress_covers_its_hosts_and_may_come_from_an_issuer(more: str, tmp_path: Path) -> None:
    tls = f"{HOST}, {more}tls: {{secret: a-tls, issuer: letsencrypt}}"
    assert spec(tmp_path, tls)["tls"] == [{"hosts": ["a.example.com"], "secretName": "a-tls"}]
    assert annotations(tmp_path, tls)["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert "tls" not in spec(tmp_path, f"{HOST}, {more}replicas: 10")


@pytest.mark.parametrize("router", ["none", "nginx", "alb"])
def test_an_ingress_is_of_the_class_that_its_owner_names_and_is_not_waited_for(router: str, tmp_path: Path) -> None:
    said = f"{HOST}, traffic: {{router: {router}, ingressClass: internal}}"
    assert spec(tmp_path, said)["ingressClassName"] == "internal"
    assert annotations(tmp_path, said)["pulumi.com/skipAwait"] == "true"


@pytest.mark.parametrize(
    "said",
    [HOST, *WITH_TESTERS.values()],
)
def test_every_objects_annotations_are_the_services_and_on_top_those_of_its_traffic(said: str, tmp_path: Path) -> None:
    both = "annotations: {example.com/a: service, example.com/b: service}"
    own = "annotations: {example.com/b: traffic}"
    with_traffic = (
        said.replace("traffic: {", f"traffic: {{{own}, ") if "traffic" in said else f"{said}, traffic: {{{own}}}"
    )
    found = annotations(tmp_path, f"{with_traffic}, {both}")
    assert (found["example.com/a"], found["example.com/b"]) == ("service", "traffic")


def test_what_an_alb_sends_requests_to_can_be_chosen(tmp_path: Path) -> None:
    key = "alb.ingress.kubernetes.io/target-type"
    assert annotations(tmp_path, f"{HOST}, traffic: {{router: alb}}")[key] == "ip"
    chosen = f"{HOST}, traffic: {{router: alb, annotations: {{{key}: instance}}}}"
    assert annotations(tmp_path, chosen)[key] == "instance"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("hosts: [10.0.0.1]", "hosts[0]: 10.0.0.1 is an address"),
        (f"hosts: [{'.'.join(['a' * 50] * 5)}]", "hosts[0]: has 254 characters"),
        (
            f"hosts: [{', '.join(f'a{number}.example.com' for number in range(17))}], traffic: {{{GATEWAY}}}",
            "hosts: an HTTPRoute names at most 16 hosts, and here are 17",
        ),
        (
            f"{HOST}, traffic: {{router: alb, testerHeader: {{name: {'X' * 41}, value: a}}}}",
            "traffic.testerHeader.name: is longer than the 40 characters",
        ),
        (
            f"{HOST}, traffic: {{router: nginx, annotations: {{kubernetes.io/ingress.class: nginx}}}}",
            "traffic.annotations.kubernetes.io/ingress.class: is the old way to choose the class",
        ),
        (
            f"{HOST}, traffic: {{router: nginx, annotations: {{nginx.ingress.kubernetes.io/canary-weight: '5'}}}}",
            "traffic.annotations.nginx.ingress.kubernetes.io/canary-weight: is for the canary's own Ingress",
        ),
        (
            f"{HOST}, traffic: {{router: alb, annotations: {{alb.ingress.kubernetes.io/actions.a-api: '{{}}'}}}}",
            "traffic.annotations.alb.ingress.kubernetes.io/actions.a-api: is written by Argo Rollouts",
        ),
    ],
)
def test_what_a_router_or_argo_would_choke_on_is_refused(more: str, told: str, tmp_path: Path) -> None:
    assert fault(tmp_path, more).startswith(told)
