"""One folder in which the engine finds its language host beside itself."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from local.programs.cache import cache_folder, locked, writing
from local.programs.registry import short_hash

ENGINE = "pulumi"
LANGUAGE_HOST = "pulumi-language-python"
_DRAFT = ".new-"


def engine_folder(paths: Mapping[str, Path]) -> Path:
    """The folder that holds `pulumi` and its language host, linked together in the cache where they are apart.

    Elsewhere on PATH the engine finds the host too, but warns of it in every run. Raises LocalError.
    """
    engine, host = paths[ENGINE].resolve(), paths[LANGUAGE_HOST].resolve()
    if engine.parent == host.parent:
        return engine.parent
    folder = cache_folder() / "programs" / "engine" / short_hash(*map(_identity, (engine, host)))
    with locked("engine", lambda: None), writing(folder):
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            for leftover in folder.parent.glob(f"{_DRAFT}*"):
                shutil.rmtree(leftover)
            draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_DRAFT))
            for file in (engine, *host.parent.glob(f"{LANGUAGE_HOST}*")):
                _link(file, draft / file.name)
            draft.chmod(0o755)
            draft.rename(folder)
    return folder


def _identity(program: Path) -> bytes:
    """What changes when a program is upgraded where it is."""
    facts = program.stat()
    return f"{program}\n{facts.st_size}\n{facts.st_mtime_ns}".encode()


def _link(source: Path, target: Path) -> None:
    """A second name for the same file; a copy where the file system cannot do that. (A symbolic link the engine
    would follow back to the folder it came from.)"""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
