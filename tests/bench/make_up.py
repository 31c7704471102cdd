"""What `make up` takes, part by part: from nothing but built programs, and once more while the cluster runs.

`BENCH_COLD=1` builds the programs before, in caches of its own, and downloads their sources.
"""

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.local_stack import engine_for
from local import cluster, programs
from local.cluster.processes import terminations_interrupt
from local.plugin import CHOICE_VARIABLE
from local.programs.cache import CACHE_VARIABLE
from local.state import STATE_VARIABLE, State
from tests.bench.parts import Row, Say

COLD_VARIABLE = "BENCH_COLD"

_CACHES = {CACHE_VARIABLE: "the programs", "GOMODCACHE": "their sources", "GOCACHE": "what Go compiled"}

_BUILT = re.compile(r"\[\d+/\d+\] (?P<what>.+) … (?P<seconds>\d+) s")
_STARTED = re.compile(r"\[\d+/\d+\] (?P<what>.+) … (?P<seconds>\d+\.\d+) s")


def measure(say: Say) -> Iterator[Row]:
    """Build where asked to, then bring up the stack `local` twice."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, pytest.MonkeyPatch.context() as variables:
        if os.environ.get(COLD_VARIABLE):
            yield from _cold(Path(folder), variables, say)
        state = State(Path(folder) / "state")
        variables.setenv(STATE_VARIABLE, str(state.folder))
        variables.setenv(CHOICE_VARIABLE, os.environ.get(CHOICE_VARIABLE, "stand-in"))
        with terminations_interrupt():
            try:
                yield from _up("from nothing", state, say)
                yield from _up("while it runs", state, say)
            finally:
                cluster.stop(state, say)
                cluster.delete(state, say)


def _cold(folder: Path, variables: pytest.MonkeyPatch, say: Say) -> Iterator[Row]:
    """What each program takes that `make up` needs, one after another; those of a family share most of the work."""
    for variable in _CACHES:
        variables.setenv(variable, str(folder / variable.lower()))
    # Otherwise Go writes the sources so that nobody, the end of this part included, can remove them.
    variables.setenv("GOFLAGS", "-modcacherw")
    lines: list[str] = []
    with _timed() as took:
        programs.ensure("up", _heard(lines, say))
    for line in lines:
        if built := _BUILT.fullmatch(line):
            seconds = float(built["seconds"])
            yield Row(f"building {built['what']}", f"{seconds:.0f} s", f"{seconds / took():.0%}")
    yield Row("building all", f"{took() / 60:.1f} min", "1")
    for variable, what in _CACHES.items():
        yield Row(f"disk for {what}", f"{_on_disk(folder / variable.lower()) / 1e9:.1f} GB")


def _up(when: str, state: State, say: Say) -> Iterator[Row]:
    lines: list[str] = []
    report = _heard(lines, say)
    with _timed() as found:
        paths = programs.ensure("up", report)
    with _timed() as started:
        cluster.start(state, report)
    with _timed() as prepared:
        engine = engine_for(state, paths, report)
    with _timed() as ran:
        engine.run("up", "--yes", "--skip-preview", "--non-interactive", check=True, capture=True)
    parts = {
        "finding the programs": found(),
        "starting the cluster": started(),
        "Pulumi's plugin, state and secrets": prepared(),
        "the run of Pulumi, without its preview": ran(),
    }
    whole = sum(parts.values())
    for name, seconds in parts.items():
        yield Row(f"{when}: {name}", f"{seconds:.1f} s", f"{seconds / whole:.0%}")
    slowest = sorted((each for line in lines if (each := _STARTED.fullmatch(line))), key=_seconds, reverse=True)
    for each in slowest[:3]:
        yield Row(f"{when}: of the cluster's start, {each['what']}", f"{_seconds(each):.1f} s")
    yield Row(f"{when}: all", f"{whole:.1f} s", "1")


def _on_disk(folder: Path) -> int:
    """Bytes that the files below `folder` take, whole blocks each."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


def _seconds(started: re.Match[str]) -> float:
    return float(started["seconds"])


def _heard(lines: list[str], say: Say) -> Callable[[str], None]:
    def report(line: str) -> None:
        lines.append(line)
        say(line.removesuffix(" …"))

    return report


@contextmanager
def _timed() -> Iterator[Callable[[], float]]:
    """The seconds that passed within, or until now."""
    begun = time.perf_counter()
    ended: list[float] = []
    yield lambda: (ended[0] if ended else time.perf_counter()) - begun
    ended.append(time.perf_counter())
