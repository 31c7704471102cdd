"""What went wrong in a build, in one line."""

import re
import shutil
from pathlib import Path

from local.errors import LocalError
from local.programs.cache import cache_folder, full_disk, writing
from local.programs.registry import Pinned

_FULL = re.compile(r"no space left on device|disk quota exceeded")
_PATH = re.compile(r"/[^\s:]+")
_NETWORK = re.compile(r"dial tcp|proxyconnect|module lookup disabled|TLS handshake|(?:Get|reading) \"?https?://")
_NOISE = re.compile(r"go: downloading |# |\s*$|note: module requires Go |too many errors")


def failed(source: Pinned, text: str) -> LocalError:
    """The error for a `go` that failed and wrote `text`, which is kept in a log in the cache."""
    lines = text.splitlines()
    for line in lines:
        if _FULL.search(line):
            return full_disk(_fullest([cache_folder(), *map(Path, _PATH.findall(line))]))
    what = f"{source.name} {source.version}"
    log = _keep(text, f"{source.name}-{source.version}.log")
    for line in lines:
        if _NETWORK.search(line):
            return LocalError(
                f"cannot download the Go modules of {what}: {line.strip()}"
                f" - check the network, HTTPS_PROXY and GOPROXY, then run it again (log: {log})"
            )
    useful = [line.strip() for line in lines if not _NOISE.match(line)]
    return LocalError(f"cannot build {what}: {useful[-1] if useful else 'go gave no reason'} (log: {log})")


def _keep(text: str, name: str) -> Path:
    log = cache_folder() / "logs" / name
    with writing(log.parent):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text)
    return log


def _fullest(paths: list[Path]) -> Path:
    """The folder on the disk with the least room among those of `paths`: Go's caches may lie on another than ours."""
    folders = [next(p for p in (path, *path.parents) if p.is_dir()) for path in paths]
    return min(folders, key=lambda folder: shutil.disk_usage(folder).free)
