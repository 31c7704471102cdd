"""Services behind each router that Argo Rollouts writes into itself, and what stands in the routers' objects."""

import json
import subprocess
from collections.abc import Sequence
from functools import partial
from typing import Any

from lightkube.core.exceptions import ApiError
from lightkube.resources.networking_v1 import Ingress
from lightkube.types import PatchType

from local import programs
from local.state import EMBEDDED_CONTEXT
from local.waiting import wait_until
from tests.engine.router_definitions import VirtualService
from tests.engine.stack import NAMESPACE, Edit, Stack

ROUTED = ["nginx-api", "istio-api", "alb-api"]
HEADER = {"name": "X-Canary", "value": "tester"}
STEPS = [
    {"setCanaryScale": {"replicas": 1}},
    {"pause": "forever"},
    {"setCanaryScale": {"weight": 10}},
    {"setWeight": 10},
    {"setCanaryScale": {"matchTrafficWeight": True}},
    {"pause": "forever"},
    {"setWeight": 50},
    {"pause": "forever"},
]
"""Testers first, then a tenth, then half, as docs/traffic.md has it; at each gate a person promotes."""

ACTION = "alb.ingress.kubernetes.io/actions."


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
    rule = {**ingress(stack, name)["spec"]["rules"][0], "host": host}
    # Not the whole object, which the controller may have written since.
    change = [{"op": "add", "path": "/spec/rules/-", "value": rule}]
    how: dict[str, Any] = {"patch_type": PatchType.JSON, "field_manager": "kubectl-edit"}
    stack.client.patch(Ingress, name, change, namespace=NAMESPACE, **how)


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
    for name in ROUTED:
        gate = stack.rollout(name)["status"]["currentStepIndex"]
        by_hand(stack, "promote", name)
        wait_until(partial(has_passed, stack, name, gate), 120, f"{name} to pass its gate")


def has_passed(stack: Stack, name: str, gate: int) -> bool:
    """Whether the canary is past that step; if not, have the controller look again."""
    if stack.rollout(name)["status"]["currentStepIndex"] > gate:
        return True
    stack.look_again(name)
    return False


def abort(stack: Stack) -> None:
    """What a person does who has seen enough; every canary is taken back afterwards."""
    for name in ROUTED:
        wait_until(partial(is_aborted, stack, name), 120, f"{name} to be aborted")


def is_aborted(stack: Stack, name: str) -> bool:
    """Whether the controller has taken the canary back; if not, tell it, or have it look again."""
    status = stack.rollout(name)["status"]
    if status.get("phase") == "Degraded":
        return True
    if status.get("abort"):
        stack.look_again(name)
    else:
        by_hand(stack, "abort", name)
    return False


def by_hand(stack: Stack, verb: str, name: str) -> None:
    """What `kubectl argo rollouts` does."""
    program = programs.ensure(["kubectl-argo-rollouts"], lambda _: None)["kubectl-argo-rollouts"]
    access = ["--kubeconfig", str(stack.state.kubeconfig), "--context", EMBEDDED_CONTEXT]
    command = [str(program), verb, name, "--namespace", NAMESPACE, *access]
    subprocess.run(command, check=True, capture_output=True)


def status_of(stack: Stack, field: str) -> dict[str, Any]:
    """That field of the status of each Rollout."""
    return {name: stack.rollout(name)["status"].get(field) for name in ROUTED}
