"""The objects of every router, judged by those who decide: the API server with the routers' kinds, and Argo's lint."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import program
from catalog.catalog_file import load_catalog
from catalog.stack_file import load_stack_file
from cli.recording import record
from cli.rendering import rendered_files
from local import programs
from local.programs.registry import Module, load_registry
from local.state import CHECKOUT, State
from tests.engine.judges import ApiServer, Lint, Object, objects_in, services_of
from tests.engine.router_definitions import provide_router_definitions
from tests.pages import documents_with

Way = dict[str, Any]
"""What an entry says of how requests reach its service."""

NAMESPACE = "routers"
GATEWAY = {"name": "public", "namespace": "gateways"}
LISTENER = {**GATEWAY, "listener": "https"}
TESTERS = {"testerHeader": {"name": "X-Canary", "value": "tester-1"}}
TLS = {"tls": {"secret": "certificate", "issuer": "letsencrypt"}}
CALLERS = {"network": {"from": [{"namespace": "gateways"}, {"cidr": "10.0.0.0/8"}]}}
ANNOTATED = {"annotations": {"example.com/owner": "team a"}}

WAYS: dict[str, tuple[Way, list[str]]] = {
    "no router": ({"traffic": {}}, ["Ingress"]),
    "no router, encrypted": ({"traffic": {"ingressClass": "public", **ANNOTATED}, **TLS}, ["Ingress"]),
    "no router behind a gateway": ({"traffic": {"gateway": LISTENER, **ANNOTATED}}, ["HTTPRoute"]),
    "gatewayApi": ({"traffic": {"router": "gatewayApi", "gateway": {"name": "public"}}}, ["HTTPRoute"]),
    "gatewayApi with testers": ({"traffic": {"router": "gatewayApi", "gateway": LISTENER, **TESTERS}}, ["HTTPRoute"]),
    "nginx": ({"traffic": {"router": "nginx"}}, ["Ingress"]),
    "nginx with testers": ({"traffic": {"router": "nginx", "ingressClass": "internal", **TESTERS}, **TLS}, ["Ingress"]),
    "istio in the mesh": ({"hosts": [], "traffic": {"router": "istio", **ANNOTATED}}, ["VirtualService"]),
    "istio behind a gateway": ({"traffic": {"router": "istio", "gateway": GATEWAY, **TESTERS}}, ["VirtualService"]),
    "istio, for few callers": ({"hosts": [], "traffic": {"router": "istio"}, **CALLERS}, ["VirtualService"]),
    "alb": ({"traffic": {"router": "alb"}}, ["Ingress"]),
    "alb with testers": ({"traffic": {"router": "alb", **TESTERS, **ANNOTATED}}, ["Ingress"]),
}
"""Each way to reach a service, and the kinds of objects that it takes besides Services."""

ROUTER_KINDS = {"Ingress", "HTTPRoute", "VirtualService"}


@pytest.fixture(scope="module")
def api_server(embedded_cluster: State) -> Iterator[ApiServer]:
    """The real API server, with the kinds of the Gateway API and of Istio."""
    provide_router_definitions(embedded_cluster)
    server = ApiServer(embedded_cluster)
    yield server
    server.close()


@pytest.fixture
def lint(tmp_path: Path) -> Lint:
    return Lint(programs.ensure(["kubectl-argo-rollouts"], lambda _: None)["kubectl-argo-rollouts"], tmp_path)


def objects_with(way: Way, folder: Path) -> list[Object]:
    """Every object of the nine services where all of them are reached in this way."""
    document = yaml.safe_load((CHECKOUT / "services.yaml").read_text(encoding="utf-8"))
    for name, entry in document["services"].items():
        entry |= {"hosts": [f"{name}.example.com", f"*.{name}.example.com"], **copy.deepcopy(way)}
    file = folder / "services.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    settings = load_stack_file(CHECKOUT, "dev").model_copy(update={"namespace": NAMESPACE})
    catalog = load_catalog(file, "dev", ("dev", "local", "prod"))
    _, recording = record(lambda: program.build(settings, catalog), stack="dev")
    return [each for each in objects_in(rendered_files(recording)) if each["metadata"].get("namespace") == NAMESPACE]


def named(objects: list[Object]) -> dict[str, Object]:
    return {f"{each['kind']} {each['metadata']['name']}": each for each in objects}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_the_router_the_objects_of_nine_services_pass_the_api_server_and_argos_lint(
    way: str, api_server: ApiServer, lint: Lint, tmp_path: Path
) -> None:
    said, kinds = WAYS[way]
    objects = objects_with(said, tmp_path)
    assert [each["kind"] for each in objects if each["kind"] in ROUTER_KINDS] == kinds * 9
    assert api_server.refusals(named(objects)) == {}
    services = services_of(objects)
    assert len(services) == 9
    assert lint.refusals(services) == {}


def with_an_address_for_a_host(ingress: Object) -> None:
    ingress["spec"]["rules"][0]["host"] = "10.0.0.1"


def with_a_host_that_is_too_long(ingress: Object) -> None:
    ingress["spec"]["rules"][0]["host"] = ".".join(["a" * 50] * 5)


def with_two_classes(ingress: Object) -> None:
    ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"] = "another"


def with_too_many_hosts(route: Object) -> None:
    route["spec"]["hostnames"] = [f"{number}.example.com" for number in range(17)]


@pytest.mark.parametrize(
    ("way", "spoil", "told"),
    [
        ("nginx", with_an_address_for_a_host, "must be a DNS name, not an IP address"),
        ("nginx", with_a_host_that_is_too_long, "must be no more than 253"),
        ("nginx", with_two_classes, "must match `ingressClassName`"),
        ("gatewayApi", with_too_many_hosts, "must have at most 16 items"),
    ],
)
def test_what_the_catalog_refuses_of_hosts_and_annotations_the_api_server_would_refuse_too(
    way: str, spoil: Callable[[Object], None], told: str, api_server: ApiServer, tmp_path: Path
) -> None:
    objects = objects_with(WAYS[way][0], tmp_path)
    spoilt = copy.deepcopy(next(each for each in objects if each["kind"] in ROUTER_KINDS))
    spoil(spoilt)
    assert told in api_server.refusals({"spoilt": spoilt})["spoilt"]


def test_lint_reads_the_object_of_a_router_and_not_the_rollout_alone(
    api_server: ApiServer, lint: Lint, tmp_path: Path
) -> None:
    objects = copy.deepcopy(services_of(objects_with(WAYS["istio in the mesh"][0], tmp_path))["seedtest-api"])
    route = next(each for each in objects if each["kind"] == "VirtualService")["spec"]["http"][0]
    route["route"][1]["destination"]["host"] = "another-canary"
    assert (
        "Canary Service 'seedtest-api-canary' not found in route"
        in lint.refusals({"seedtest-api": objects})["seedtest-api"]
    )


def test_what_a_controller_without_the_plugin_is_given_is_accepted(api_server: ApiServer) -> None:
    objects = named(documents_with("kind", "traffic.md"))
    assert [name.split()[0] for name in objects] == ["ConfigMap", "ClusterRole"]
    assert api_server.refusals(objects) == {}


@pytest.mark.parametrize("name", ["gateway-api", "istio"])
def test_the_routers_own_definitions_come_from_a_module_pinned_by_a_checksum(name: str) -> None:
    source = load_registry().manifest(name).source
    assert isinstance(source, Module)
    assert f"{source.module} {source.module_version} h1:" in (source.family.folder / "go.sum").read_text()
