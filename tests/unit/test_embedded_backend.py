"""The file backend after a killed run, or under a new cluster."""

import json
import os
import socket
import subprocess
from pathlib import Path

from cli.backend import forget_another_cluster, release_dead_locks
from local.state import State


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


def test_the_lock_of_a_running_or_foreign_run_stays(tmp_path: Path) -> None:
    state = State(tmp_path)
    for content in (held_by(os.getpid()), held_by(a_pid_that_is_gone(), host="another-machine")):
        held = lock(state, content)
        assert not release_dead_locks(state, lambda _: None)
        assert held.exists()


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
