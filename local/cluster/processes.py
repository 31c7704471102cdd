"""Programs that go on running after the command that started them: launched, found again and stopped by pid file.

A pid alone proves nothing, since the system gives it to other programs later. A pid file therefore also holds when the
process started, and only a process that started then is taken for ours: no other one is ever signalled. Where a pid
file was lost, the mark in the environment of our processes tells them (on Linux).
"""

import hashlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from local.cluster.folder import PRIVATE_FILE, write_private
from local.state import State

POLL_SECONDS = 0.02

MARK = "API_OBSERVABILITY_PROCESS"
"""The environment variable that every process of a cluster is started with; its value is the path of its pid file."""

_PROC = Path("/proc")
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Launch:
    """How to run a program: `reads` are the files it looks at only once, when it starts."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    reads: Sequence[Path] = ()

    def fingerprint(self) -> str:
        """Changes with whatever a running process would have to be restarted for."""
        files = [path.read_text() if path.exists() else "" for path in self.reads]
        described = json.dumps([list(self.command), dict(self.environment), str(self.folder), files])
        return hashlib.sha256(described.encode()).hexdigest()


@dataclass(frozen=True)
class Process:
    """What a pid file holds; `started` is the system's own word for when the process began."""

    name: str
    pid: int
    started: str
    command: list[str]
    fingerprint: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs, as opposed to another that has its pid now."""
        return bool(self.started) and started_at(self.pid) == self.started


def pid_path(state: State, name: str) -> Path:
    """The pid file of a program of the cluster."""
    return state.processes / f"{name}.json"


def log_path(state: State, name: str) -> Path:
    """The log of a program of the cluster, begun anew at each start of it."""
    return state.processes / f"{name}.log"


def recorded(state: State, name: str) -> Process | None:
    """What the pid file says, be it true or not; None without one, or where it cannot be read."""
    try:
        return Process(**json.loads(pid_path(state, name).read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def running(state: State, name: str) -> Process | None:
    """The process of that name, if it runs."""
    process = recorded(state, name)
    return process if process and process.alive else None


def launch(state: State, program: Launch) -> Process:
    """Start a program in a session of its own, so that Ctrl-C in this terminal never reaches it, and record it."""
    with interrupts_held():
        with _fresh_log(log_path(state, program.name)) as log:
            child = subprocess.Popen(
                program.command,
                cwd=program.folder,
                env={**program.environment, MARK: str(pid_path(state, program.name))},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
            )
        _children[child.pid] = child
        started = started_at(child.pid) or ""
        process = Process(program.name, child.pid, started, list(program.command), program.fingerprint())
        try:
            write_private(pid_path(state, program.name), json.dumps(asdict(process), indent=2) + "\n")
        except OSError:
            child.kill()  # or it would run on without anybody knowing
            child.wait()
            raise
    return process


def stop(state: State, names: Iterable[str], grace_seconds: float) -> list[str]:
    """End the named processes together, by SIGKILL those that outlive the grace; return the names of those that ran."""
    ran = [process for name in names if (process := running(state, name))]
    _end(ran, grace_seconds)
    for name in names:
        pid_path(state, name).unlink(missing_ok=True)
    return [process.name for process in ran]


def stop_strays(state: State, grace_seconds: float) -> list[str]:
    """End the processes of this cluster that no pid file knows of; return their names."""
    strays = [process for process in _marked(state) if recorded_pid(state, process.name) != process.pid]
    _end(strays, grace_seconds)
    return [process.name for process in strays]


def recorded_pid(state: State, name: str) -> int | None:
    """The pid of the process of that name, if it runs and its pid file knows it."""
    process = running(state, name)
    return process.pid if process else None


def started_at(pid: int) -> str | None:
    """When the process started, in the system's own words (Linux: clock ticks since boot); None if it does not run."""
    if child := _children.get(pid):
        child.poll()  # a process that has ended stays a zombie until its parent asks
    if (_PROC / "self" / "stat").exists():
        try:
            # Everything after the name, which is in brackets and may hold anything: proc_pid_stat(5), fields 3 and 22.
            fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    condition, _, started = shown.stdout.strip().partition(" ")
    return None if not started or condition.startswith("Z") else started.strip()


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C and termination back until the block has ended; then they take effect."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in kept:
        signal.signal(number, hold)
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        for received in held:
            signal.raise_signal(received)


@contextmanager
def terminations_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP do what Ctrl-C does, unless the caller has handlers of its own."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    default: list[signal.Signals] = []
    if threading.current_thread() is threading.main_thread():  # others may not set handlers
        default = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) == signal.SIG_DFL]
    for number in default:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in default:
            signal.signal(number, signal.SIG_DFL)


def _fresh_log(path: Path) -> BinaryIO:
    """An empty log; appended to, so that a person may truncate it while the program runs."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return os.fdopen(os.open(path, flags, PRIVATE_FILE), "ab")


def _marked(state: State) -> Iterator[Process]:
    """The processes whose environment says that they were started for this cluster."""
    for folder in _PROC.glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has ended, or belongs to another user and so is none of ours
            continue
        marks = [entry.removeprefix(f"{MARK}=") for entry in environment if entry.startswith(f"{MARK}=")]
        if marks and Path(marks[0]).parent == state.processes and (started := started_at(int(folder.name))):
            yield Process(Path(marks[0]).stem, int(folder.name), started, [], "")


def _end(processes: Sequence[Process], grace_seconds: float) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            _signal(process, number)
        if _ended(processes, grace_seconds):
            return


def _signal(process: Process, number: signal.Signals) -> None:
    if process.alive:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _ended(processes: Sequence[Process], timeout_seconds: float) -> bool:
    """Whether all of them have ended before the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while any(process.alive for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
