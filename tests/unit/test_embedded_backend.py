"""The file backend after a killed run, or under a new cluster."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from cli.backend import forget_another_cluster, put_right, release_dead_locks, remove_torn_files
from cli.engine import Engine
from local.state import EMBEDDED_STACK, State


def state_with_cluster(folder: Path, uid: str) -> State:
    state = State(folder)
    state.cluster_file.write_text(json.dumps({"uid": uid, "server": "https://127.0.0.1:1"}), encoding="utf-8")
    return state


def lock(state: State, content: str) -> Path:
    path = state.backend / ".pulumi" / "locks" / "organization" / "api-observability" / "local" / "some-id.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def held_by(pid: int, host: str | None = None) -> str:
    return json.dumps({"pid": pid, "username": "me", "hostname": host or socket.gethostname()})


def a_pid_that_is_gone() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_the_lock_of_a_killed_run_is_removed_and_told(tmp_path: Path) -> None:
    state = State(tmp_path)
    told: list[str] = []
    held = lock(state, held_by(a_pid_that_is_gone()))
    assert release_dead_locks(state, told.append)
    assert not held.exists()
    assert told == ["removed the lock of a run that was killed: some-id.json"]


def test_a_lock_cut_short_by_the_kill_is_removed_too(tmp_path: Path) -> None:
    state = State(tmp_path)
    held = lock(state, '{"pid": 12')
    assert release_dead_locks(state, lambda _: None)
    assert not held.exists()


def torn(state: State) -> tuple[Path, Path]:
    """Of two files beside a state, the one that a killed run left empty, and the one that is whole."""
    folder = state.backend / ".pulumi" / "stacks" / "api-observability"
    folder.mkdir(parents=True)
    empty, whole = folder / "local.json.attrs", folder / "other.json.attrs"
    empty.touch()
    whole.write_text("{}")
    return empty, whole


def test_what_a_killed_run_left_empty_is_removed_and_told(tmp_path: Path) -> None:
    state, told = State(tmp_path), list[str]()
    empty, whole = torn(state)
    lock(state, held_by(a_pid_that_is_gone()))
    remove_torn_files(state, told.append)
    assert (empty.exists(), whole.exists()) == (False, True)
    assert told == ["removed a file that a killed run left empty: local.json.attrs"]


def test_what_somebody_is_just_writing_stays(tmp_path: Path) -> None:
    state = State(tmp_path)
    empty, _ = torn(state)
    lock(state, held_by(os.getpid()))
    remove_torn_files(state, lambda _: None)
    assert empty.exists()


def test_the_lock_of_a_running_or_foreign_run_stays(tmp_path: Path) -> None:
    state = State(tmp_path)
    for content in (held_by(os.getpid()), held_by(a_pid_that_is_gone(), host="another-machine")):
        held = lock(state, content)
        assert not release_dead_locks(state, lambda _: None)
        assert held.exists()


RULE = "urn:pulumi:local::api-observability::kubernetes:monitoring.coreos.com/v1:PrometheusRule::seedtest-api"
PART = "urn:pulumi:local::api-observability::api-observability:index:CanaryRollout::seedtest-api"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """One that does nothing but write down what it is told."""
    executable = tmp_path / "pulumi"
    executable.write_text(f'#!/bin/sh\necho "$1 $2" >> {tmp_path}/told\n', encoding="utf-8")
    executable.chmod(0o755)
    return Engine(executable, EMBEDDED_STACK, tmp_path)


def told(tmp_path: Path) -> list[str]:
    file = tmp_path / "told"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def interrupted(folder: Path, recorded: list[str], *begun: tuple[str, str]) -> State:
    """A state whose last run was killed with these operations under way, each a kind of operation and a URN."""
    state = State(folder)
    file = state.backend / ".pulumi" / "stacks" / "api-observability" / f"{EMBEDDED_STACK}.json"
    file.parent.mkdir(parents=True)
    pending = [
        {"type": operation, "resource": {"urn": urn, "type": urn.split("::")[2], "custom": urn == RULE}}
        for operation, urn in begun
    ]
    latest = {"resources": [{"urn": urn} for urn in recorded], "pending_operations": pending}
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}), encoding="utf-8")
    return state


def test_an_object_that_a_killed_run_may_have_made_is_to_be_taken_over_and_told(tmp_path: Path, engine: Engine) -> None:
    state = interrupted(tmp_path, [], ("creating", RULE), ("creating", PART))
    lines: list[str] = []
    assert put_right(state, engine, lines.append)
    assert lines == ["a run was killed while it made PrometheusRule seedtest-api: this run takes over what is there"]
    assert told(tmp_path) == []


def test_creations_that_were_completed_since_are_forgotten(tmp_path: Path, engine: Engine) -> None:
    state = interrupted(tmp_path, [RULE, PART], ("creating", RULE), ("creating", PART))
    assert not put_right(state, engine, lambda _: None)
    assert told(tmp_path) == ["stack export", "stack import"]


@pytest.mark.parametrize("operation", ["updating", "deleting"])
def test_what_the_engine_forgets_by_itself_is_left_to_it(tmp_path: Path, engine: Engine, operation: str) -> None:
    assert not put_right(interrupted(tmp_path, [RULE], (operation, RULE)), engine, lambda _: None)
    assert not put_right(State(tmp_path / "new"), engine, lambda _: None)
    assert told(tmp_path) == []


def test_what_a_run_that_goes_on_has_begun_is_its_own(tmp_path: Path, engine: Engine) -> None:
    state = interrupted(tmp_path, [], ("creating", RULE))
    lock(state, held_by(os.getpid()))
    assert not put_right(state, engine, lambda _: None)


def test_without_any_lock_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert not release_dead_locks(State(tmp_path), lambda _: None)


def test_the_state_of_the_same_cluster_is_kept_and_that_of_another_is_forgotten(tmp_path: Path) -> None:
    state = state_with_cluster(tmp_path, "first")
    told: list[str] = []
    state.backend.mkdir()
    (state.backend / "older.json").write_text("{}", encoding="utf-8")
    forget_another_cluster(state, told.append)
    assert (state.backend / "older.json").exists(), "whose cluster nobody wrote down is not thrown away"
    (state.backend / "stack.json").write_text("{}", encoding="utf-8")
    forget_another_cluster(state, told.append)
    assert (state.backend / "stack.json").exists()
    assert told == []

    forget_another_cluster(state_with_cluster(tmp_path, "second"), told.append)
    assert not (state.backend / "stack.json").exists()
    assert told == ["the embedded cluster is a new one: the stack begins anew"]
