"""Two teams on one cluster, each with a stack: one has the platform too. The tests of this file are in their order."""

from collections.abc import Iterator

import lightkube
import pytest
import yaml
from lightkube.resources.core_v1 import ConfigMap, Namespace

from local.state import State
from local.waiting import wait_until
from tests.engine import plugin_harness as harness
from tests.engine.own_checkout import Checkout, checkout_of
from tests.engine.stack import Rollout

INSTALLED = {f"platform.{part}.install": "false" for part in ("monitoring", "argoRollouts")}
SPACES = {"dev": "of-shop", "exams": "of-exams"}


@pytest.fixture(scope="module")
def checkout(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = checkout_of(embedded_cluster, tmp_path_factory.mktemp("home"), "dev")
    for name, file in {"shop-api": "services.yaml", "exams-api": "services.exams.yaml"}.items():
        entry = {"project": "Teams", "port": 8001, "image": f"registry.example.com/{name}:1.0", "replicas": 4}
        (checkout.folder / file).write_text(yaml.safe_dump({"services": {name: entry}}), encoding="utf-8")
    for stack in SPACES:
        checkout.pulumi("stack", "init", stack)
    checkout.configure("dev", {**INSTALLED, "namespace": SPACES["dev"], "platform.otherStacks[0]": SPACES["exams"]})
    own = {"environment": "dev", "cluster.context": "dev", "servicesFile": "services.exams.yaml"}
    checkout.configure("exams", {**own, **INSTALLED, "namespace": SPACES["exams"], "platform.ofAnotherStack": "true"})
    yield checkout
    client = harness.client_of(embedded_cluster)
    for stack, space in SPACES.items():
        checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack)
        client.delete(Namespace, space)


def phase(client: lightkube.Client, space: str, name: str) -> str:
    found = dict(client.get(Rollout, name, namespace=space))
    return str((found.get("status") or {}).get("phase"))


@pytest.mark.parametrize(("stack", "name"), [("dev", "shop-api"), ("exams", "exams-api")])
def test_each_comes_up_beside_the_other(checkout: Checkout, client: lightkube.Client, stack: str, name: str) -> None:
    finished = checkout.make_up(stack)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    wait_until(lambda: phase(client, SPACES[stack], name) == "Healthy", 120, f"{name} to be Healthy")


@pytest.mark.parametrize("stack", SPACES)
def test_neither_changes_what_the_other_has_made(checkout: Checkout, stack: str) -> None:
    checkout.pulumi("preview", "--expect-no-changes", "--refresh", "--stack", stack)


def test_one_goes_and_the_other_keeps_its_platform(checkout: Checkout, client: lightkube.Client) -> None:
    checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", "exams")
    checkout.pulumi("preview", "--expect-no-changes", "--refresh", "--stack", "dev")
    assert phase(client, SPACES["dev"], "shop-api") == "Healthy"
    assert client.get(ConfigMap, "grafana-dashboard-argo-rollouts", namespace="monitoring")
