"""Programs that the user already has: what is on PATH, and whether it may be used instead of a build."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.programs.cache import cache_folder
from local.programs.registry import Program, Registry
from local.programs.versions import accepts, find_version, wanted
from local.state import MARKER

ASK_SECONDS = 20.0
"""How long a program on PATH may take to say its version; a cold `pulumi version` takes two."""


@dataclass(frozen=True)
class Installed:
    """A program found on PATH; `refusal` says why it does not count, and is empty when it does."""

    path: Path
    version: str = ""
    refusal: str = ""


def on_path(program: Program, registry: Registry) -> Installed | None:
    """What PATH offers for `program`, or None when it offers nothing."""
    found = which(program.name)
    if found is None:
        return None
    if program.edits:
        return Installed(found, refusal="is not the edited build that is wanted here (programs.toml says why)")
    if program.follows:
        leader = on_path(registry.program(program.follows), registry)
        if leader is None or leader.refusal:
            return Installed(found, refusal=f"comes without a {program.follows} that counts")
        return Installed(found, version=leader.version)
    lacking = [name for name in program.needs if which(name) is None]
    if lacking:
        return Installed(found, refusal=f"comes without {' and '.join(lacking)}")
    return _judged(program, found)


def which(name: str) -> Path | None:
    """The first executable called `name` on PATH, passing over our own: links into the cache, and wrappers."""
    cache = cache_folder().resolve()
    for folder in os.get_exec_path():
        candidate = Path(folder or ".", name)
        # In the `bin` of a state folder is a `pulumi` of ours, which runs the one that is being looked for.
        ours = (candidate.parent.parent / MARKER).exists() or cache in candidate.resolve().parents
        if candidate.is_file() and os.access(candidate, os.X_OK) and not ours:
            return candidate.absolute()
    return None


def _judged(program: Program, found: Path) -> Installed:
    version = find_version(_answer(program, found))
    if version is None:
        return Installed(found, refusal="does not say its version")
    if not accepts(program.accept, program.number, version):
        return Installed(found, f"v{version}", f"is {version}, wanted {wanted(program.accept, program.number)}")
    return Installed(found, f"v{version}")


def _answer(program: Program, found: Path) -> str:
    """What the program prints when asked for its version; nothing when it cannot be run."""
    quiet = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}  # or it looks for news on the network
    try:
        answer = subprocess.run(
            [found, *program.ask],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=ASK_SECONDS,
            env=quiet,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout + answer.stderr if answer.returncode == 0 else ""
