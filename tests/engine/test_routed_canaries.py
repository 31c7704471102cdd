"""Canaries behind routers, for real: the Rollouts controller writes the weights, and `pulumi up` leaves them alone.

What the routers make of it is theirs: none of them runs here. The tests of this file share one stack of routed
services and go through their releases in their order.
"""

from collections.abc import Iterator

import pytest

from local.state import State
from local.waiting import wait_until
from tests.engine.drift import assert_no_drift
from tests.engine.routed_stack import (
    HEADER,
    ROUTED,
    abort,
    add_host_by_hand,
    alb_action,
    alb_paths,
    hosts,
    ingress,
    istio_routes,
    nginx_canary,
    promote,
    routed,
    status_of,
    virtual_service,
    wait_for_gate,
    wait_for_weight,
    weights,
)
from tests.engine.router_definitions import provide_router_definitions
from tests.engine.stack import Edit, Stack, stack_of


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


def test_before_any_canary_every_request_goes_to_the_stable_pods(stack: Stack) -> None:
    wait_for_weight(stack, 0)
    assert istio_routes(stack) == {"primary": {"istio-api-stable": 100, "istio-api-canary": 0}}
    assert alb_action(stack, "alb-api") == {"alb-api-canary": 0, "alb-api-stable": 100}
    assert stack.changes(routed("1")) == {}


def test_testers_reach_the_canary_before_it_gets_a_share_of_the_requests(stack: Stack) -> None:
    stack.up(routed("2"))
    wait_for_gate(stack, 6)
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


def test_a_refresh_in_the_middle_of_a_canary_finds_nothing_to_change(stack: Stack) -> None:
    assert_no_drift(stack, routed("2"))
    assert weights(stack) == dict.fromkeys(ROUTED, 10)


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
    assert_testers_have_no_route(stack)
    assert stack.changes(relabelled("2")) == {}


def relabelled(version: str, team: str = "blue") -> Edit:
    """The services as the release above has left them, at another version."""
    return routed(version, ["example.com", "example.org"], labels={"team": team})


def assert_testers_have_no_route(stack: Stack) -> None:
    wait_until(lambda: list(istio_routes(stack)) == ["primary"], 60, "Istio's route for testers to go")
    wait_until(lambda: alb_paths(stack) == ["alb-api"], 60, "the ALB's path for testers to go")
    assert alb_action(stack, "tester-header") == {}


def test_an_abort_takes_every_request_back_those_of_testers_too(stack: Stack) -> None:
    stack.up(relabelled("3"))
    wait_for_gate(stack, 6)
    promote(stack)
    wait_for_gate(stack, 2)
    wait_for_weight(stack, 10)
    abort(stack)
    wait_for_weight(stack, 0)
    assert_testers_have_no_route(stack)


def test_an_up_after_an_abort_behind_a_router_neither_conflicts_nor_starts_anew(stack: Stack) -> None:
    assert_no_drift(stack, relabelled("3"))
    before = status_of(stack, "currentPodHash")
    stack.up(relabelled("3", "green"))
    for name in ROUTED:
        stack.wait_for_phase(name, "Degraded")
    assert virtual_service(stack)["metadata"]["labels"]["team"] == "green"
    assert status_of(stack, "abort") == dict.fromkeys(ROUTED, True)
    assert status_of(stack, "currentPodHash") == before
    assert weights(stack) == dict.fromkeys(ROUTED, 0)
    assert_testers_have_no_route(stack)
    assert_no_drift(stack, relabelled("3", "green"))


def test_a_newer_version_in_the_middle_of_a_canary_begins_anew_and_gets_no_request_before_its_own_steps(
    stack: Stack,
) -> None:
    stack.up(relabelled("4"))
    wait_for_gate(stack, 6)
    promote(stack)
    wait_for_weight(stack, 10)
    older = status_of(stack, "currentPodHash")
    stack.up(relabelled("5"))
    wait_until(lambda: not set(status_of(stack, "currentPodHash").values()) & set(older.values()), 60, "the newer one")
    wait_for_gate(stack, 6)
    assert weights(stack) == dict.fromkeys(ROUTED, 0)
    assert list(istio_routes(stack)) == ["tester-header", "primary"]
    assert_no_drift(stack, relabelled("5"))


def test_the_version_that_ran_before_is_healthy_again_at_once(stack: Stack) -> None:
    stack.up(relabelled("2"))
    for name in ROUTED:
        stack.wait_for_phase(name, "Healthy")
    wait_for_weight(stack, 0)
    assert_testers_have_no_route(stack)
    assert_no_drift(stack, relabelled("2"))
