"""What a command and all that it starts use: time, CPU time and the most memory, by process.

Wall-clock time says as much of the machine's other work as of the command; CPU time hardly does.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
_LOOK_SECONDS = 0.1

Role = Callable[[str], str]
"""The name under which a process is counted, by its command line."""


@dataclass(frozen=True)
class Spent:
    """CPU seconds, and the peak of the resident memory in bytes."""

    cpu: float
    memory: int


@dataclass(frozen=True)
class Usage:
    """Seconds from start to end, and what each role used."""

    seconds: float
    roles: Mapping[str, Spent]
    output: str

    @property
    def cpu(self) -> float:
        """CPU seconds of all of them."""
        return sum(each.cpu for each in self.roles.values())

    @property
    def memory(self) -> int:
        """The peaks of all of them: what has to be free for the command."""
        return sum(each.memory for each in self.roles.values())


def watched(
    command: Sequence[str | Path], role: Role, *, folder: Path | None = None, environment: Mapping[str, str] | None
) -> Usage:
    """Run the command to its end and look at its processes ten times a second; an exit status but 0 is an error."""
    found: dict[int, tuple[str, Spent]] = {}
    begun = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        while True:
            found |= {pid: seen for pid in _with_descendants(process.pid) if (seen := _seen(pid, role))}
            try:
                output, _ = process.communicate(timeout=_LOOK_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise LocalError(f"{' '.join(map(str, command))} failed: {output}")
    return Usage(seconds, _by_role(found.values()), output)


def _by_role(found: Iterable[tuple[str, Spent]]) -> Mapping[str, Spent]:
    roles: dict[str, Spent] = {}
    for name, spent in found:
        before = roles.get(name, Spent(0, 0))
        roles[name] = Spent(before.cpu + spent.cpu, before.memory + spent.memory)
    return roles


def spent(pid: int) -> Spent | None:
    """What a process has used until now; None where it has just ended."""
    seen = _seen(pid, lambda command: command)
    return seen[1] if seen else None


def _seen(pid: int, role: Role) -> tuple[str, Spent] | None:
    try:
        command = (_PROC / f"{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        # The name of the program stands in brackets and may hold blanks.
        times = (_PROC / f"{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        status = (_PROC / f"{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), None)
    if not command or peak is None:
        return None  # it has ended, and nobody has asked how
    return role(command), Spent((int(times[11]) + int(times[12])) / _TICKS, int(peak) * 1024)


def _with_descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found
