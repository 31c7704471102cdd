"""One folder in which the engine finds its language host beside itself."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from local.programs.cache import cache_folder, locked, writing

ENGINE = "pulumi"
LANGUAGE_HOST = "pulumi-language-python"


def engine_folder(paths: Mapping[str, Path]) -> Path:
    """The folder that holds `pulumi` and its language host, linked together in the cache where they are apart.

    Elsewhere on PATH the engine finds the host too, but warns of it in every run. Raises LocalError.
    """
    engine, host = paths[ENGINE].resolve(), paths[LANGUAGE_HOST].resolve()
    if engine.parent == host.parent:
        return engine.parent
    folder = cache_folder() / "programs" / "engine" / sha256(f"{engine}\n{host}".encode()).hexdigest()[:12]
    with locked("engine", lambda: None), writing(folder):
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
            for file in (engine, *host.parent.glob(f"{LANGUAGE_HOST}*")):
                _link(file, draft / file.name)
            draft.chmod(0o755)
            draft.rename(folder)
    return folder


def _link(source: Path, target: Path) -> None:
    """A second name for the same file; a copy where the file system cannot do that. (A symbolic link the engine
    would follow back to the folder it came from.)"""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
