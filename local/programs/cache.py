"""The cache: where built programs and copied manifests stay, shared by all checkouts of one user."""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from local.errors import LocalError

CACHE_VARIABLE = "API_OBSERVABILITY_CACHE"
NEEDED = "10 GB, most of it for Go's own caches"
"""Left by a first build: 4.0 GB of compiled packages, 3.2 GB of modules, 0.8 GB of programs for the group `up`, and
0.3 GB for the others; what the linker writes meanwhile comes on top."""

_FULL = {errno.ENOSPC, errno.EDQUOT}
_CONTENTS = ("programs", "assets", "logs")


def cache_folder() -> Path:
    """`$API_OBSERVABILITY_CACHE`, else `$XDG_CACHE_HOME/api-observability`, else `~/.cache/api-observability`.

    Nothing is created. Raises LocalError when there is no home folder either.
    """
    own = os.environ.get(CACHE_VARIABLE)
    if own:
        return Path(own).expanduser().absolute()
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if shared.is_absolute():  # the XDG specification says to ignore a relative one
        return shared / "api-observability"
    try:
        return Path.home() / ".cache" / "api-observability"
    except RuntimeError as error:
        raise LocalError(f"no home folder to keep built programs in: set {CACHE_VARIABLE} to a folder") from error


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses while something is written below `folder` into a LocalError of one line."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise full_disk(Path(error.filename or folder)) from error
        reason = error.strerror or str(error)
        raise LocalError(
            f"cannot write the cache folder {folder} ({reason}): mend it, or set {CACHE_VARIABLE} to another folder"
        ) from error


def full_disk(folder: Path) -> LocalError:
    """The error for a full disk, naming the folder that could not be written."""
    return LocalError(
        f"the disk that holds {folder} is full: a first build needs {NEEDED}; free some space,"
        f" or move them with {CACHE_VARIABLE}, GOCACHE and GOMODCACHE"
    )


@contextmanager
def locked(name: str, waits: Callable[[], None]) -> Iterator[None]:
    """Hold the cache's lock `name`, across processes; `waits` is called once if another holds it.

    The lock goes with the process that holds it, however that ends.
    """
    folder = cache_folder()
    with ExitStack() as stack:
        with writing(folder):
            locks = folder / "locks"
            locks.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context((locks / f"{name}.lock").open("w"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waits()
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def clean(report: Callable[[str], None]) -> None:
    """Remove every built program, manifest and log, and nothing else in the folder; waits for builds that run."""
    folder = cache_folder()
    with ExitStack() as stack:
        for lock in sorted((folder / "locks").glob("*.lock")):
            waits = partial(report, f"waits for another run that uses {lock.stem}")
            stack.enter_context(locked(lock.stem, waits))
        for name in _CONTENTS:
            if (folder / name).is_dir():
                with writing(folder):
                    shutil.rmtree(folder / name)
                report(f"removed {folder / name}")
