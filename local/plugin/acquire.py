"""Where the Kubernetes plugin comes from: the official one wherever it can be had, else the stand-in."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Literal, TypeAlias

from local.errors import LocalError
from local.state import CHECKOUT, State

EXECUTABLE = "pulumi-resource-kubernetes"

CHOICE_VARIABLE = "API_OBSERVABILITY_PLUGIN"
"""`auto` (the default), `official` (an error without it) or `stand-in`."""

NOTICE_GIVEN_VARIABLE = "API_OBSERVABILITY_STAND_IN_NOTICE_GIVEN"
"""Set by a command that has told its user of the stand-in already; else each of the engine's plugin processes does."""

_MARK = "# The stand-in for the official Kubernetes plugin; `local.plugin.install` writes it."
_INSTALL_SECONDS = 120.0
_REMEMBERED_SECONDS = 24 * 3600.0
"""How long a failed download is not tried again: offline, each try costs up to `_INSTALL_SECONDS`."""

_FOLDER = re.compile(r"resource-kubernetes-v(\d+)\.(\d+)\.(\d+)")

Version: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Plugin:
    """The plugin that `pulumi` will run for the embedded stack, and where its executable is."""

    kind: Literal["official", "stand-in"]
    path: Path

    def __str__(self) -> str:
        if self.kind == "official":
            return f"the official one, {self.path.resolve()}"
        return "the stand-in of local/plugin, as the official one is not to be had"


def provide(state: State, pulumi: Path, report: Callable[[str], None]) -> Plugin:
    """Put the plugin where the embedded stack's `pulumi` finds it: below `state.pulumi_home`, or in `state.bin`.

    LocalError where `API_OBSERVABILITY_PLUGIN` is not one of its three values, or asks for an official plugin that
    cannot be had.
    """
    choice = os.environ.get(CHOICE_VARIABLE) or "auto"
    if choice not in ("auto", "official", "stand-in"):
        raise LocalError(f"{CHOICE_VARIABLE}={choice} is not a choice: use auto, official or stand-in")
    wanted = installed_version("pulumi-kubernetes")
    official = None
    if choice != "stand-in":
        official = find_official(pulumi, state.pulumi_home, wanted, report)
    if official is not None:
        return Plugin("official", _link(state, official, wanted))
    if choice == "official":
        raise LocalError(
            f"the official Kubernetes plugin {wanted} is neither installed nor to be downloaded: run "
            f"`pulumi plugin install resource kubernetes {wanted}` where there is a network, or unset {CHOICE_VARIABLE}"
        )
    shim = install(state.pulumi_home / "plugins" / f"resource-kubernetes-v{wanted}")
    _clear(state, keep=shim)
    return Plugin("stand-in", shim)


def install(folder: Path) -> Path:
    """Write the stand-in's executable into `folder`; it runs this checkout with this Python from any directory."""
    folder.mkdir(parents=True, exist_ok=True)
    command = f"PYTHONPATH={shlex.quote(str(CHECKOUT))} exec {shlex.quote(sys.executable)} -P -m local.plugin"
    shim = folder / EXECUTABLE
    fresh = folder / f".{EXECUTABLE}.new"
    fresh.write_text(f'#!/bin/sh\n{_MARK}\n{command} "$@"\n')
    fresh.chmod(0o755)
    fresh.replace(shim)
    return shim


def find_official(
    pulumi: Path, pulumi_home: Path | None, version: str, report: Callable[[str], None] = lambda _: None
) -> Path | None:
    """The official plugin's executable: on PATH, among the user's plugins, or downloaded into `pulumi_home`.

    None where it cannot be had. A failed download is remembered in `pulumi_home` for a day.
    """
    on_path = shutil.which(EXECUTABLE)
    if on_path and not _is_shim(Path(on_path)):
        return Path(on_path)
    homes = [Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")] + ([pulumi_home] if pulumi_home else [])
    found = _best(homes, version)
    if found or pulumi_home is None:
        return found
    failure = pulumi_home / "kubernetes-plugin-not-to-be-had.json"
    if failure.is_file() and 0 <= time.time() - failure.stat().st_mtime < _REMEMBERED_SECONDS:
        return None
    report(f"downloading the official Kubernetes plugin {version} (at most {_INSTALL_SECONDS:g} s)")
    reason = _download(pulumi, pulumi_home, version)
    found = None if reason else _best([pulumi_home], version)
    if found is None:
        pulumi_home.mkdir(parents=True, exist_ok=True)
        _remove_remains(pulumi_home, version)
        failure.write_text(json.dumps({"version": version, "reason": reason or "nothing was installed"}))
    return found


def _download(pulumi: Path, pulumi_home: Path, version: str) -> str:
    """Ask `pulumi` to download the plugin; what went wrong, or empty."""
    environment = {**os.environ, "PULUMI_HOME": str(pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "1"}
    command = [str(pulumi), "plugin", "install", "resource", "kubernetes", version, "--non-interactive"]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_INSTALL_SECONDS:g} s"
    except OSError as error:
        return str(error)
    return (done.stderr.strip() or f"pulumi ended with {done.returncode}") if done.returncode else ""


def _remove_remains(pulumi_home: Path, version: str) -> None:
    """Remove what an interrupted download left: `pulumi` passes over a plugin beside which a `.partial` file lies."""
    for remains in pulumi_home.glob(f"plugins/resource-kubernetes-v{version}*"):
        if remains.is_dir():
            shutil.rmtree(remains)
        else:
            remains.unlink()


def _best(homes: list[Path], version: str) -> Path | None:
    """The newest official executable of the wanted major version in some plugin folders."""
    major = _parsed(version)[0]
    found: list[tuple[Version, Path]] = []
    for home in homes:
        for folder in home.glob("plugins/resource-kubernetes-v*"):
            match = _FOLDER.fullmatch(folder.name)
            executable = folder / EXECUTABLE
            whole = not folder.with_name(f"{folder.name}.partial").exists()
            if match and int(match[1]) == major and whole and executable.is_file() and not _is_shim(executable):
                found.append(((int(match[1]), int(match[2]), int(match[3])), executable))
    return max(found)[1] if found else None


def _link(state: State, official: Path, wanted: str) -> Path:
    """Make the engine find the plugin: in its plugin folder where the version will do, else on PATH, where any does."""
    match = _FOLDER.fullmatch(official.parent.name)
    held = (int(match[1]), int(match[2]), int(match[3])) if match else None
    fits = held is not None and held >= _parsed(wanted)
    folder = state.pulumi_home / "plugins" / official.parent.name if fits else state.bin
    link = folder / EXECUTABLE
    if link != official:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f".{EXECUTABLE}.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(official.resolve())
        fresh.replace(link)
    _clear(state, keep=link)
    return link


def _clear(state: State, keep: Path) -> None:
    """Remove what an earlier choice put there, but `keep`: the stand-in's shims, and links to an official plugin."""
    for executable in (*state.pulumi_home.glob(f"plugins/resource-kubernetes-v*/{EXECUTABLE}"), state.bin / EXECUTABLE):
        if executable != keep and (executable.is_symlink() or _is_shim(executable)):
            executable.unlink()
            if executable.parent != state.bin and not any(executable.parent.iterdir()):
                executable.parent.rmdir()


def _is_shim(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _MARK.encode() in file.read(1024)
    except OSError:
        return False


def _parsed(version: str) -> Version:
    match = _FOLDER.fullmatch(f"resource-kubernetes-v{version}")
    if match is None:
        raise LocalError(f"pulumi-kubernetes {version} is not a released version: install one, such as 4.34.2")
    return int(match[1]), int(match[2]), int(match[3])
