"""Every object the program makes, judged by those who decide: API server, Argo's own lint, Prometheus's parser."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from lightkube import Client, codecs
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace

import program
from catalog.services import Service
from catalog.stack_file import load_stack_file
from cli.recording import record
from cli.rendering import record_stack, rendered_files
from local import cluster, programs
from local.state import CHECKOUT, State
from observability import analysis
from tests.mutations import Document, mutated, with_everything
from tests.unit.test_mutated_files import load_services

for group, version, kind, plural in (
    ("argoproj.io", "v1alpha1", "Rollout", "rollouts"),
    ("argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates"),
    ("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
):
    create_namespaced_resource(group, version, kind, plural)

NAMESPACE = "apis"
MUTATIONS = 150


@pytest.fixture(scope="module")
def dry_run(embedded_cluster: State) -> Iterator[Client]:
    """A client of the real API server whose every create is only judged."""
    with cluster.client(embedded_cluster) as client:
        client.apply(Namespace(metadata=ObjectMeta(name=NAMESPACE)), field_manager="test")
        yield Client(client.config, dry_run=True)


@pytest.fixture(scope="module")
def paths() -> dict[str, Path]:
    return programs.ensure(["kubectl-argo-rollouts", "promtool"], lambda _: None)


def objects_of(files: dict[str, str]) -> list[dict[str, Any]]:
    """The objects of the services among rendered files."""
    return [yaml.safe_load(text) for name, text in files.items() if name.startswith(f"{NAMESPACE}/")]


def refusals(client: Client, objects: list[dict[str, Any]]) -> list[str]:
    """What the API server has against the objects, one line each."""
    found = []
    for each in objects:
        try:
            client.create(codecs.from_dict(each))
        except ApiError as error:
            found.append(f"{each['kind']} {each['metadata']['name']}: {error}")
    return found


def lint(lint_program: Path, objects: list[dict[str, Any]], file: Path) -> str:
    """What Argo's own lint says of the objects of one service; empty where it is content."""
    file.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    told = subprocess.run([lint_program, "lint", "-f", file], check=False, capture_output=True, text=True)
    return told.stdout + told.stderr if told.returncode else ""


def linted(objects: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What lint looks at, by service: a Rollout with its Services, Ingress and AnalysisTemplate."""
    by_service: dict[str, list[dict[str, Any]]] = {}
    for each in objects:
        if each["kind"] != "ServiceMonitor":
            by_service.setdefault(each["metadata"]["labels"]["app.kubernetes.io/name"], []).append(each)
    return by_service


@pytest.mark.parametrize("stack", ["dev", "local", "prod"])
def test_every_object_of_a_stack_passes_the_api_server_and_argos_lint(
    stack: str, dry_run: Client, paths: dict[str, Path], tmp_path: Path
) -> None:
    objects = objects_of(rendered_files(record_stack(CHECKOUT, stack)))
    assert len(objects) == 36
    assert refusals(dry_run, objects) == []
    services = linted(objects)
    assert len(services) == 9
    told = {name: lint(paths["kubectl-argo-rollouts"], each, tmp_path / "a.yaml") for name, each in services.items()}
    assert set(told.values()) == {""}


def test_lint_and_the_api_server_do_refuse_what_is_wrong(
    dry_run: Client, paths: dict[str, Path], tmp_path: Path
) -> None:
    objects = objects_of(rendered_files(record_stack(CHECKOUT, "dev")))
    service = linted(objects)["seedtest-api"]
    rollout = next(each for each in service if each["kind"] == "Rollout")
    rollout["spec"]["strategy"]["canary"]["steps"][0]["setWeight"] = 110
    assert "setWeight" in lint(paths["kubectl-argo-rollouts"], service, tmp_path / "a.yaml")
    rollout["spec"]["replicas"] = "two"
    assert "spec.replicas" in refusals(dry_run, [rollout])[0]


def test_whatever_the_catalog_accepts_passes_the_api_server_and_argos_lint(
    dry_run: Client, paths: dict[str, Path], tmp_path: Path
) -> None:
    accepted: dict[str, dict[str, Any]] = {}
    services: dict[str, list[dict[str, Any]]] = {}

    @settings(max_examples=MUTATIONS)
    @given(mutated(with_everything()))
    def collect(document: Document) -> None:
        catalog = load_services(document, "dev")
        if catalog is None:
            return
        stack = load_stack_file(CHECKOUT, "dev")
        _, recording = record(lambda: program.build(stack, catalog), stack="dev")
        objects = objects_of(rendered_files(recording))
        accepted.update({json.dumps(each, sort_keys=True): each for each in objects})
        services.update({json.dumps(each, sort_keys=True): each for each in linted(objects).values()})

    collect()
    assert len(accepted) > 36
    assert refusals(dry_run, list(accepted.values())) == []
    told = [lint(paths["kubectl-argo-rollouts"], each, tmp_path / "a.yaml") for each in services.values()]
    assert set(told) == {""}


def test_every_query_of_an_analysis_parses(paths: dict[str, Path]) -> None:
    settings_of_prod = load_stack_file(CHECKOUT, "prod")
    for service in program.load(settings_of_prod).services:
        for check in analysis.checks(service, NAMESPACE):
            assert parsed(paths["promtool"], check, service) == ""


def parsed(promtool: Path, check: analysis.Check, service: Service) -> str:
    """What Prometheus's own parser has against a query; empty where it reads it."""
    query = check.query.replace(f"{{{{args.{analysis.CANARY_HASH_ARGUMENT}}}}}", "7c5ddbdf54")
    assert service.name in query
    command: list[str | Path] = [promtool, "--experimental", "promql", "format", query]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    return told.stdout + told.stderr if told.returncode else ""
