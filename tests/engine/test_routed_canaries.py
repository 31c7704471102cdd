"""Canaries behind routers, for real: the Rollouts controller writes the weights, and `pulumi up` leaves them alone.

What the routers make of it is theirs: none of them runs here. The tests of this file share one stack of routed
services and go through one release in their order.
"""

import copy
import json
import subprocess
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from lightkube.core.exceptions import ApiError
from lightkube.resources.networking_v1 import Ingress

from local import programs
from local.state import EMBEDDED_CONTEXT, State
from local.waiting import wait_until
from tests.engine.router_definitions import VirtualService, provide_router_definitions
from tests.engine.stack import NAMESPACE, Edit, Stack, stack_of

ROUTED = ["nginx-api", "istio-api", "alb-api"]
HEADER = {"name": "X-Canary", "value": "tester"}
STEPS = [
    {"setCanaryScale": {"replicas": 1}},
    {"pause": "forever"},
    {"setWeight": 10},
    {"setCanaryScale": {"matchTrafficWeight": True}},
    {"pause": "forever"},
    {"setWeight": 50},
    {"pause": "forever"},
]
"""Testers first, then a tenth, then half; at each gate a person promotes."""

ACTION = "alb.ingress.kubernetes.io/actions."


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of three services, each behind another router, in their first version."""
    provide_router_definitions(embedded_cluster)
    stack = stack_of(embedded_cluster, tmp_path_factory.mktemp("routed"))
    stack.up(routed("1"))
    for name in ROUTED:
        stack.wait_for_phase(name, "Healthy")
    yield stack
    stack.destroy()


def routed(version: str, domains: Sequence[str] = ("example.com",), **extra: Any) -> Edit:
    """An edit that leaves only services with a router in the file, at the image `version`."""

    def entry(name: str, port: int) -> dict[str, Any]:
        return {
            "project": "Routed",
            "port": port,
            "image": f"registry.example.com/{name}:{version}",
            "hosts": [f"{name}.{domain}" for domain in domains],
            "traffic": {"router": name.removesuffix("-api"), "testerHeader": HEADER},
            "canary": {"steps": STEPS, "background": False},
            **extra,
        }

    services = {name: entry(name, 8020 + index) for index, name in enumerate(ROUTED)}
    return lambda document: document.update(services=services)


def ingress(stack: Stack, name: str) -> dict[str, Any]:
    """An Ingress as the API server has it."""
    return stack.client.get(Ingress, name, namespace=NAMESPACE).to_dict()


def annotations(stack: Stack, name: str) -> dict[str, str]:
    return dict(ingress(stack, name)["metadata"]["annotations"])


def nginx_canary(stack: Stack) -> dict[str, str]:
    """What the annotations of the canary's own Ingress tell nginx."""
    prefix = "nginx.ingress.kubernetes.io/"
    found = annotations(stack, "nginx-api-nginx-api-canary")
    return {key.removeprefix(prefix): value for key, value in found.items()}


def virtual_service(stack: Stack) -> dict[str, Any]:
    return dict(stack.client.get(VirtualService, "istio-api", namespace=NAMESPACE))


def istio_routes(stack: Stack) -> dict[str, dict[str, int]]:
    """The routes of the VirtualService in their order, with the weight of each Service."""
    return {
        route["name"]: {each["destination"]["host"]: each["weight"] for each in route["route"]}
        for route in virtual_service(stack)["spec"]["http"]
    }


def alb_action(stack: Stack, name: str) -> dict[str, int]:
    """The weight of each Service in an action of the ALB's Ingress; empty where there is none of that name."""
    action = json.loads(annotations(stack, "alb-api").get(f"{ACTION}{name}", "{}"))
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    return {each["ServiceName"]: each["Weight"] for each in groups}


def alb_paths(stack: Stack) -> list[str]:
    """Where the paths of the ALB's Ingress lead, in their order."""
    rule = ingress(stack, "alb-api")["spec"]["rules"][0]
    return [path["backend"]["service"]["name"] for path in rule["http"]["paths"]]


def hosts(stack: Stack, name: str) -> list[str]:
    """The hosts of an Ingress."""
    return [rule["host"] for rule in ingress(stack, name)["spec"]["rules"]]


def add_host_by_hand(stack: Stack, name: str, host: str) -> None:
    """What `kubectl edit ingress` does."""
    edited = stack.client.get(Ingress, name, namespace=NAMESPACE)
    assert edited.spec
    assert edited.spec.rules
    rule = copy.deepcopy(edited.spec.rules[0])
    rule.host = host
    edited.spec.rules.append(rule)
    stack.client.replace(edited, field_manager="kubectl-edit")


def weights(stack: Stack) -> dict[str, int]:
    """The share of the requests that each router was told to send to the canary."""
    return {
        "nginx-api": int(nginx_canary(stack)["canary-weight"]),
        "istio-api": istio_routes(stack)["primary"]["istio-api-canary"],
        "alb-api": alb_action(stack, "alb-api").get("alb-api-canary", -1),
    }


def wait_for_weight(stack: Stack, weight: int) -> None:
    def reached() -> bool:
        try:
            return set(weights(stack).values()) == {weight}
        except ApiError:
            return False

    wait_until(reached, 120, f"every router to be told {weight} %")


def wait_for_gate(stack: Stack, left: int) -> None:
    """Wait until each canary stands at a gate with so many steps after it."""

    for name in ROUTED:
        wait_until(partial(is_at_gate, stack, name, left), 120, f"{name} to stand at its gate")


def is_at_gate(stack: Stack, name: str, left: int) -> bool:
    found = stack.rollout(name)
    steps, status = found["spec"]["strategy"]["canary"]["steps"], found["status"]
    # The phase alone may still be that of the gate before.
    return bool(status.get("pauseConditions") and status["currentStepIndex"] == len(steps) - 1 - left)


def promote(stack: Stack) -> None:
    """What a person does at a gate; every canary is past it afterwards."""
    program = programs.ensure(["kubectl-argo-rollouts"], lambda _: None)["kubectl-argo-rollouts"]
    access = ["--kubeconfig", str(stack.state.kubeconfig), "--context", EMBEDDED_CONTEXT]
    for name in ROUTED:
        gate = stack.rollout(name)["status"]["currentStepIndex"]
        command = [str(program), "promote", name, "--namespace", NAMESPACE, *access]
        subprocess.run(command, check=True, capture_output=True)
        wait_until(partial(has_passed, stack, name, gate), 120, f"{name} to pass its gate")


def has_passed(stack: Stack, name: str, gate: int) -> bool:
    """Whether the canary is past that step; if not, have the controller look again."""
    if stack.rollout(name)["status"]["currentStepIndex"] > gate:
        return True
    stack.look_again(name)
    return False


def test_before_any_canary_every_request_goes_to_the_stable_pods(stack: Stack) -> None:
    wait_for_weight(stack, 0)
    assert istio_routes(stack) == {"primary": {"istio-api-stable": 100, "istio-api-canary": 0}}
    assert alb_action(stack, "alb-api") == {"alb-api-canary": 0, "alb-api-stable": 100}
    assert stack.changes(routed("1")) == {}


def test_testers_reach_the_canary_before_it_gets_a_share_of_the_requests(stack: Stack) -> None:
    stack.up(routed("2"))
    wait_for_gate(stack, 5)
    assert weights(stack) == dict.fromkeys(ROUTED, 0)
    assert nginx_canary(stack)["canary-by-header"] == HEADER["name"]
    assert nginx_canary(stack)["canary-by-header-value"] == HEADER["value"]
    assert istio_routes(stack) == {
        "tester-header": {"istio-api-canary": 100},
        "primary": {"istio-api-stable": 100, "istio-api-canary": 0},
    }
    assert alb_paths(stack) == ["tester-header", "alb-api"]
    assert alb_action(stack, "tester-header") == {"alb-api-canary": 100}


def test_a_canary_gets_the_weight_of_its_step_and_keeps_its_testers(stack: Stack) -> None:
    promote(stack)
    wait_for_gate(stack, 2)
    wait_for_weight(stack, 10)
    assert istio_routes(stack) == {
        "tester-header": {"istio-api-canary": 100},
        "primary": {"istio-api-stable": 90, "istio-api-canary": 10},
    }
    assert alb_paths(stack) == ["tester-header", "alb-api"]


def test_an_up_in_the_middle_of_a_canary_changes_its_objects_and_resets_no_weight(stack: Stack) -> None:
    assert stack.changes(routed("2")) == {}
    # What is ignored of the ALB's Ingress is for a person to change.
    add_host_by_hand(stack, "alb-api", "alb-api.example.org")
    labelled = routed("2", ["example.com", "example.org"], labels={"team": "blue"})
    changed = stack.changes(labelled)
    objects = ["Ingress/nginx-api", "VirtualService/istio-api", "Ingress/alb-api"]
    assert {name: changed.get(name) for name in objects} == dict.fromkeys(objects, "update")
    stack.up(labelled)
    assert weights(stack) == dict.fromkeys(ROUTED, 10)
    assert list(istio_routes(stack)) == ["tester-header", "primary"]
    assert alb_paths(stack) == ["tester-header", "alb-api"]
    assert ingress(stack, "alb-api")["metadata"]["labels"]["team"] == "blue"
    assert virtual_service(stack)["metadata"]["labels"]["team"] == "blue"
    assert stack.changes(labelled) == {}


def test_a_host_added_in_the_middle_of_a_canary_is_served_by_both_versions(stack: Stack) -> None:
    for name in ("nginx-api", "alb-api"):
        assert hosts(stack, name) == [f"{name}.example.com", f"{name}.example.org"]
    assert virtual_service(stack)["spec"]["hosts"] == ["istio-api.example.com", "istio-api.example.org", "istio-api"]
    canary = "nginx-api-nginx-api-canary"
    wait_until(lambda: hosts(stack, canary) == hosts(stack, "nginx-api"), 60, "the canary's Ingress to get the host")


def test_after_an_up_the_controller_still_moves_the_weights(stack: Stack) -> None:
    promote(stack)
    wait_for_gate(stack, 0)
    wait_for_weight(stack, 50)


def test_a_promoted_version_gets_every_request_and_the_testers_have_no_route_of_their_own(stack: Stack) -> None:
    promote(stack)
    for name in ROUTED:
        stack.wait_for_phase(name, "Healthy")
    wait_for_weight(stack, 0)
    wait_until(lambda: list(istio_routes(stack)) == ["primary"], 60, "Istio's route for testers to go")
    wait_until(lambda: alb_paths(stack) == ["alb-api"], 60, "the ALB's path for testers to go")
    assert alb_action(stack, "tester-header") == {}
    assert stack.changes(routed("2", ["example.com", "example.org"], labels={"team": "blue"})) == {}
