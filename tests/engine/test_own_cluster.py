"""A stack on a cluster of one's own: `make up STACK=dev` and `pulumi` by hand, in a copy of the checkout.

The embedded cluster plays the user's, under a context and a kubeconfig of another name.
"""

from collections.abc import Iterator

import pytest

from local.state import State
from tests.engine.own_checkout import Checkout, checkout_of
from tests.engine.stack import Stack, stack_of

NINE = 9
ANOTHER = "6f0c1fd2-7d6c-4b9e-9a53-0d6c2a3b1f11"


@pytest.fixture(scope="module")
def checkout(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = checkout_of(embedded_cluster, tmp_path_factory.mktemp("home"), "dev")
    yield checkout
    checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return stack_of(embedded_cluster, tmp_path_factory.mktemp("own"))


def test_a_backend_without_the_stack_says_how_to_make_it(checkout: Checkout) -> None:
    finished = checkout.make_up()
    assert finished.returncode == 1
    assert finished.stderr.startswith("error: pulumi cannot open the stack dev (error: no stack named 'dev' found")
    assert "pulumi stack init dev" in finished.stderr
    assert finished.stderr.count("\n") == 1


def test_make_up_on_dev_uses_the_users_cluster_and_starts_none(checkout: Checkout, stack: Stack) -> None:
    checkout.pulumi("stack", "init", "dev")
    checkout.configure("dev", {f"platform.{part}.install": "false" for part in ("monitoring", "argoRollouts")})
    finished = checkout.make_up()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert len(stack.rollouts()) == NINE
    assert {stack.rollout(name)["status"]["phase"] for name in stack.rollouts()} == {"Healthy"}
    # `local` tells of each program and process it makes sure of; here there is nothing but the engine's own words.
    assert "etcd" not in finished.stdout
    assert not (checkout.folder / ".state").exists()


def test_pulumi_works_by_itself_too(checkout: Checkout) -> None:
    checkout.pulumi("preview", "--expect-no-changes", "--stack", "dev")
    assert "unchanged" in checkout.pulumi("up", "--yes", "--expect-no-changes", "--stack", "dev")


def test_a_state_that_a_killed_run_left_unreadable_is_told_with_the_command_that_mends_it(checkout: Checkout) -> None:
    (attributes,) = checkout.backend.rglob("dev.json.attrs")
    attributes.write_bytes(b"")
    finished = checkout.make_up()
    assert finished.returncode == 1
    assert finished.stderr.startswith("error: pulumi cannot read the state of the stack dev")
    assert "find .pulumi -name '*.attrs' -size 0 -delete" in finished.stderr
    assert finished.stderr.count("\n") == 1
    checkout.mend_torn_files()
    checkout.pulumi("preview", "--expect-no-changes", "--stack", "dev")


def test_a_release_is_one_setting_of_the_stack(checkout: Checkout) -> None:
    image = "registry.example.com/seedtest-api:1.0.1"
    checkout.pulumi("config", "set", "--path", "images.seedtest-api", image, "--stack", "dev")
    shown = checkout.pulumi("preview", "--diff", "--stack", "dev")
    assert f'=> "{image}"' in shown
    assert "~ 1 to update" in shown
    checkout.pulumi("config", "rm", "--path", "images.seedtest-api", "--stack", "dev")


def test_a_wrong_cluster_stops_the_engine_before_the_first_resource(checkout: Checkout) -> None:
    checkout.pulumi("config", "set", "--path", "cluster.uid", ANOTHER, "--stack", "dev")
    finished = checkout.run("pulumi", "up", "--yes", "--stack", "dev", "--non-interactive")
    assert finished.returncode != 0
    assert f"but api-observability:cluster.uid is {ANOTHER}; nothing was done" in finished.stdout
    assert "Traceback" not in finished.stdout
    checkout.pulumi("config", "rm", "--path", "cluster.uid", "--stack", "dev")


def test_no_cluster_behind_the_stack_is_one_line(checkout: Checkout) -> None:
    checkout.environment["KUBECONFIG"] += ".none"
    try:
        finished = checkout.make_up()
        assert finished.returncode == 1
        assert finished.stderr.startswith("error: there is no context 'dev' in ")
        assert finished.stderr.count("\n") == 1
    finally:
        checkout.environment["KUBECONFIG"] = checkout.environment["KUBECONFIG"].removesuffix(".none")
