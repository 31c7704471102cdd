"""Kubernetes manifests out of the programs' own modules, copied into the cache once, so that later runs need no Go."""

import shutil
from functools import partial
from pathlib import Path

from local.errors import LocalError
from local.programs.builder import unfinished
from local.programs.cache import cache_folder, locked, writing
from local.programs.console import say
from local.programs.processes import terminations_raise
from local.programs.registry import Manifests, Registry, load_registry
from local.programs.toolchain import find_go


def assets(name: str, *, registry: Registry | None = None) -> Path:
    """The folder of the manifests called `name` in programs.toml, such as `argo-rollouts`.

    It holds YAML files and nothing else. Raises LocalError when they are not cached and cannot be had.
    """
    manifests = (registry or load_registry()).manifest(name)
    folder = cache_folder() / "assets" / name / manifests.key
    if not folder.is_dir():
        waits = partial(say, f"waits for another run that fetches the manifests of {name}")
        with terminations_raise(), locked(f"assets-{name}", waits):
            if not folder.is_dir():
                _copy(manifests, folder)
    return folder


def _copy(manifests: Manifests, folder: Path) -> None:
    source = manifests.source
    go = find_go([source])
    with unfinished(folder.parent) as scratch:
        module = go.module_folder(source, scratch)
        sources = [file for pattern in manifests.files for file in sorted(module.glob(pattern))]
        if not sources:
            raise LocalError(f"{source.module} {source.module_version} has no {' or '.join(manifests.files)}")
        with writing(folder.parent):
            done = scratch / "done"
            done.mkdir()
            if manifests.join_as:
                (done / manifests.join_as).write_text("---\n".join(_ending(file.read_text()) for file in sources))
            else:
                for file in sources:
                    shutil.copyfile(file, done / file.name)
            done.replace(folder)


def _ending(text: str) -> str:
    """`text` with a line feed at its end, or the `---` after it would not stand on a line of its own."""
    return text if text.endswith("\n") else text + "\n"
