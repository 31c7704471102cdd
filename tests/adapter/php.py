"""PHP for the tests: the one on PATH, else Debian's or Ubuntu's own package, unpacked in the cache without root."""

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from local.errors import LocalError
from local.programs.cache import cache_folder, locked, writing
from local.programs.console import OPEN, say

_NEEDED = "PHP 7.4 or newer with its built-in server"
_WILL_DO = 'exit((int) !(PHP_VERSION_ID >= 70400 && function_exists("session_start") && function_exists("gzencode")));'
_MENDING = "install it (Debian: apt install php-cli, macOS: brew install php), then run the same command again"


def ensure_php() -> Path:
    """A program that runs PHP; raises LocalError of one line where there is none and none can be had."""
    own = shutil.which("php")
    if own and _ends_well([own, "-r", _WILL_DO]):
        return Path(own)
    folder = cache_folder() / "programs" / "php" / _distribution()
    with locked("php", lambda: say("waits for another run that unpacks PHP")):
        if not (folder / "php").exists():
            _unpack_into(folder)
    return folder / "php"


def _distribution() -> str:
    """Such as debian-12: an unpacked package is used with the libraries of the system it is for."""
    try:
        release = platform.freedesktop_os_release()
    except OSError as error:
        raise LocalError(f"the tests of the adapter need {_NEEDED}: {_MENDING}") from error
    return f"{release['ID']}-{release.get('VERSION_ID', 'rolling')}-{platform.machine()}"


def _unpack_into(folder: Path) -> None:
    """The package and those it needs that the system lacks; the program itself comes last."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise LocalError(f"the tests of the adapter need {_NEEDED}, and there is no apt-get to fetch it: {_MENDING}")
    line = f"PHP for the tests of the adapter, unpacked once from the system's own packages {OPEN}"
    say(line)
    root, packages = folder / "root", folder / "packages"
    with writing(folder):
        shutil.rmtree(folder, ignore_errors=True)
        for each in (root, packages, folder / "lists" / "partial", folder / "archives" / "partial"):
            each.mkdir(parents=True)
    options = _of_its_own(folder)
    _run(["apt-get", *options, "-qq", "update"], packages)
    plan = _run(["apt-get", *options, "-s", "--no-install-recommends", "install", "php-cli"], packages)
    names = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    _run(["apt-get", *options, "-qq", "download", *names], packages)
    for package in sorted(packages.glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(root)], packages)
    _write_program(folder, root)
    for leftover in ("lists", "archives", "packages"):
        shutil.rmtree(folder / leftover)
    say(f"{line} done")


def _of_its_own(folder: Path) -> list[str]:
    """apt with the system's sources and status, but lists and archives that an ordinary user may write."""
    settings = {
        "Dir::State::lists": str(folder / "lists"),
        "Dir::Cache": str(folder),
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def _write_program(folder: Path, root: Path) -> None:
    found = sorted((root / "usr" / "bin").glob("php[0-9]*"))
    if not found:
        raise LocalError(f"the package php-cli has no program: {_MENDING}")
    libraries = sorted({str(library.parent) for library in root.glob("**/*.so.*")})
    program = folder / "php.new"
    program.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{":".join(libraries)}" exec "{found[-1]}" "$@"\n')
    program.chmod(0o755)
    if not _ends_well([str(program), "-r", _WILL_DO]):
        raise LocalError(f"the unpacked {found[-1].name} does not run here, or is not {_NEEDED}: {_MENDING}")
    program.rename(folder / "php")


def _ends_well(command: Sequence[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0


def _run(command: Sequence[str], folder: Path) -> str:
    told = subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
    if told.returncode != 0:
        reason = (told.stderr.strip() or told.stdout.strip() or "no reason given").splitlines()[-1]
        raise LocalError(f"PHP could not be unpacked ({command[0]}: {reason}): {_MENDING}")
    return told.stdout
