"""Whether requests would go another way after an adoption."""

import copy
from typing import Any

import pytest

from cli.adopting.plan import Planned
from cli.adopting.traffic import moved

Manifest = dict[str, Any]

PODS = [
    {"metadata": {"name": f"a-{number}", "labels": {"app": "a", "app.kubernetes.io/name": "a-api"}}}
    for number in range(2)
] + [{"metadata": {"name": "b-0", "labels": {"app": "b"}}}]
TEMPLATE = {
    "spec": {
        "containers": [
            {"name": "main", "ports": [{"name": "http", "containerPort": 8000}, {"containerPort": 9000}]},
            {"name": "proxy"},
        ]
    }
}


def manifest(kind: str, spec: Manifest, **annotations: str) -> Manifest:
    metadata = {"name": "a-api", "namespace": "apis", "annotations": annotations}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec}


def service(**spec: Any) -> Manifest:
    plain = {"selector": {"app": "a"}, "ports": [{"port": 8006, "protocol": "TCP", "targetPort": 8000}]}
    return manifest("Service", {**plain, **spec})


def told(before: Manifest | None, after: Manifest, template: Manifest | None = TEMPLATE) -> list[str]:
    return list(moved(Planned(after, before, after if before else None), template, PODS))


@pytest.mark.parametrize(
    "after",
    [
        service(),
        service(ports=[{"port": 8006, "name": "http", "targetPort": "http"}]),
        service(ports=[{"port": 8006, "targetPort": 8000}, {"port": 9000}]),
        service(selector={"app.kubernetes.io/name": "a-api"}),
    ],
    ids=["the same", "the port by its name", "one port more", "the same pods by another label"],
)
def test_a_service_that_leads_to_the_same_pods_and_ports_is_no_other(after: Manifest) -> None:
    assert told(service(), after) == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (service(selector={"app": "b"}), "would choose 1 pods instead of 2"),
        (service(selector={}), "would choose 0 pods instead of 2"),
        (service(ports=[{"port": 80, "targetPort": 8000}]), "would have no port 8006 any more"),
        (
            service(ports=[{"port": 8006, "targetPort": "web"}]),
            "port 8006 would lead to web in the pods that run instead of 8000",
        ),
        (service(ports=[{"port": 8006}]), "port 8006 would lead to 8006 in the pods that run instead of 8000"),
        (service(type="NodePort"), "spec.type would become 'NodePort' instead of None"),
    ],
)
def test_a_service_that_leads_elsewhere_is_told_with_the_way_to_keep_it(after: Manifest, expected: str) -> None:
    (line,) = told(service(), after)
    assert line.startswith(expected)
    assert "patch: {service" in line or "selectorLabels" in line


def test_a_port_that_others_may_know_by_its_name_keeps_it() -> None:
    before = service(ports=[{"port": 8006, "name": "web", "appProtocol": "h2c", "targetPort": 8000}])
    name, protocol = told(before, service(ports=[{"port": 8006, "name": "http", "targetPort": 8000}]))
    assert name.startswith("port 8006 would have the name 'http' instead of 'web'")
    assert protocol.startswith("port 8006 would have the appProtocol None instead of 'h2c'")


def test_annotations_that_load_balancers_and_dns_go_by_are_kept() -> None:
    plain = {"selector": {"app": "a"}, "ports": [{"port": 8006, "targetPort": 8000}]}
    before = manifest("Service", plain, **{"example.com/hostname": "a.example.com", "prometheus.io/scrape": "true"})
    (line,) = told(before, manifest("Service", plain))
    assert line.startswith("would lose or change the annotations example.com/hostname, ")


def test_a_service_without_pods_that_run_is_not_asked_for_its_ports() -> None:
    assert told(service(), service(ports=[{"port": 8006, "targetPort": "web"}]), None) == []


@pytest.mark.parametrize("kind", ["Ingress", "HTTPRoute", "VirtualService", "NetworkPolicy"])
def test_what_leads_requests_comes_neither_anew_nor_otherwise(kind: str) -> None:
    here = manifest(kind, {"rules": [1]}, **{"nginx.ingress.kubernetes.io/x": "1"})
    (anew,) = told(None, here)
    assert anew.startswith("is not there yet, and would lead or stop requests")
    (otherwise,) = told(here, manifest(kind, {"rules": [2]}))
    assert otherwise.startswith("would lead requests otherwise (spec, metadata.annotations)")
    of_helm = {"meta.helm.sh/release-name": "a", "pulumi.com/patchFieldManager": "b"}
    assert told(here, manifest(kind, {"rules": [1]}, **{"nginx.ingress.kubernetes.io/x": "1"}, **of_helm)) == []


def rollout(**canary: Any) -> Manifest:
    return manifest("Rollout", {"strategy": {"canary": canary}})


def test_a_rollout_splits_its_requests_as_before() -> None:
    split = {"canaryService": "c", "stableService": "s", "trafficRouting": {"nginx": {"stableIngress": "a-api"}}}
    assert told(rollout(steps=[], **split), rollout(steps=[1], **split)) == []
    lines = told(rollout(**split), rollout())
    assert len(lines) == 3
    assert lines[0].startswith("spec.strategy.canary.trafficRouting would become None instead of {'nginx'")


def test_only_canaries_can_be_adopted() -> None:
    blue_green = rollout()
    blue_green["spec"]["strategy"] = {"blueGreen": {}}
    (line,) = told(blue_green, rollout())
    assert line.startswith("has the strategy blueGreen")


def test_an_object_that_nobody_calls_by_is_no_traffic() -> None:
    before = manifest("ServiceMonitor", {"endpoints": [1]})
    after = copy.deepcopy(before)
    after["spec"] = {}
    assert told(before, after) == []
