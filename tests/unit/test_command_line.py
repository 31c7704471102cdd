"""`api-observability`: what a person sees who mistypes."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli import commands, main, rendering
from local.state import CHECKOUT, STATE_VARIABLE


@pytest.mark.parametrize("command", ["up", "preview", "render", "status"])
def test_an_unknown_stack_is_one_line_and_an_exit_status(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--stack", "stage"]) == 1
    told = capsys.readouterr()
    assert told.err == (
        "error: Pulumi.stage.yaml: there is no stack 'stage' (stacks with a file here: dev, local, prod)\n"
    )
    assert told.out == ""


def test_a_stack_without_a_pulumi_of_ones_own_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["up", "--stack", "dev"]) == 1
    assert "needs your own `pulumi` on PATH" in capsys.readouterr().err


def test_the_environment_of_a_stack_never_set_up_says_what_to_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    assert main(["env"]) == 1
    assert "run `make up` first" in capsys.readouterr().err


def test_rendering_tells_how_many_objects_there_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: dict[str, object] = {}
    monkeypatch.setattr(rendering, "write", lambda files, target: written.update({str(target): files}))
    assert main(["render", "--stack", "prod"]) == 0
    (target,) = written
    assert target == str(CHECKOUT / "rendered" / "prod")
    assert capsys.readouterr().out == "69 objects in rendered/prod/\n"


def test_a_stack_without_a_cluster_behind_it_is_one_line_and_nothing_is_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(f"#!/bin/sh\ntouch {ran}\n", encoding="utf-8")
    pulumi.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert main(["up", "--stack", "dev"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: there is no context 'dev' in {tmp_path / 'none'} (contexts there: none)")
    assert told.count("\n") == 1
    assert not ran.exists()


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m cli explain univprepai-api --stack prod | head -n 1"
    finished = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=CHECKOUT, check=False, capture_output=True, text=True
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith("KEY ")


def test_every_command_there_is_help_for_can_be_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert [name for name in commands.BY_NAME if not re.search(rf"\n    {name}\s", told)] == []
    assert [
        name for name, module in commands.MODULES.items() if not hasattr(importlib.import_module(module), "run")
    ] == []
