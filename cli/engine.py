"""Running the Pulumi engine on a stack: which program, in which folder, with which environment."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from catalog.yaml_file import read_mapping
from local.errors import LocalError
from local.state import CHECKOUT, STATE_VARIABLE, State


@dataclass(frozen=True)
class Engine:
    """A `pulumi` bound to one stack: the executable, the folder of its Pulumi.yaml, and what its environment adds."""

    executable: Path
    stack: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, check: bool = False, capture: bool = False) -> "subprocess.CompletedProcess[str]":
        """Run `pulumi <arguments> --stack <stack>`; with `check`, a failure is a LocalError."""
        command = [str(self.executable), *arguments, "--stack", self.stack]
        finished = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **self.environment},
            check=False,
            text=True,
            stdout=subprocess.PIPE if capture else None,
            stderr=subprocess.STDOUT if capture else None,
        )
        if check and finished.returncode != 0:
            told = f": {finished.stdout.strip().splitlines()[-1]}" if capture and finished.stdout.strip() else ""
            raise LocalError(f"`pulumi {' '.join(arguments)}` failed{told}")
        return finished


def local_environment(state: State, path_first: Sequence[Path]) -> dict[str, str]:
    """What a Pulumi command needs to know to work on the embedded cluster, and on nothing else."""
    folders = [*path_first, Path(sys.executable).parent]
    return {
        "PATH": os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]),
        "PULUMI_HOME": str(state.pulumi_home),
        "PULUMI_BACKEND_URL": f"file://{state.backend}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(state.passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "KUBECONFIG": str(state.kubeconfig),
        STATE_VARIABLE: str(state.folder),
    }


def write_project(state: State, stack_settings: Mapping[str, Any]) -> None:
    """The project folder of the embedded stack: the checkout's program, the given config, a backend and a passphrase.

    The engine adds an encryption salt to the stack file it finds; here that does not touch the checkout.
    """
    for folder in (state.project, state.backend, state.pulumi_home):
        folder.mkdir(parents=True, exist_ok=True)
    if not state.passphrase.exists():
        # Written aside and renamed: an interrupted first run must not leave an empty passphrase behind.
        draft = state.passphrase.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32), encoding="utf-8")
        draft.rename(state.passphrase)
    project = read_mapping(CHECKOUT / "Pulumi.yaml")
    project["main"] = str(CHECKOUT)
    project["runtime"]["options"]["virtualenv"] = str(Path(sys.executable).parent.parent)
    _write_yaml(state.project / "Pulumi.yaml", project)
    stack_file = state.project / "Pulumi.local.yaml"
    salt = read_mapping(stack_file).get("encryptionsalt") if stack_file.exists() else None
    _write_yaml(stack_file, {**stack_settings, **({"encryptionsalt": salt} if salt else {})})


def shell_environment(state: State) -> dict[str, str]:
    """The environment of the embedded stack, as the last `up` left it; LocalError where there was none."""
    try:
        environment: dict[str, str] = json.loads(state.environment.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LocalError("the embedded stack has not been set up yet; run `make up` first") from None
    return environment


def keep_environment(state: State, engine: Engine) -> None:
    """Leave for `shell_environment` what a shell needs, with a `pulumi` that works in the stack's project folder."""
    state.bin.mkdir(parents=True, exist_ok=True)
    wrapper = state.bin / "pulumi"
    wrapper.write_text(f'#!/bin/sh\nexec "{engine.executable}" -C "{state.project}" "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    state.environment.write_text(json.dumps(dict(engine.environment)), encoding="utf-8")


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")
