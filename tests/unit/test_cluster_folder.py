"""The state folder: private, one command at a time, and a full disk told in one line."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from local.cluster import folder
from local.errors import LocalError
from local.state import CHECKOUT, State

HOLD = """
import sys, time
from pathlib import Path
from local.cluster import folder
from local.state import State
with folder.locked(State(Path(sys.argv[1])), print):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    folder.prepare(state)
    return state


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_closed_to_others_even_where_they_were_open(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.folder.mkdir(mode=0o755)
    folder.prepare(state)
    assert {mode(path) for path in (state.folder, state.cluster_data, state.processes)} == {0o700}


def test_a_private_file_is_never_readable_by_others(state: State) -> None:
    path = state.folder / "secret"
    path.write_text("old")
    path.chmod(0o644)
    folder.write_private(path, "new")
    assert (path.read_text(), mode(path)) == ("new", 0o600)
    assert list(state.folder.glob(".*")) == []


def test_a_private_file_that_is_as_it_should_be_is_not_written_again(state: State) -> None:
    path = state.folder / "secret"
    folder.write_private(path, "same")
    before = path.stat()
    folder.write_private(path, "same")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_second_command_waits_for_the_first(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "LOCK_SECONDS", 0.3)
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(state.folder)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(LocalError, match=r"another command has held .* for 0\.3 s"),
            folder.locked(state, said.append),
        ):
            pytest.fail("two commands hold the lock")
        holder.kill()
        holder.wait()
    with folder.locked(state, said.append):  # the lock went with its process
        assert len(said) == 1
        assert said[0].startswith("waits for another command")


def test_a_lock_file_removed_by_delete_guards_nothing(state: State) -> None:
    with folder.locked(state, print):
        state.cluster_lock.unlink()
        with folder.locked(state, print):
            assert state.cluster_lock.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_a_full_disk_is_one_line(state: State) -> None:
    with pytest.raises(LocalError) as told, folder.telling_refusals(state), Path("/dev/full").open("w") as full:
        full.write("x" * 100_000)
    assert str(told.value) == f"the disk that holds {state.folder} is full: free some space and start again"


@pytest.mark.parametrize(("has_data", "free", "needed"), [(False, 399, 400), (True, 99, 100)])
def test_a_disk_too_small_for_the_cluster_is_told_before_the_start(
    state: State, monkeypatch: pytest.MonkeyPatch, has_data: bool, free: int, needed: int
) -> None:
    if has_data:
        (state.cluster_data / "etcd").mkdir()
    usage = shutil._ntuple_diskusage
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, free * 2**20))
    with pytest.raises(LocalError, match=f"has {free} MB free, the embedded cluster needs {needed} MB"):
        folder.require_room(state)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, needed * 2**20))
    folder.require_room(state)


def test_a_file_where_the_folder_should_be_is_one_line(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.folder.write_text("in the way")
    with pytest.raises(LocalError, match=r"cannot write .*state"), folder.telling_refusals(state):
        folder.prepare(state)
    assert list(tmp_path.iterdir()) == [state.folder]
