"""Waiting for a stack that another run has locked: two releases, or a release and an `up`, one after the other."""

import os
import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalog.quantities import Duration
from cli.engine import Engine
from local.errors import LocalError

POLL_SECONDS = 5.0
"""How often the engine is asked again; it takes a second or two to say no."""

TOLD_SECONDS = 30.0


class LockedError(LocalError):
    """Another run has had the stack for all the time that there was to wait."""


_LOCKED = re.compile(r"stack is currently locked by|\[409\] Conflict: Another update is currently in progress")
"""What backends say: a file, a bucket and the like; and Pulumi's own service."""

_HOLDER = re.compile(r"created by (?P<user>\S*)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")


@dataclass(frozen=True)
class Lock:
    """What the engine says of the lock it has met."""

    said: str

    @property
    def holders(self) -> str:
        """Who holds it, and since when."""
        found = [f"{each['user']}@{each['host']} (pid {each['pid']}, since {each['since']})" for each in self._found]
        return ", ".join(found) or "another run"

    @property
    def is_left_over(self) -> bool:
        """Whether all who hold it were on this machine, and have ended: no waiting helps."""
        own = socket.gethostname()
        return bool(self._found) and all(each["host"] == own and not _runs(int(each["pid"])) for each in self._found)

    @property
    def _found(self) -> list[re.Match[str]]:
        return list(_HOLDER.finditer(self.said))


def run_when_free(engine: Engine, arguments: Sequence[str], seconds: float, say: Callable[[str], None]) -> bool:
    """Run `pulumi <arguments>`; while the stack is locked, try again, for so long. Whether it went well.

    The lock is the first thing that the engine asks for: where it met one, nothing has been done. Raises LockedError,
    with who holds it and what to do, where it is not free in time, and LocalError where nobody seems to hold it.
    """
    began, told = time.monotonic(), -TOLD_SECONDS
    while True:
        heard: list[str] = []
        finished = engine.run(*arguments, errors=heard, until=_LOCKED)
        if finished.returncode == 0 or not _LOCKED.search("".join(heard)):
            return finished.returncode == 0
        lock, waited = Lock("".join(heard)), time.monotonic() - began
        if lock.is_left_over:
            raise LocalError(_left_over(lock, engine.stack))
        if waited >= seconds:
            raise LockedError(_not_free(lock, engine.stack, waited))
        if waited - told >= TOLD_SECONDS:
            say(f"{lock.holders} works on the stack {engine.stack}: waiting, {_rounded(waited)} of {_rounded(seconds)}")
            told = waited
        time.sleep(min(POLL_SECONDS, max(seconds - waited, 0)))


def _not_free(lock: Lock, stack: str, waited: float) -> str:
    return (
        f"the stack {stack} is locked by {lock.holders}, still after {_rounded(waited)}; nothing was released. Run "
        f"this again once it has ended, or with a longer --wait-for-lock; if nothing runs any more, {_cancel(stack)}"
    )


def _left_over(lock: Lock, stack: str) -> str:
    return (
        f"the stack {stack} is locked by {lock.holders}, which seems to have ended without giving it back (there is no "
        f"such process on this machine); make sure of that, then {_cancel(stack)}, and run this again"
    )


def _cancel(stack: str) -> str:
    return f"`pulumi cancel --stack {stack}` takes the lock away"


def _rounded(seconds: float) -> Duration:
    return Duration(round(seconds))


def _runs(pid: int) -> bool:
    """Whether there is such a process here; one of somebody else's is one too."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
