"""What the workflow says of the canaries that an `up` started; kubectl and its plugin are played."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.state import CHECKOUT

SCRIPT = CHECKOUT / ".github" / "scripts" / "canaries.py"

PLAYED = """#!/bin/sh
# The answers are files named after the arguments: get-rollouts, get-rollouts-<name>, get-analysisruns, status-<name>.
shift 4 # --context c --namespace n
kind=$(echo "$2" | cut -d. -f1)
case "$3" in --*|"") cat "$ANSWERS/get-$kind" ;; *) cat "$ANSWERS/get-$kind-$3" ;; esac
"""


def rollout(name: str, image: str, phase: str = "Healthy", message: str = "") -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"replicas": 3, "template": {"spec": {"containers": [{"image": image}]}}},
        "status": {"phase": phase, "message": message},
    }


@dataclass
class Runner:
    """A run of the workflow: its folder, and what the cluster answers."""

    folder: Path

    def answer(self, name: str, content: object) -> None:
        (self.folder / "answers" / name).write_text(json.dumps(content), encoding="utf-8")

    def has(self, *rollouts: dict[str, Any]) -> None:
        self.answer("get-rollouts", {"items": rollouts})
        for each in rollouts:
            self.answer(f"get-rollouts-{each['metadata']['name']}", each)

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        plugin = ["--plugin", str(self.folder / "bin" / "plugin")] if command == "wait" else []
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [sys.executable, str(SCRIPT), command, "--context", "c", "--namespace", "n", *plugin],
            cwd=self.folder,
            env={**os.environ, "PATH": path, "ANSWERS": str(self.folder / "answers")},
            check=False,
            text=True,
            capture_output=True,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    for folder in ("bin", "answers"):
        (tmp_path / folder).mkdir()
    for name, script in (("kubectl", PLAYED), ("plugin", "#!/bin/sh\nexit 0\n")):
        (tmp_path / "bin" / name).write_text(script, encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    found = Runner(tmp_path)
    found.answer("get-analysisruns", {"items": []})
    return found


def test_only_the_canaries_that_this_run_began_are_waited_for(runner: Runner) -> None:
    """What failed before, and what is new and so has no canary, is not this run's matter."""
    runner.has(rollout("a-api", "a:1"), rollout("b-api", "b:1", "Degraded", "RolloutAborted"))
    assert runner.run("before").returncode == 0
    runner.has(rollout("a-api", "a:2"), rollout("b-api", "b:1", "Degraded"), rollout("c-api", "c:1", "Progressing"))
    told = runner.run("wait")
    assert told.stdout.splitlines() == ["canaries that have begun: a-api", "a-api: promoted"]
    assert told.returncode == 0


def test_a_canary_that_was_taken_back_fails_the_run_and_says_why(runner: Runner) -> None:
    runner.has(rollout("a-api", "a:1"), rollout("b-api", "b:1"))
    runner.run("before")
    runner.has(rollout("a-api", "a:2", "Degraded", "RolloutAborted: metric error-rate failed"), rollout("b-api", "b:2"))
    metric = {"name": "error-rate", "phase": "Failed", "measurements": [{"value": "[0.05]"}]}
    run = {
        "metadata": {"name": "a-api-7d-2-2", "ownerReferences": [{"name": "a-api"}]},
        "status": {"metricResults": [metric, {"name": "p95-latency", "phase": "Successful"}]},
    }
    runner.answer("get-analysisruns", {"items": [run]})
    told = runner.run("wait")
    assert told.returncode == 1
    assert "::error::a-api is Degraded: RolloutAborted: metric error-rate failed" in told.stdout
    assert "a-api-7d-2-2: error-rate Failed:  (measured [0.05])" in told.stdout
    assert "b-api: promoted" in told.stdout  # one failing service does not hide the others
    assert "p95-latency" not in told.stdout


def test_nothing_is_built_upon_a_canary_that_waits_for_a_person(runner: Runner) -> None:
    runner.has(rollout("a-api", "a:1"))
    runner.run("before")
    runner.has(rollout("a-api", "a:2", "Paused", "InconclusiveAnalysisRun"))
    told = runner.run("wait")
    assert told.returncode == 1
    assert "a-api still waits for a person: InconclusiveAnalysisRun" in told.stdout


def test_more_replicas_are_no_canary(runner: Runner) -> None:
    runner.has(rollout("a-api", "a:1"))
    runner.run("before")
    more = rollout("a-api", "a:1")
    more["spec"]["replicas"] = 9
    runner.has(more)
    assert runner.run("wait").stdout == "canaries that have begun: none\n"


def test_a_cluster_that_has_no_rollouts_yet_is_no_fault_and_one_that_does_not_answer_is(runner: Runner) -> None:
    kubectl = runner.folder / "bin" / "kubectl"
    kubectl.write_text('#!/bin/sh\necho "error: the server doesn\'t have a resource type rollouts" >&2; exit 1\n')
    assert runner.run("before").returncode == 0
    kubectl.write_text("#!/bin/sh\necho 'Unable to connect' >&2; exit 1\n")
    told = runner.run("before")
    assert (told.returncode, told.stderr) == (1, "error: Unable to connect\n")
