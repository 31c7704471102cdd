"""A stack as another commit renders it, with that commit's own program."""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalog.stack_file import stack_file
from local.errors import LocalError

_TIMEOUT_SECONDS = 300
"""Rendering takes seconds; a base that hangs must not hang whoever compares with it."""


_ITS_OWN = ("catalog", "cli/__main__.py", "components", "local", "observability", "program.py")


class BaseError(Exception):
    """The base is there, and its program cannot render the stack; the message says why, in one line."""


@dataclass(frozen=True)
class Base:
    """What the working tree is compared with: the name people gave, and the commit."""

    name: str
    commit: str

    def __str__(self) -> str:
        short = self.commit[:10]
        return self.name if self.commit.startswith(self.name) else f"{self.name} ({short})"


def find_base(checkout: Path, name: str) -> Base:
    """The commit at which the working tree left `name`, so that what others did there since is no change of ours.

    A branch that is only known from a remote is found too. Raises LocalError where there is no such commit.
    """
    for reference in (name, f"origin/{name}"):
        commit = _git(checkout, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
        if commit:
            # A shallow clone may lack the common commit; the branch itself is the nearest that can be had then.
            return Base(name, _git(checkout, "merge-base", commit, "HEAD") or commit)
    if not _git(checkout, "rev-parse", "--git-dir"):
        raise LocalError(f"{checkout} is no git repository, so there is nothing to compare with")
    raise LocalError(
        f"git knows no commit '{name}' here; fetch it (`git fetch origin {name}`), or name another: --base"
    )


@contextmanager
def exported(checkout: Path, commit: str) -> Iterator[Path]:
    """The files of a commit in a folder that is removed afterwards; the repository itself is not touched."""
    archive = subprocess.run(
        ["git", "-C", str(checkout), "archive", "--format=tar", commit], check=False, capture_output=True
    )
    if archive.returncode != 0:
        raise LocalError(f"git cannot read the commit {commit}: {_last_line(archive.stderr.decode())}")
    with tempfile.TemporaryDirectory(prefix="api-observability-base-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


def has_stack(folder: Path, stack: str) -> bool:
    """Whether the stack has a file there."""
    return stack_file(folder, stack).exists()


def rendered_by(folder: Path, stack: str) -> dict[str, str]:
    """The stack as the program in `folder` renders it, by this interpreter; raises BaseError where it cannot.

    It is run as its users run it, `render --stack`: of an older version nothing else can be relied upon.
    """
    if not all((folder / part).exists() for part in _ITS_OWN):
        # What is not there Python would take from where this program is installed, and call that the base.
        raise BaseError("the program was not there yet")
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "cli", "render", "--stack", stack],
            cwd=folder,
            env=_environment(folder),
            check=False,
            text=True,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise BaseError(f"rendering took more than {_TIMEOUT_SECONDS} s") from None
    if finished.returncode != 0:
        raise BaseError(_last_line(finished.stderr) or f"render ended with status {finished.returncode}")
    target = folder / "rendered" / stack
    files = {str(path.relative_to(target)): path.read_text(encoding="utf-8") for path in target.rglob("*.yaml")}
    if not files:
        raise BaseError(f"render wrote nothing into {target.relative_to(folder)}/")
    return dict(sorted(files.items()))


def _environment(folder: Path) -> Mapping[str, str]:
    """This environment, in which Python finds the base's modules before those of the working tree."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    return {**kept, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def _git(checkout: Path, *arguments: str) -> str:
    """What git answers; nothing where it refuses, or where there is no git."""
    try:
        finished = subprocess.run(["git", "-C", str(checkout), *arguments], check=False, text=True, capture_output=True)
    except FileNotFoundError:
        raise LocalError("comparing needs git, and there is none on PATH") from None
    return finished.stdout.strip() if finished.returncode == 0 else ""


def _last_line(text: str) -> str:
    """The line that says what went wrong: of a traceback it is the last, of our own messages the first of them."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    own = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (own or lines[-1:] or [""])[0]
