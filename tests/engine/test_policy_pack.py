"""The policy pack under the real engine, in its own environment: mandatory it stops a preview, advisory it advises.

Packs in Python are started by Pulumi's own language host, which no registry of modules has; the one that is built here
is older, and starts programs alone. So a script stands in its place and runs the same command line:
`venv/bin/python -u -m pulumi.policy <engine> <pack>`, in the pack's folder.
"""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.state import CHECKOUT, State
from tests.engine.stack import Stack, stack_of

PACK = CHECKOUT / "policy"
UNJUDGED, EXPOSED = "seedtest-api", "univprepai-api"


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The nine services, of which nothing is there yet."""
    return stack_of(embedded_cluster, tmp_path_factory.mktemp("policies"))


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that starts the pack as Pulumi's own launcher does."""
    subprocess.run(["make", "--no-print-directory", "policy/venv/ready"], cwd=CHECKOUT, check=True)
    script = tmp_path_factory.mktemp("launcher") / "api-observability-policies"
    pack = shlex.quote(str(PACK))
    script.write_text(
        f'#!/bin/sh\ncd {pack} && exec venv/bin/python -u -m pulumi.policy "$1" {pack}\n', encoding="utf-8"
    )
    script.chmod(0o755)
    return script


def preview(stack: Stack, launcher: Path, *more: str, breaking: bool = True) -> tuple[int, str]:
    """The exit status and the output of a preview that the pack looks at."""
    engine = stack.engine(_break_two if breaking else None)
    finished = engine.run("preview", "--non-interactive", "--policy-pack", str(launcher), *more, capture=True)
    return finished.returncode, finished.stdout


def test_in_prod_what_breaks_a_policy_stops_the_preview_and_all_of_it_is_told(stack: Stack, launcher: Path) -> None:
    status, told = preview(stack, launcher)
    assert status != 0
    assert_both_are_told(told, "mandatory")


def test_in_dev_the_same_is_advice(stack: Stack, launcher: Path) -> None:
    status, told = preview(stack, launcher, "--policy-pack-config", str(PACK / "advisory.json"))
    assert status == 0, told
    assert_both_are_told(told, "advisory")


def test_the_catalog_as_it_is_breaks_none(stack: Stack, launcher: Path) -> None:
    status, told = preview(stack, launcher, breaking=False)
    assert status == 0, told
    assert "Policies:" in told
    assert "[mandatory]" not in told


def assert_both_are_told(told: str, level: str) -> None:
    """Both violations, with what to do."""
    assert f"[{level}]" in told
    in_one_line = " ".join(told.split())
    assert "analysed-releases" in told
    assert "gives a new version all of the traffic at once; give it steps" in in_one_line
    assert "no-surprising-load-balancer" in told
    assert "is a LoadBalancer, and so reachable past the router" in in_one_line


def _break_two(content: dict[str, Any]) -> None:
    content["services"][UNJUDGED]["patch"] = {"rollout": {"spec": {"strategy": {"canary": {"steps": None}}}}}
    content["services"][EXPOSED]["patch"] = {"service": {"spec": {"type": "LoadBalancer"}}}
