"""Running a compiler so that it never outlives the command that started it."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

GRACE_SECONDS = 5.0
"""How long an interrupted `go build` may take to remove its work folder."""


def run_group(command: Sequence[str | Path], folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `command` in `folder`, in a process group of its own, and return what it wrote and its exit code.

    Whatever ends the wait (Ctrl-C, SIGTERM under `terminations_raise`) ends the whole group first.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate()
        finally:
            if process.poll() is None:
                _end_group(process)
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


@contextmanager
def terminations_raise() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the program as Ctrl-C does, unless the caller has handlers of its own."""

    def unwind(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    default = [s for s in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) == signal.SIG_DFL]
    for number in default:
        signal.signal(number, unwind)
    try:
        yield
    finally:
        for number in default:
            signal.signal(number, signal.SIG_DFL)


def _end_group(process: subprocess.Popen[str]) -> None:
    """Interrupt the group, which lets `go` clean up, then kill what is left of it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
