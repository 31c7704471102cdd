"""Runs that overlap or are cut short: nothing is built twice and nothing half built stays."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from local.programs import ensure
from local.waiting import wait_until
from tests.unit.programs_workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    return Workbench.set_up(tmp_path, monkeypatch)


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet reaped does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_two_runs_at_once_build_once_and_the_second_says_that_it_waits(bench: Workbench) -> None:
    hold = bench.hold()
    first = bench.start("alpha")
    with hold.open("w"):  # opens as soon as the build runs, and lets it go on when closed
        second = bench.start("alpha")
        assert second.stdout is not None
        said = ""
        while "waits for another run that builds greek" not in said:
            line = second.stdout.readline()
            assert line, second.communicate()[1]
            said += line
    assert first.wait() == 0
    rest, errors = second.communicate()
    assert second.returncode == 0, errors
    assert rest.endswith("[1/1] alpha v1.4.2 … cached\n")
    assert len(bench.builds) == 1
    first.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
def test_an_interrupted_build_ends_the_compiler_and_leaves_nothing(
    bench: Workbench, number: signal.Signals, code: int
) -> None:
    hold = bench.hold()
    run = bench.start("alpha")
    with hold.open("w"):
        child = int((bench.folder / "child").read_text())
        os.kill(run.pid, number)
        output, _ = run.communicate()
        wait_until(lambda: not is_running(child), 60, "the compiler to end")  # while nothing else would end it
    assert run.returncode == code
    assert output.endswith("[1/1] alpha v1.4.2 … stopped\n")
    assert bench.files() == []
    (bench.folder / "hold").unlink(missing_ok=True)
    assert ensure(["alpha"], lambda _: None, registry=bench.registry)["alpha"].exists()


def test_what_a_killed_run_left_is_gone_after_the_next(bench: Workbench) -> None:
    hold = bench.hold()
    run = bench.start("alpha")
    with hold.open("w"):
        run.kill()
        run.communicate()
        left = bench.files()
    wait_until(lambda: not hold.exists(), 60, "the orphaned compiler to end")
    built = ensure(["alpha"], lambda _: None, registry=bench.registry)["alpha"]
    assert any("unfinished" in name for name in left)
    assert bench.files() == [str(built.relative_to(bench.folder / "cache"))]
