"""The state folder on disk: private files, one command at a time, and what the file system refuses in one line."""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError
from local.state import STATE_VARIABLE, State
from local.waiting import POLL_SECONDS

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600

FRESH_BYTES = 400 * 2**20
"""Room for a fresh cluster: measured 140 MB after a start, of which etcd's write-ahead log reserves 128 MB."""

KEPT_BYTES = 100 * 2**20
"""Room for a cluster that has its data already: one more file of that log, and what is written meanwhile."""

FULL_BYTES = 16 * 2**20
"""Below it a program that ended did so for want of room, whatever its log has to say."""

LOCK_SECONDS = 300.0
"""How long a command waits for another on the same cluster; a start gives up earlier than that."""

_FULL = {errno.ENOSPC, errno.EDQUOT}


def prepare(state: State) -> None:
    """Create the folders of the cluster, closed to other users; LocalError where the folder holds something else."""
    if state.folder.is_dir() and not state.marker.exists() and any(state.folder.iterdir()):
        raise LocalError(f"{state.folder} holds something else already: name an empty folder in {STATE_VARIABLE}")
    for folder in (state.folder, state.cluster_data, state.processes):
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        folder.chmod(PRIVATE_FOLDER)
    state.marker.touch(mode=PRIVATE_FILE)


def require_room(state: State) -> None:
    """Raise LocalError when the disk is too full for the cluster, whose programs would tell it in riddles."""
    needed = KEPT_BYTES if (state.cluster_data / "etcd").exists() else FRESH_BYTES
    free = shutil.disk_usage(state.folder).free
    if free < needed:
        raise LocalError(
            f"the disk that holds {state.folder} has {free // 2**20} MB free, the embedded cluster needs"
            f" {needed // 2**20} MB: free some space and start again"
        )


def is_full(state: State) -> bool:
    """Whether there is hardly any room left."""
    return shutil.disk_usage(state.folder).free < FULL_BYTES


def write_private(path: Path, text: str) -> None:
    """Put `text` into `path` in one step, readable by its owner only; a file that holds it already stays untouched."""
    if path.exists() and path.read_text() == text:
        path.chmod(PRIVATE_FILE)
        return
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w") as file:
            file.write(text)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def telling_refusals(state: State) -> Iterator[None]:
    """Turn what the file system refuses below the state folder into a LocalError of one line."""
    try:
        yield
    except OSError as error:
        where = error.filename or state.folder
        if error.errno in _FULL:
            raise LocalError(f"the disk that holds {where} is full: free some space and start again") from error
        if isinstance(error, PermissionError | NotADirectoryError | FileExistsError) or error.errno == errno.EROFS:
            raise LocalError(f"cannot write {where}: {error.strerror}; mend it, or remove the state folder") from error
        raise


@contextmanager
def locked(state: State, report: Callable[[str], None]) -> Iterator[None]:
    """Hold the cluster's lock; wait for the command that has it. The lock goes with its process, however that ends."""
    deadline = time.monotonic() + LOCK_SECONDS
    told = False
    while (lock := _try_lock(state.cluster_lock)) is None:
        if not told:
            report(f"waits for another command that starts or stops the cluster in {state.folder}")
            told = True
        if time.monotonic() > deadline:
            raise LocalError(f"another command has held {state.cluster_lock} for {LOCK_SECONDS:g} s: end it first")
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        os.close(lock)


def _try_lock(path: Path) -> int | None:
    """The descriptor of the locked file, or None while another process holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists() and path.stat().st_ino == os.fstat(lock).st_ino:
            return lock
    except BlockingIOError:
        pass
    except BaseException:
        os.close(lock)
        raise
    # Held by another, or `delete` removed the file between opening and locking it: then the lock guards nothing.
    os.close(lock)
    return None
