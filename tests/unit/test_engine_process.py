"""How the engine is run: what it is told, and what Ctrl-C does to it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli import main
from cli.engine import Engine, keep_exports, local_engine, shell_exports, write_project
from local.cluster import folder
from local.errors import LocalError
from local.programs.search_path import which
from local.state import CHECKOUT, STATE_VARIABLE, State
from local.waiting import wait_until

PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"


def program(folder: Path, text: str) -> Path:
    path = folder / "pulumi"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_ctrl_c_lets_the_engine_write_its_checkpoint(tmp_path: Path) -> None:
    written = tmp_path / "checkpoint"
    fake = program(
        tmp_path, f"trap 'sleep 1; touch {written}; exit 3' INT; touch {tmp_path}/ready; while :; do sleep 0.1; done"
    )
    code = "from pathlib import Path; from cli.engine import Engine; "
    code += f"Engine(Path({str(fake)!r}), 'dev', Path('.')).run('up')"
    runner = subprocess.Popen(
        [sys.executable, "-c", code], cwd=CHECKOUT, start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until((tmp_path / "ready").exists, 60, "the fake engine")
        os.killpg(runner.pid, signal.SIGINT)
        _, told = runner.communicate(timeout=60)
    finally:
        if runner.poll() is None:
            os.killpg(runner.pid, signal.SIGKILL)
    assert written.exists()
    assert "KeyboardInterrupt" in told


def test_the_users_passphrase_does_not_reach_the_embedded_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE, "the user's own")
    engine = local_engine(State(tmp_path / "state"), tmp_path)
    assert PASSPHRASE not in engine.environment
    assert engine.environment["PULUMI_BACKEND_URL"] == f"file://{tmp_path / 'state' / 'backend'}"
    assert engine.environment["KUBECONFIG"] == str(tmp_path / "state" / "kubeconfig")


def test_a_shell_gets_the_same_environment_and_keeps_its_own_path(tmp_path: Path) -> None:
    state = State(tmp_path / "state of mine")
    program(tmp_path, 'echo "$@" in "$PULUMI_HOME"')
    engine = local_engine(state, tmp_path)
    keep_exports(state, engine)
    script = "\n".join([*shell_exports(state), "pulumi preview; echo $PATH; echo ${PULUMI_CONFIG_PASSPHRASE-none}"])
    environment = {"PATH": "/bin:/usr/bin", PASSPHRASE: "the user's own"}
    shown = subprocess.run(["sh", "-c", script], env=environment, check=True, capture_output=True, text=True).stdout
    said, path, passphrase = shown.splitlines()
    assert said == f"-C {state.project} preview in {state.pulumi_home}"
    assert path.startswith(f"{state.bin}:{tmp_path}:")
    assert path.endswith(":/bin:/usr/bin")
    assert passphrase == "none"


def test_the_project_of_the_embedded_stack_runs_the_checkout_and_keeps_its_salt(tmp_path: Path) -> None:
    state = State(tmp_path)
    write_project(state, {"config": {"api-observability:environment": "local"}})
    stack_file = state.project / "Pulumi.local.yaml"
    first = state.passphrase.read_text(encoding="utf-8")
    stack_file.write_text(stack_file.read_text(encoding="utf-8") + "encryptionsalt: v1:abc\n", encoding="utf-8")
    write_project(state, {"config": {"api-observability:environment": "dev"}})
    assert "encryptionsalt: v1:abc" in stack_file.read_text(encoding="utf-8")
    assert "environment: dev" in stack_file.read_text(encoding="utf-8")
    assert f"main: {CHECKOUT}" in (state.project / "Pulumi.yaml").read_text(encoding="utf-8")
    assert state.passphrase.read_text(encoding="utf-8") == first
    assert len(first) >= 32
    assert state.passphrase.stat().st_mode & 0o077 == 0


def test_the_engine_keeps_no_log_of_everything_unless_a_folder_asks_for_it(tmp_path: Path) -> None:
    state = State(tmp_path)
    write_project(state, {})
    log = state.pulumi_log
    assert "puts a folder in its place" in log.read_text(encoding="utf-8")
    log.unlink()
    log.mkdir()
    write_project(state, {})
    assert log.is_dir()


def test_a_failure_of_the_engine_is_told_in_its_own_last_words(tmp_path: Path) -> None:
    engine = Engine(program(tmp_path, "echo working; echo 'error: no stack named x'; echo; exit 1"), "x", tmp_path)
    assert engine.stack_fault() == "error: no stack named x"
    with pytest.raises(LocalError, match="`pulumi stack init` failed: error: no stack named x"):
        engine.run("stack", "init", check=True, capture=True)
    assert Engine(program(tmp_path, "exit 0"), "x", tmp_path).stack_fault() is None


def test_the_wrapper_for_shells_is_never_taken_for_the_users_own_pulumi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State(tmp_path / "state")
    keep_exports(state, local_engine(state, tmp_path))
    state.marker.touch()
    own = program(tmp_path, "exit 0")
    monkeypatch.setenv("PATH", f"{state.bin}:{tmp_path}")
    assert which("pulumi") == own


def test_cleaning_leaves_alone_what_is_not_a_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "precious").touch()
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    assert main(["clean"]) == 0
    assert (tmp_path / "bin" / "precious").exists()
    assert capsys.readouterr().out == "no embedded cluster is running\n"
    with pytest.raises(LocalError, match="holds something else already: name an empty folder"):
        folder.prepare(State(tmp_path))
