"""A `pulumi up` that is killed (SIGKILL) on its way."""

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice

from cli.engine import Engine
from local.cluster.processes import started_at

_STEP = re.compile(r"^ [-+~]  (\S+ \S+ (?:creat|updat|delet)(?:ing|ed)) \(\d")
"""What the engine prints when it begins and when it ends the work on one resource, and in between."""

_LANGUAGE_HOST = "pulumi-language-python"


WAITS = {"metadata": {"annotations": {"pulumi.com/waitFor": "jsonpath={.metadata.annotations.ready}=yes"}}}
"""Of an object for which the plugin waits once it has made it: it is there, and the engine is told nothing of it."""

READY = {"metadata": {"annotations": {"ready": "yes"}}}
"""What it waits for."""


def steps_of(lines: Iterable[str]) -> Iterator[str]:
    """The steps that the engine tells of, each once: `kubernetes:core/v1:Service seedtest-api creating` …"""
    told: set[str] = set()
    for line in lines:
        found = _STEP.match(line)
        if found and found[1] not in told:
            told.add(found[1])
            yield found[1]


class Running:
    """A `pulumi up` under way."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def goes_on(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def steps(self, number: int) -> None:
        """Wait until it has told of so many steps."""
        assert self._process.stdout
        told = list(islice(steps_of(self._process.stdout), number))
        assert len(told) == number, f"the run had ended after {told}"

    def end(self) -> str:
        """Wait until it ends by itself, well or not; the rest of its output."""
        output, _ = self._process.communicate(timeout=300)
        return output

    def kill(self, after_seconds: float = 0) -> None:
        """Kill the engine, and nothing but the engine; it must not have ended by itself."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(after_seconds)
        self._process.send_signal(signal.SIGSTOP)  # or it would go on, and could end, while its children are looked for
        children = {pid: started_at(pid) for pid in _descendants(self._process.pid, _LANGUAGE_HOST)}
        self._process.kill()
        assert self._process.wait() == -signal.SIGKILL
        # These, the host and the program it runs, would never see that nobody is there any more; the plugin does.
        for pid, started in children.items():
            if started and started_at(pid) == started:
                os.kill(pid, signal.SIGKILL)


@contextmanager
def begun(engine: Engine) -> Iterator[Running]:
    """A `pulumi up` that has been started; it does not outlive the block."""
    process = subprocess.Popen(
        [str(engine.executable), "up", "--yes", "--skip-preview", "--non-interactive", "--stack", engine.stack],
        cwd=engine.folder,
        env=engine.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield Running(process)
        finally:
            process.kill()


def _descendants(pid: int, name: str) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid), "-f", name], capture_output=True, text=True, check=False)
    children = [int(line) for line in found.stdout.split()]
    return [*children, *(each for child in children for each in _descendants(child, name))]
