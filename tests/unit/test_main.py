"""`__main__.py`, as the engine runs it."""

import json
import runpy
from typing import Any

import pulumi
import pytest
import yaml

from catalog.stack import StackSettings
from cli.recording import Recording, record
from components import cluster, live_objects, preflight
from local.state import CHECKOUT


def run_main(stack: str, **overrides: Any) -> Recording:
    config = yaml.safe_load((CHECKOUT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    config |= {f"api-observability:{key}": value for key, value in overrides.items()}
    as_text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return record(lambda: runpy.run_path(str(CHECKOUT / "__main__.py")), stack=stack, config=as_text)[1]


@pytest.fixture(autouse=True)
def guarded(monkeypatch: pytest.MonkeyPatch) -> list[StackSettings]:
    """The guard asks no cluster here; what it was given is kept."""
    monkeypatch.setattr(pulumi.log, "debug", pulumi.log.debug)  # put back in the end
    asked: list[StackSettings] = []
    monkeypatch.setattr(preflight, "ensure_cluster", asked.append)
    monkeypatch.setattr(preflight, "ensure_adopted", lambda _settings: [])
    monkeypatch.setattr(preflight, "running_rollouts", lambda _settings: {})
    return asked


def test_it_exports_the_address_of_prometheus_and_of_every_service(stack: str) -> None:
    exports = run_main(stack).exports
    assert exports["prometheusAddress"] == "http://kube-prometheus-stack-prometheus.monitoring:9090"
    assert exports["services"]["mpcstudy-api"] == "http://mpcstudy-api.apis:8010"
    assert len(exports["services"]) == 9
    assert exports["commands"]["seedtest-api"]["abort"] == "kubectl argo rollouts abort seedtest-api -n apis"


def test_it_registers_what_rendering_shows(stack: str, whole: Recording) -> None:
    assert run_main(stack).by_urn == whole.by_urn


def test_the_cluster_is_made_sure_of_before_the_first_resource(
    guarded: list[StackSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_main("prod")
    assert [settings.cluster.context for settings in guarded] == ["prod"]

    def refuse(settings: StackSettings) -> None:
        raise cluster.ClusterError("a wrong cluster")

    monkeypatch.setattr(preflight, "ensure_cluster", refuse)
    with pytest.raises(pulumi.RunError, match=r"^a wrong cluster$"):
        run_main("prod")


def test_a_stack_that_adopts_stops_before_the_first_resource_while_helm_owns_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    helms = {"metadata": {"managedFields": [{"manager": "helm", "operation": "Update"}]}, "spec": {}}
    monkeypatch.setattr(live_objects, "live_reader", lambda _settings: lambda _manifest: helms)
    with pytest.raises(pulumi.RunError, match=r"^context 'dev': fields of Service "):
        run_main("dev", cluster={"context": "dev", "adopt": True})


def test_a_fault_of_the_config_is_its_message_alone() -> None:
    with pytest.raises(pulumi.RunError, match=r"^Pulumi\.dev\.yaml: config\.api-observability:namespace: 'A B' is not"):
        run_main("dev", namespace="A B")


def test_an_image_of_the_stack_reaches_its_rollout() -> None:
    recording = run_main("dev", images={"seedtest-api": "registry.example.com/seedtest-api:9"})
    pod = recording.one("Rollout", "seedtest-api").inputs["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example.com/seedtest-api:9"
