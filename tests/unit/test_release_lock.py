"""A release waits for a while where another run has locked the stack; then it says who, and what to do."""

import os
import re
import socket
from pathlib import Path

import pytest

from cli import main, release_lock
from cli.engine import Engine
from cli.release_lock import LockedError, run_when_free
from local.errors import LocalError
from tests.unit.test_engine_process import program

_SAID = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the "
    "lock file with `pulumi cancel`.\n"
    "  file:///b/.pulumi/locks/1.json: created by jo@{host} (pid {pid}) at 2026-03-01T12:00:00Z"
)
LOCKED = _SAID.format(host="elsewhere", pid=7)
ELSEWHERE = "jo@elsewhere (pid 7, since 2026-03-01T12:00:00Z)"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_lock, "POLL_SECONDS", 0.01)


def engine(folder: Path, said: str, times: int = 1000, status: int = 0) -> Engine:
    """One that meets a lock so many times; then it complains, and ends with the status."""
    count = f'echo x >> {folder}/runs; if [ "$(wc -l < {folder}/runs)" -le {times} ]'
    executable = program(
        folder, f"{count}; then cat >&2 <<'EOF'\n{said}\nEOF\nexit 255; fi; echo careful >&2; exit {status}"
    )
    return Engine(executable, "dev", folder)


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text(encoding="utf-8").splitlines())


def test_it_goes_on_once_the_lock_is_gone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    assert run_when_free(engine(tmp_path, LOCKED, times=3), ["up"], 60, told.append)
    assert runs(tmp_path) == 4
    (waiting,) = told  # once, not at each try
    assert re.fullmatch(re.escape(f"{ELSEWHERE} works on the stack dev: waiting, ") + r"\d+s of 1m", waiting)
    assert capfd.readouterr().err == "careful\n", "what the engine says is shown, but not the lock it met"


def test_after_the_time_it_says_who_has_the_lock_and_what_takes_it_away(tmp_path: Path) -> None:
    with pytest.raises(LockedError) as caught:
        run_when_free(engine(tmp_path, LOCKED), ["up"], 0.1, lambda _: None)
    assert f"the stack dev is locked by {ELSEWHERE}, still after " in str(caught.value)
    assert "`pulumi cancel --stack dev` takes the lock away" in str(caught.value)


def test_nobody_waits_who_does_not_want_to(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="is locked by"):
        run_when_free(engine(tmp_path, LOCKED), ["up"], 0, lambda _: None)
    assert runs(tmp_path) == 1


def test_a_lock_whose_process_has_ended_on_this_machine_is_not_waited_for(tmp_path: Path) -> None:
    ended = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitpid(ended, 0)
    with pytest.raises(LocalError, match=r"seems to have ended without giving it back .*`pulumi cancel --stack dev`"):
        run_when_free(engine(tmp_path, _SAID.format(host=socket.gethostname(), pid=ended)), ["up"], 60, lambda _: None)
    assert runs(tmp_path) == 1


def test_one_that_runs_on_this_machine_is(tmp_path: Path) -> None:
    mine = _SAID.format(host=socket.gethostname(), pid=os.getpid())
    assert run_when_free(engine(tmp_path, mine, times=1), ["up"], 60, lambda _: None)


def test_pulumis_own_service_names_nobody(tmp_path: Path) -> None:
    conflict = "error: [409] Conflict: Another update is currently in progress."
    with pytest.raises(LockedError, match=r"the stack dev is locked by another run, still after \d+s"):
        run_when_free(engine(tmp_path, conflict), ["up"], 0, lambda _: None)


def test_what_else_goes_wrong_is_not_tried_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert not run_when_free(engine(tmp_path, "", times=0, status=3), ["up"], 60, lambda _: None)
    assert runs(tmp_path) == 1
    assert capfd.readouterr().err == "careful\n"


def test_the_time_is_written_as_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["release", "a-api", "image", "--wait-for-lock", "soon"])
    assert "--wait-for-lock" in capsys.readouterr().err
