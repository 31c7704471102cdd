"""`pulumi up` that is cut short, and the next one: nothing lost, nothing twice, and nothing left to change."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from lightkube.types import PatchType

from cli.engine import Engine
from local import cluster
from local.cluster import processes
from local.cluster.stopping import GRACE_SECONDS
from local.plugin.kinds import gvk_of_object
from local.plugin.settings import UPSERT_VARIABLE
from local.state import State
from local.waiting import wait_until
from tests.e2e.interrupted.killed import READY, WAITS, begun, steps_of
from tests.e2e.interrupted.wholeness import Identity, look_at, made_by_the_program, rendered
from tests.engine.stack import NAMESPACE, Edit, Stack, stack_of
from tests.engine.test_local_monitoring import PrometheusRule

KILLS = 10
SEED = "interrupted"
UP = ("up", "--yes", "--skip-preview", "--non-interactive")


def catalog(number: int, **more: Any) -> Edit:
    """An edit: two services; the next number keeps one, with a change in all its objects, and has a new one."""

    def entry(at: int) -> dict[str, Any]:
        image = f"registry.example.com/service-{at}:1"
        return {"project": "Interrupted", "port": 8400 + at, "image": image, "labels": {"number": str(number)}}

    services = {f"service-{at}": entry(at) for at in (number, number + 1)}
    services[f"service-{number + 1}"].update(more)
    return lambda content: content.update(services=services)


@pytest.fixture(scope="module")
def stack(state: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = stack_of(state, tmp_path_factory.mktemp("stack"))
    stack.settings = {"alerting": {}}
    stack.up(catalog(0))
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def whole_run(stack: Stack) -> int:
    """How many steps a run takes that nobody interrupts."""
    return len(list(steps_of(stack.up(catalog(1)).splitlines())))


def uids(stack: Stack) -> dict[Identity, str]:
    """What the program has made in the cluster."""
    return made_by_the_program(stack.state, {gvk_of_object(each) for each in rendered(stack.state)})


def assert_converged(stack: Stack, engine: Engine, before: Mapping[Identity, str], edit: Edit) -> None:
    """Everything is there once, what was there before is the same object still, and nothing is left to change."""
    assert stack.changes(edit) == {}
    after = look_at(stack.state, engine)
    after.assert_whole()
    kept = before.keys() & after.found.keys()
    assert {each: after.found[each] for each in kept} == {each: before[each] for each in kept}


@pytest.mark.parametrize("kill", range(KILLS))
def test_after_a_kill_at_a_random_moment_the_next_up_completes_what_was_begun(
    stack: Stack, whole_run: int, kill: int
) -> None:
    chance = random.Random(f"{SEED} {kill}")
    before, edit = uids(stack), catalog(kill + 2)
    engine = stack.engine(edit)
    with begun(engine) as run:
        # One in each tenth of the run; the steps it tells of are the clock, however slow the machine is.
        run.steps(int((kill + chance.random()) / KILLS * whole_run))
        run.kill(after_seconds=chance.uniform(0, 0.1))
    stack.up(edit)
    assert_converged(stack, engine, before, edit)


def refused(stack: Stack, edit: Edit) -> str:
    """The output of an `up` that fails, and is not told to take anything over."""
    engine = stack.engine(edit)
    plain = replace(engine, variables={key: value for key, value in engine.variables.items() if key != UPSERT_VARIABLE})
    finished = plain.run(*UP, capture=True)
    assert finished.returncode != 0
    return finished.stdout


def test_what_was_created_and_not_yet_recorded_is_taken_over_whatever_is_run_in_between(stack: Stack) -> None:
    edit, name = catalog(20, patch={"prometheusRule": WAITS}), "service-21"
    stack.up(catalog(19))
    before, engine = uids(stack), stack.engine(edit)
    with begun(engine) as run:
        wait_until(lambda: stack.exists(PrometheusRule, name) or not run.goes_on(), 300, "the rule to be made")
        run.kill()
    stack.client.patch(PrometheusRule, name, READY, namespace=NAMESPACE, patch_type=PatchType.MERGE)
    changes = stack.changes(edit)
    assert changes[f"PrometheusRule/{name}"] == "create"
    assert f'"{name}" already exists' in refused(stack, edit)
    stack.up(edit)
    assert "pending operation" not in stack.up(edit)
    assert_converged(stack, engine, before, edit)


def test_an_api_server_that_is_restarted_meanwhile_costs_no_more_than_another_up(stack: Stack) -> None:
    edit = catalog(22)
    stack.up(catalog(21))
    before, engine = uids(stack), stack.engine(edit)
    with begun(engine) as run:
        run.steps(10)
        assert processes.stop(stack.state, ["kube-apiserver"], GRACE_SECONDS) == ["kube-apiserver"]
        cluster.start(stack.state)
        run.end()
    stack.up(edit)
    assert_converged(stack, engine, before, edit)
