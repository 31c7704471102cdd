"""The platform installed from charts: small ones stand for the real, the engine and `helm` are those of every day."""

import json
from collections.abc import Iterator
from typing import Any

import lightkube
import pytest
import yaml
from lightkube.resources.core_v1 import ConfigMap, Namespace, Service

from local.state import CHECKOUT, State
from tests.embedded import recorded
from tests.engine.own_checkout import Checkout, checkout_of

CHARTS = CHECKOUT / "tests" / "engine" / "charts"
CONTEXT = "own"
RELEASES = {"kube-prometheus-stack": "monitoring", "argo-rollouts": "argo-rollouts"}


@pytest.fixture(scope="module")
def checkout(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = checkout_of(embedded_cluster, tmp_path_factory.mktemp("home"), CONTEXT)
    for stack in ("dev", "prod"):
        checkout.pulumi("stack", "init", stack)
        checkout.configure(
            stack,
            {
                "cluster.context": CONTEXT,
                "cluster.uid": recorded(embedded_cluster).uid,
                "platform.monitoring.chart": str(CHARTS / "kube-prometheus-stack"),
                "platform.argoRollouts.chart": str(CHARTS / "argo-rollouts"),
            },
        )
    yield checkout
    checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")


def values_of(client: lightkube.Client, release: str) -> dict[str, Any]:
    """The values that a chart was given."""
    shown = client.get(ConfigMap, f"{release}-values", namespace=RELEASES[release])
    return dict(yaml.safe_load((shown.data or {})["values.yaml"]))


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_preview_shows_the_platform_and_the_services_in_one(checkout: Checkout, stack: str) -> None:
    told = checkout.pulumi("preview", "--json", "--stack", stack)
    steps = json.loads(told[told.index("{\n") :])["steps"]
    created = [step["newState"]["type"] for step in steps if step["op"] == "create"]
    assert created.count("kubernetes:helm.sh/v3:Release") == 2
    assert created.count("kubernetes:argoproj.io/v1alpha1:Rollout") == 9


def test_an_up_installs_both_charts_with_the_values_of_the_stack(checkout: Checkout, client: lightkube.Client) -> None:
    checkout.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    spec = values_of(client, "kube-prometheus-stack")["prometheus"]["prometheusSpec"]
    assert (spec["retention"], spec["retentionSize"]) == ("14d", "20GB")
    metrics = client.get(Service, "argo-rollouts-metrics", namespace="argo-rollouts").metadata
    assert metrics
    assert (metrics.annotations or {})["prometheus.io/port"] == "8090"
    checkout.pulumi("preview", "--expect-no-changes", "--stack", "dev")


def test_a_changed_setting_upgrades_the_release_in_place(checkout: Checkout, client: lightkube.Client) -> None:
    checkout.configure("dev", {"prometheus.retention": "90d"})
    told = checkout.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    assert "~ 1 updated" in told
    assert values_of(client, "kube-prometheus-stack")["prometheus"]["prometheusSpec"]["retention"] == "90d"


def test_a_destroy_takes_the_services_before_the_platform_and_keeps_the_namespaces(
    checkout: Checkout, client: lightkube.Client
) -> None:
    told = checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev", "--json")
    gone = [line for line in told.splitlines() if '"resOutputsEvent"' in line or '"resourcePreEvent"' in line]
    deleted = [json.loads(line)["resourcePreEvent"]["metadata"] for line in gone if "resourcePreEvent" in line]
    kinds = [each["type"] for each in deleted if each["op"] == "delete"]
    last_rollout = max(place for place, kind in enumerate(kinds) if kind.endswith(":Rollout"))
    assert min(place for place, kind in enumerate(kinds) if kind.endswith(":Release")) > last_rollout
    for name in ("apis", *RELEASES.values()):
        status = client.get(Namespace, name).status
        assert status
        assert status.phase == "Active"
