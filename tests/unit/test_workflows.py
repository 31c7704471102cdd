"""The workflows: pinned, with the least they may do, and no code of a stranger near a token that writes."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.state import CHECKOUT

GITHUB = CHECKOUT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))
WRITES = {"contents", "packages", "deployments", "pull-requests", "issues", "actions", "checks", "statuses"}


def read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return loaded


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(path).get("jobs", {})
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path).values():
        yield from job.get("steps", ())
    yield from read(path).get("runs", {}).get("steps", ())


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_action_of_others_is_pinned_by_its_commit_and_says_the_version(path: Path) -> None:
    used = re.findall(r"^[- ]*uses: *(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    others = [each for each in used if not each.startswith("./")]
    assert [each for each in others if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


def test_an_action_has_one_version_everywhere() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (*WORKFLOWS, *ACTIONS))
    pins: dict[str, set[str]] = {}
    for name, pin in re.findall(r"uses: *([\w./-]+)@([0-9a-f]{40} # v[\d.]+)", text):
        pins.setdefault(name, set()).add(pin)
    assert {name: found for name, found in pins.items() if len(found) > 1} == {}
    assert len(pins) >= 7


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_stated_and_the_default_is_to_read(path: Path) -> None:
    assert read(path)["permissions"] in ({}, {"contents": "read"})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_has_a_time_limit_or_calls_a_workflow_that_has(path: Path) -> None:
    unlimited = [name for name, job in jobs(path).items() if "timeout-minutes" not in job and "uses" not in job]
    assert unlimited == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_code_of_a_pull_request_never_runs_with_more_than_its_own_rights(path: Path) -> None:
    triggers = read(path)["on"]
    assert "pull_request_target" not in triggers
    if "workflow_run" in triggers:
        used = [str(step.get("uses", "")) for step in steps(path)]
        assert not [each for each in used if each.startswith(("actions/checkout@", "./"))]
        assert not re.search(r"\b(make|python|pip|bash|sh|source|eval)\b +\S", "\n".join(runs(path)))
    if "pull_request" in triggers:
        for name, job in jobs(path).items():
            granted = job.get("permissions", {})
            assert not [scope for scope in WRITES if granted.get(scope) == "write"], name
            if granted.get("id-token") == "write":
                assert "head.repo.full_name == github.repository" in job["if"], name


def runs(path: Path) -> list[str]:
    return [str(step["run"]) for step in steps(path) if "run" in step]


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_others_wrote_reaches_a_script_by_its_environment_alone(path: Path) -> None:
    """An expression within a script is pasted into it: the name of a branch could be a command."""
    pasted = re.findall(r"\$\{\{ *([\w.-]+)", "\n".join(runs(path)))
    assert [each for each in pasted if not each.startswith("matrix.")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_checkout_leaves_the_token_in_the_folder(path: Path) -> None:
    checkouts = [step for step in steps(path) if str(step.get("uses", "")).startswith("actions/checkout@")]
    assert [step for step in checkouts if step.get("with", {}).get("persist-credentials") != "false"] == []


def test_an_up_that_runs_is_never_cancelled_and_no_two_run_at_once() -> None:
    for name in ("up.yml", "release.yml"):
        (job,) = jobs(GITHUB / "workflows" / name).values()
        assert job["concurrency"]["cancel-in-progress"] == "false"
        assert "${{ inputs.stack }}" in job["concurrency"]["group"]


def test_prod_comes_after_dev_and_behind_its_environment() -> None:
    main = jobs(GITHUB / "workflows" / "main.yml")
    assert (main["prod"]["needs"], main["prod"]["with"]["stack"]) == ("dev", "prod")
    (up,) = jobs(GITHUB / "workflows" / "up.yml").values()
    assert up["environment"] == "${{ inputs.stack }}"


def test_each_command_of_a_workflow_exists() -> None:
    """A renamed target or command would be noticed only once it is needed."""
    text = "\n".join(run for path in (*WORKFLOWS, *ACTIONS) for run in runs(path))
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([\w./-]+)", text)):
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), target
    for file in set(re.findall(r"(?:\.github|policy|adapters)/[\w./-]+\.(?:py|json|txt)", text)):
        assert (CHECKOUT / file).exists(), file


def test_the_policy_pack_and_the_engine_have_the_versions_that_are_tested() -> None:
    pinned = (CHECKOUT / "local" / "programs" / "pulumi" / "go.mod").read_text(encoding="utf-8")
    used = re.search(r'pulumi-version: "([\d.]+)"', (GITHUB / "actions" / "cluster" / "action.yml").read_text("utf-8"))
    assert used
    assert f"github.com/pulumi/pulumi/pkg/v3 v{used[1]}" in pinned


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_script_is_one_that_bash_can_read(path: Path) -> None:
    for run in runs(path):
        plain = re.sub(r"\$\{\{.*?\}\}", "x", run)
        checked = subprocess.run(["bash", "-n", "-c", plain], check=False, text=True, capture_output=True)
        assert (checked.returncode, checked.stderr) == (0, ""), run
