"""Every object the program makes, judged by those who decide: API server, Argo's own lint, Prometheus's parser."""

import copy
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import program
from catalog.services import Service
from catalog.stack_file import load_stack_file
from cli.rendering import record_stack, rendered_files
from local import programs
from local.state import CHECKOUT, State
from observability import analysis
from tests.attempts import desk
from tests.documents import SERVICES_FILE, with_everything
from tests.engine.judges import ApiServer, Lint, Object, objects_in, services_of
from tests.mutations import Mutant

NAMESPACE = "apis"
ROUTED = "routed-api"
UNROUTED = "seedtest-api"


@pytest.fixture(scope="module")
def api_server(embedded_cluster: State) -> Iterator[ApiServer]:
    server = ApiServer(embedded_cluster)
    yield server
    server.close()


@pytest.fixture(scope="module")
def paths() -> dict[str, Path]:
    return programs.ensure(["kubectl-argo-rollouts", "promtool"], lambda _: None)


@pytest.fixture
def lint(paths: dict[str, Path], tmp_path: Path) -> Lint:
    return Lint(paths["kubectl-argo-rollouts"], tmp_path)


@pytest.fixture(scope="module")
def services() -> dict[str, list[Object]]:
    """What lint looks at of each service, one of which has a router."""
    with desk() as files:
        attempt = files.attempt(Mutant("dev", SERVICES_FILE, with_everything(), with_everything()))
    return services_of(objects_in(rendered_files(attempt.recording)))


def named(objects: list[Object]) -> dict[str, Object]:
    return {f"{each['kind']} {each['metadata']['name']} {index}": each for index, each in enumerate(objects)}


def one(objects: list[Object], kind: str, name: str | None = None) -> Object:
    """The object of that kind, and of that name where there are several."""
    (found,) = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    return found


@pytest.mark.parametrize("stack", ["dev", "local", "prod"])
def test_every_object_of_a_stack_passes_the_api_server_and_argos_lint(
    stack: str, api_server: ApiServer, lint: Lint
) -> None:
    objects = objects_in(rendered_files(record_stack(CHECKOUT, stack)))
    assert api_server.refusals(named(objects)) == {}
    services = services_of(objects)
    assert len(services) == 9
    assert lint.refusals(services) == {}


def heavy(objects: list[Object]) -> None:
    one(objects, "Rollout")["spec"]["strategy"]["canary"]["steps"][0]["setWeight"] = 110


def misled(objects: list[Object]) -> None:
    one(objects, "Service", f"{ROUTED}-canary")["spec"]["selector"]["app"] = "another"


@pytest.mark.parametrize(
    ("service", "spoil", "told"),
    [(UNROUTED, heavy, "setWeight"), (ROUTED, heavy, "setWeight"), (ROUTED, misled, "unmatch label")],
)
def test_lint_finds_one_bad_rollout_among_fifty_good_ones(
    service: str, spoil: Callable[[list[Object]], None], told: str, services: dict[str, list[Object]], lint: Lint
) -> None:
    batch = {f"{name} {index}": services[name] for index in range(25) for name in (ROUTED, UNROUTED)}
    bad = copy.deepcopy(services[service])
    spoil(bad)
    half = len(batch) // 2
    hidden = dict(list(batch.items())[:half]) | {"bad": bad} | dict(list(batch.items())[half:])
    refusals = lint.refusals(hidden)
    assert list(refusals) == ["bad"]
    assert told in refusals["bad"]


def test_lint_is_asked_about_texts_that_look_like_numbers_as_texts(
    services: dict[str, list[Object]], lint: Lint
) -> None:
    objects = copy.deepcopy(services[UNROUTED])
    one(objects, "Rollout")["spec"]["template"]["metadata"]["labels"]["commit"] = "1e9"
    assert lint.refusals({UNROUTED: objects}) == {}


def with_text_for_a_number(objects: list[Object]) -> Object:
    rollout = one(objects, "Rollout")
    rollout["spec"]["replicas"] = "two"
    return rollout


def with_a_misspelt_field(objects: list[Object]) -> Object:
    rollout = one(objects, "Rollout")
    canary = rollout["spec"]["strategy"]["canary"]
    canary["stepz"] = canary.pop("steps")
    return rollout


def with_a_field_too_many(objects: list[Object]) -> Object:
    service = one(objects, "Service", UNROUTED)
    service["spec"]["sessionAfinity"] = "ClientIP"
    return service


def with_two_ports_of_one_number(objects: list[Object]) -> Object:
    service = one(objects, "Service", UNROUTED)
    service["spec"]["ports"] *= 2
    return service


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (with_text_for_a_number, "spec.replicas"),
        (with_a_misspelt_field, "stepz"),
        (with_a_field_too_many, "sessionAfinity"),
        (with_two_ports_of_one_number, "spec.ports"),
    ],
)
def test_the_api_server_finds_one_bad_object_among_fifty_good_ones(
    spoilt: Callable[[list[Object]], Object], told: str, services: dict[str, list[Object]], api_server: ApiServer
) -> None:
    good = [one(services[UNROUTED], "Rollout") for _ in range(50)]
    objects = named(good[:25]) | {"bad": spoilt(copy.deepcopy(services[UNROUTED]))} | named(good)
    refusals = api_server.refusals(objects)
    assert list(refusals) == ["bad"]
    assert told in refusals["bad"]


def test_a_dry_run_makes_no_object(services: dict[str, list[Object]], api_server: ApiServer) -> None:
    unheard_of: Any = copy.deepcopy(one(services[UNROUTED], "Service"))
    unheard_of["metadata"]["name"] = "never-made"
    assert api_server.refusals({"": unheard_of}) == {}
    assert not api_server.has(unheard_of)


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
