"""Programs are found by pid file, and only ours are ever signalled."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.cluster import processes
from local.cluster.folder import prepare
from local.cluster.processes import Launch
from local.state import State
from local.waiting import wait_until

SLEEP = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    prepare(state)
    yield state
    processes.stop(state, ["program"], 0)


def program(state: State, code: str = SLEEP) -> Launch:
    return Launch("program", [sys.executable, "-c", code], {"PATH": ""}, state.cluster_data)


def test_a_launched_program_is_found_again_by_its_pid_file(state: State) -> None:
    launched = processes.launch(state, program(state))
    assert processes.running(state, "program") == launched
    assert launched.alive
    assert json.loads(processes.pid_path(state, "program").read_text())["command"] == [sys.executable, "-c", SLEEP]


def test_a_program_runs_in_a_session_of_its_own(state: State) -> None:
    process = processes.launch(
        state, program(state, "import os, time; print(os.getsid(0), flush=True); time.sleep(600)")
    )
    log = processes.log_path(state, "program")
    wait_until(lambda: log.read_text().endswith("\n"), 60, "the program's session")
    assert int(log.read_text()) == process.pid


def test_a_stopped_program_is_gone_with_its_pid_file(state: State) -> None:
    process = processes.launch(state, program(state))
    assert processes.stop(state, ["program"], 10) == ["program"]
    assert processes.started_at(process.pid) is None
    assert not processes.pid_path(state, "program").exists()


def test_a_program_that_ignores_termination_is_killed_after_the_grace(state: State) -> None:
    process = processes.launch(state, program(state, DEAF))
    wait_until(lambda: "deaf" in processes.log_path(state, "program").read_text(), 60, "the program to be deaf")
    begin = time.monotonic()
    assert processes.stop(state, ["program"], 0.2) == ["program"]
    assert time.monotonic() - begin >= 0.2
    wait_until(lambda: processes.started_at(process.pid) is None, 60, "the killed program to be gone")


@pytest.mark.parametrize("started", ["", "1"])
def test_a_pid_that_belongs_to_another_program_now_is_left_alone(state: State, started: str) -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEP]) as bystander:
        stale = {"name": "program", "pid": bystander.pid, "started": started, "command": [], "fingerprint": ""}
        processes.pid_path(state, "program").write_text(json.dumps(stale))
        assert processes.running(state, "program") is None
        assert processes.stop(state, ["program"], 10) == []
        assert bystander.poll() is None
        bystander.kill()
    assert not processes.pid_path(state, "program").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"pid": 1}'])
def test_a_pid_file_that_cannot_be_read_counts_as_none(state: State, content: str) -> None:
    processes.pid_path(state, "program").write_text(content)
    assert processes.recorded(state, "program") is None


def test_a_program_that_has_ended_is_not_running(state: State) -> None:
    process = processes.launch(state, program(state, "print('done')"))
    wait_until(lambda: not process.alive, 60, "the program to end")
    assert processes.running(state, "program") is None
    assert processes.recorded(state, "program") == process


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="lost processes are found by Linux's /proc")
def test_only_lost_processes_of_this_cluster_are_strays(state: State, tmp_path: Path) -> None:
    other = State(tmp_path / "other")
    prepare(other)
    lost = processes.launch(state, program(state))
    processes.pid_path(state, "program").unlink()
    neighbour = processes.launch(other, program(other))
    kept = processes.launch(state, program(state))
    try:
        assert processes.stop_strays(state, 10) == ["program"]
        assert (lost.alive, neighbour.alive, kept.alive) == (False, True, True)
    finally:
        processes.stop(other, ["program"], 10)


def test_the_fingerprint_tells_every_change_that_needs_a_restart(state: State) -> None:
    config = state.cluster_data / "config"
    base = replace(program(state), reads=[config])
    seen = {base.fingerprint()}
    config.write_text("one")
    seen.add(base.fingerprint())
    config.write_text("two")
    seen.add(base.fingerprint())
    seen.add(replace(base, command=["other"]).fingerprint())
    seen.add(replace(base, environment={"A": "b"}).fingerprint())
    assert len(seen) == 5
    assert base.fingerprint() in seen


def test_an_interrupt_waits_until_a_program_is_recorded(state: State) -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt):
        with processes.interrupts_held():
            signal.raise_signal(signal.SIGINT)
            reached.append("the end of the block")
        reached.append("beyond it")
    assert reached == ["the end of the block"]


def test_termination_interrupts_like_ctrl_c() -> None:
    with processes.terminations_interrupt(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_systems_own_listing_tells_the_start_where_there_is_no_proc(
    state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes, "_PROC", tmp_path / "no-proc")
    process = processes.launch(state, program(state))
    assert process.alive
    assert processes.stop(state, ["program"], 10) == ["program"]
    assert processes.started_at(process.pid) is None
