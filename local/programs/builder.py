"""Building one program into the cache: beside its place first, then moved there in one step."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.programs.cache import cache_folder, locked, writing
from local.programs.registry import Program
from local.programs.toolchain import Go

UNFINISHED = ".unfinished-"


def program_path(program: Program) -> Path:
    """Where the program lies in the cache once it is built."""
    return cache_folder() / "programs" / program.name / program.key / program.name


def build(program: Program, go: Go, waits: Callable[[], None]) -> float | None:
    """Build `program` and return the seconds it took, or None where another run had built it meanwhile.

    One run at a time builds programs of a family (they share most of the work); `waits` is called when it is another.
    An interrupted or failed build leaves nothing behind. Raises LocalError.
    """
    target = program_path(program)
    with locked(program.family.name, waits):
        if target.exists():
            return None
        start = time.monotonic()
        with unfinished(target.parent) as scratch:
            (scratch / "tmp").mkdir()
            go.build(program, scratch / program.name, scratch / "tmp")
            _add_companions(program, go, scratch)
            with writing(target.parent):
                (scratch / program.name).replace(target)
    return time.monotonic() - start


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """A folder inside `folder` for work that may fail, on the same disk; it is gone afterwards.

    Also removes what a killed run left there, so the caller has to hold the lock.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(leftover)
        scratch = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)  # what cannot go now goes at the next build
        if not any(folder.iterdir()):
            folder.rmdir()


def _add_companions(program: Program, go: Go, scratch: Path) -> None:
    """Put the files the program wants beside it in place; they come first, for the program itself marks the end."""
    if not program.beside:
        return
    module = go.module_folder(program, scratch / "tmp")
    target = program_path(program).parent
    with writing(target):
        for file in program.beside:
            copy = scratch / Path(file).name
            shutil.copyfile(module / file, copy)
            copy.chmod(0o755)
            copy.replace(target / copy.name)
