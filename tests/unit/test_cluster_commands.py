"""`python -m local.cluster` where there is no cluster: short answers, and nothing is made."""

from pathlib import Path

import pytest

from local import cluster
from local.cluster.__main__ import main
from local.cluster.components import COMPONENTS
from local.errors import LocalError
from local.state import STATE_VARIABLE, State


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    return State(tmp_path / "state")


def test_status_lists_every_program_as_stopped(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 3
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["PROGRAM", "STATE", "PID", "PORT", "LOG"]
    assert [row.split()[:4] for row in rows] == [[each.name, "stopped", "-", "-"] for each in COMPONENTS]


@pytest.mark.parametrize("command", ["stop", "delete"])
def test_there_is_nothing_to_stop(state: State, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command]) == 0
    assert capsys.readouterr().out == "no embedded cluster is running\n"
    assert not state.folder.exists()


def test_delete_keeps_what_is_not_the_clusters(state: State) -> None:
    state.cluster_data.mkdir(parents=True)
    state.marker.touch()
    (state.folder / "backend").mkdir()
    state.kubeconfig.write_text("old")
    assert main(["delete"]) == 0
    assert sorted(path.name for path in state.folder.iterdir()) == [state.marker.name, "backend"]


def test_an_error_is_one_line_and_exit_status_1(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    state.folder.write_text("in the way")
    assert main(["start"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: cannot write ")


def test_attaching_to_no_cluster_says_how_to_have_one(state: State) -> None:
    with pytest.raises(LocalError, match="no embedded cluster is running: run `make up`"):
        cluster.attach(state)
