"""Running the Pulumi engine on a stack: which program, in which folder, with which environment."""

import os
import re
import secrets
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from catalog.stack_file import stack_file
from catalog.yaml_file import read_mapping
from local.errors import LocalError
from local.plugin import NOTICE_GIVEN_VARIABLE
from local.state import CHECKOUT, EMBEDDED_STACK, OWN_FOLDER, STATE_VARIABLE, State

_Ended = TypeVar("_Ended")

_GRACE_SECONDS = 30
"""After a second Ctrl-C the engine is asked to end; this long it may take to write its checkpoint."""


@dataclass(frozen=True)
class Engine:
    """A `pulumi` bound to one stack: the executable, the folder of its Pulumi.yaml, and what its environment adds.

    `path` goes before PATH; `without` names variables that must not reach the engine; those of `quiet` are set, so that
    it does not repeat what the command has told already.
    """

    executable: Path
    stack: str
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    path: tuple[Path, ...] = ()
    without: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the engine's process."""
        inherited = {name: value for name, value in os.environ.items() if name not in self.without}
        first = os.pathsep.join([*map(str, self.path), inherited.get("PATH", "")])
        return {**inherited, **self.variables, **dict.fromkeys(self.quiet, "1"), "PATH": first}

    def run(
        self,
        *arguments: str,
        check: bool = False,
        capture: bool = False,
        errors: list[str] | None = None,
        until: re.Pattern[str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """Run `pulumi <arguments> --stack <stack>`; with `check`, a failure is a LocalError.

        With `errors`, the lines of standard error are kept there too; from one that `until` finds on, there alone.

        Ctrl-C reaches the engine too, which then ends what it has begun and writes its checkpoint: it is waited for. A
        second one asks it to end at once.
        """
        command = [str(self.executable), *arguments, "--stack", self.stack]
        listened = None if errors is None else subprocess.PIPE
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE if capture else None,
            stderr=subprocess.STDOUT if capture else listened,
        )
        output = _wait(process) if errors is None else _overheard(process, errors, until)
        if check and process.returncode != 0:
            raise LocalError(f"`pulumi {' '.join(arguments)}` failed: {last_line(output)}")
        return subprocess.CompletedProcess(command, process.returncode, output)

    def stack_fault(self) -> str | None:
        """Why the engine cannot open the stack (none of that name, no login …), in its own words; None where it can."""
        finished = self.run("stack", "--non-interactive", capture=True)
        return None if finished.returncode == 0 else last_line(finished.stdout)


def _wait(process: "subprocess.Popen[str]") -> str:
    """The output of the process once it has ended, whatever interrupts come meanwhile."""
    output, _ = _end(process, process.communicate)
    return output or ""


def _end(process: "subprocess.Popen[str]", wait: Callable[[], _Ended]) -> _Ended:
    try:
        return wait()
    except KeyboardInterrupt:
        try:
            wait()
        except KeyboardInterrupt:
            process.terminate()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        raise


def _overheard(process: "subprocess.Popen[str]", errors: list[str], until: re.Pattern[str] | None) -> str:
    """As `_wait`, while lines of standard error are kept, and shown as they come."""

    def listen() -> None:
        for line in process.stderr or ():
            errors.append(line)
            if not (until and until.search("".join(errors))):
                sys.stderr.write(line)
                sys.stderr.flush()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        _end(process, process.wait)
    finally:
        listener.join()
    return ""


def last_line(output: str) -> str:
    """The last line of a program's output that says something."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def local_engine(state: State, folder: Path) -> Engine:
    """The `pulumi` of `folder`, working on the embedded cluster and on nothing else."""
    given = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
    direct = ",".join(filter(None, [given, "127.0.0.1", "localhost"]))
    variables = {
        # A proxy of the user's leads nowhere from a cluster on this very machine.
        "NO_PROXY": direct,
        "no_proxy": direct,
        "PULUMI_HOME": str(state.pulumi_home),
        "PULUMI_BACKEND_URL": f"file://{state.backend}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(state.passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "KUBECONFIG": str(state.kubeconfig),
        STATE_VARIABLE: str(state.folder),
    }
    path = (state.bin, folder, Path(sys.executable).parent)
    # It would win over the stack's own passphrase file.
    without = ("PULUMI_CONFIG_PASSPHRASE",)
    return Engine(folder / "pulumi", EMBEDDED_STACK, state.project, variables, path, without, (NOTICE_GIVEN_VARIABLE,))


_NO_LOG = """A file in this place keeps Pulumi from writing a log of everything it does: docs/performance.md says why.
Whoever wants the log puts a folder in its place.
"""


def _without_log_of_everything(place: Path) -> None:
    """Have no log of every run in that place, unless one has been begun there.

    The engine writes down each message at its finest level, packed and encrypted, and no setting stops it; where it
    cannot make the folder it goes on without (pkg/logging/encrypted.go of v3.259). That is more than half of its CPU
    time with nine services, and three quarters with a hundred.
    """
    if not place.exists():
        place.write_text(_NO_LOG, encoding="utf-8")


def write_project(state: State, stack_settings: Mapping[str, Any]) -> None:
    """The project folder of the embedded stack: the checkout's program, the given config, a backend and a passphrase.

    The engine adds an encryption salt to the stack file it finds; here that does not touch the checkout.
    """
    for folder in (state.project, state.backend, state.pulumi_home):
        folder.mkdir(parents=True, exist_ok=True)
    _without_log_of_everything(state.pulumi_log)
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
    copy = stack_file(state.project, EMBEDDED_STACK)
    salt = read_mapping(copy).get("encryptionsalt") if copy.exists() else None
    _write_yaml(copy, {**stack_settings, **({"encryptionsalt": salt} if salt else {})})


def shell_exports(state: State) -> list[str]:
    """Lines for a shell to evaluate, as the last `up` left them; LocalError where there was none."""
    try:
        return state.environment.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise LocalError("the embedded stack has not been set up yet; run `make up` first") from None


def keep_exports(state: State, engine: Engine) -> None:
    """Leave for `shell_exports` what a shell needs, with a `pulumi` that works in the stack's project folder."""
    state.bin.mkdir(parents=True, exist_ok=True)
    wrapper = state.bin / "pulumi"
    command = f"exec {shlex.quote(str(engine.executable))} -C {shlex.quote(str(engine.folder))}"
    # Written aside: the old file may be running, or be linked elsewhere.
    draft = wrapper.with_name(".pulumi.new")
    draft.write_text(f'#!/bin/sh\n{command} "$@"\n', encoding="utf-8")
    draft.chmod(0o755)
    draft.replace(wrapper)
    lines = [f"unset {name}" for name in engine.without]
    # The plugin finds this checkout's own state folder by itself; exported, it would follow the shell elsewhere.
    own = state.folder == OWN_FOLDER
    variables = {name: value for name, value in engine.variables.items() if not (own and name == STATE_VARIABLE)}
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    lines.append(f'export PATH={shlex.quote(os.pathsep.join(map(str, engine.path)))}:"$PATH"')
    state.environment.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")
