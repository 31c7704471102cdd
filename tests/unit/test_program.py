"""The whole program on dev, prod and local, as the engine would see it."""

import os
from collections import Counter
from pathlib import Path

import pytest

import program
from catalog.stack_file import load_stack_file
from cli.recording import Recording, record
from cli.rendering import record_stack
from local.state import CHECKOUT

NINE = 9


def test_every_service_is_an_api_with_its_six_objects(whole: Recording) -> None:
    assert len(whole.of("ObservableApi")) == NINE
    apis = {entry.urn for entry in whole.of("ObservableApi")} | {entry.urn for entry in whole.of("CanaryRollout")}
    kinds = Counter(entry.kind for entry in whole.resources if entry.parent in apis and entry.custom)
    of_each = ("Service", "ServiceMonitor", "PrometheusRule", "AnalysisTemplate", "Rollout", "PodDisruptionBudget")
    assert set(kinds) == set(of_each)
    assert set(kinds.values()) == {NINE}


def test_no_two_resources_share_a_urn_or_an_object(whole: Recording) -> None:
    urns = Counter(entry.urn for entry in whole.resources)
    objects = Counter(
        (entry.type, entry.inputs["metadata"].get("namespace"), entry.inputs["metadata"]["name"])
        for entry in whole.resources
        if "metadata" in entry.inputs
    )
    assert max(urns.values()) == 1
    assert max(objects.values()) == 1


def test_only_namespaces_may_be_taken_as_they_are_found(whole: Recording) -> None:
    for entry in whole.resources:
        if entry.type.startswith("kubernetes:"):
            wanted = whole.one("kubernetes", "namespaces" if entry.kind == "Namespace" else "cluster")
            assert entry.provider.rsplit("::", 1)[0] == wanted.urn
    assert whole.one("kubernetes", "namespaces").inputs["upsertExistingObjects"] == "true"
    assert "upsertExistingObjects" not in whole.one("kubernetes", "cluster").inputs


def test_a_switch_of_the_stack_takes_over_what_is_there_already() -> None:
    settings = load_stack_file(CHECKOUT, "dev")
    taking = settings.model_copy(update={"cluster": settings.cluster.model_copy(update={"upsert": True})})
    _, recording = record(lambda: program.build(taking, program.load(taking)), stack="dev")
    assert recording.one("kubernetes", "cluster").inputs["upsertExistingObjects"] == "true"
    assert [path for path, _ in taking.warnings] == ["cluster.upsert"]


@pytest.mark.parametrize("said", ["true", "false"])
def test_a_switch_in_the_environment_is_for_the_plugin_and_changes_no_provider(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", said)
    switched = record_stack(CHECKOUT, "dev")
    assert os.environ["PULUMI_K8S_UPSERT_EXISTING_OBJECTS"] == said
    monkeypatch.delenv("PULUMI_K8S_UPSERT_EXISTING_OBJECTS")
    assert switched.by_urn == record_stack(CHECKOUT, "dev").by_urn


def test_every_provider_is_bound_to_the_context_of_the_stack(whole: Recording, stack: str) -> None:
    contexts = {entry.inputs["context"] for entry in whole.of("kubernetes")}
    assert contexts == {load_stack_file(CHECKOUT, stack).cluster.context}


def test_namespaces_outlive_the_stack(whole: Recording, stack: str) -> None:
    kept = {entry.name: entry.retain_on_delete for entry in whole.of("Namespace")}
    assert kept == dict.fromkeys(["apis"] if stack == "local" else ["apis", "argo-rollouts", "monitoring"], True)


def test_only_the_namespace_of_the_services_asks_pods_to_be_safe(whole: Recording) -> None:
    labels = {entry.name: entry.inputs["metadata"].get("labels", {}) for entry in whole.of("Namespace")}
    assert labels.pop("apis") == {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
    }
    assert set(map(len, labels.values())) <= {0}


def test_a_namespace_that_others_share_may_stay_as_it_is() -> None:
    settings = load_stack_file(CHECKOUT, "dev").model_copy(update={"pod_security": "as it is"})
    _, recording = record(lambda: program.build(settings, program.load(settings)), stack="dev")
    assert "labels" not in recording.one("Namespace", "apis").inputs["metadata"]


def test_the_platform_comes_after_its_namespaces() -> None:
    prod = record_stack(CHECKOUT, "prod")
    assert len(prod.of("Release")) == 2
    for release in prod.of("Release"):
        assert {entry.urn for entry in prod.of("Namespace")} <= set(release.depends_on)


def test_services_come_after_their_namespace_and_the_platform(whole: Recording) -> None:
    platform = {entry.urn for entry in [*whole.of("Namespace", "apis"), *whole.of("Release")]}
    for kind in ("Service", "ServiceMonitor", "AnalysisTemplate", "Rollout"):
        assert platform <= set(whole.one(kind, "seedtest-api").depends_on)


def test_a_preview_registers_what_the_update_will(stack: str) -> None:
    previewed = record_stack(CHECKOUT, stack, preview=True)
    updated = record_stack(CHECKOUT, stack, preview=False)
    assert updated.by_urn == previewed.by_urn


def test_runs_leave_nothing_behind_for_one_another() -> None:
    first = record_stack(CHECKOUT, "dev")
    record_stack(CHECKOUT, "prod")
    assert record_stack(CHECKOUT, "dev").by_urn == first.by_urn


def test_prod_runs_more_pods_than_dev() -> None:
    replicas = {
        stack: record_stack(CHECKOUT, stack).one("Rollout", "seedtest-api").inputs["spec"]["replicas"]
        for stack in ("dev", "prod")
    }
    assert replicas == {"dev": 2, "prod": 10}


def test_a_tenth_service_is_one_entry(tmp_path: Path) -> None:
    text = (CHECKOUT / "services.yaml").read_text(encoding="utf-8")
    catalog = tmp_path / "services.yaml"
    catalog.write_text(f"{text}  tenth-api: {{project: Tenth, port: 8012, image: 'registry.example.com/t:1'}}\n")
    settings = load_stack_file(CHECKOUT, "prod").model_copy(update={"services_file": str(catalog)})
    _, recording = record(lambda: program.build(settings, program.load(settings)), stack="prod")
    assert len(recording.of("Rollout")) == NINE + 1
    assert recording.one("Rollout", "tenth-api").inputs["spec"]["replicas"] == 10


def test_an_error_of_the_program_reaches_its_caller_and_the_next_run_is_whole() -> None:
    def broken() -> None:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        record(broken, stack="dev")
    assert len(record_stack(CHECKOUT, "dev").of("Rollout")) == NINE
