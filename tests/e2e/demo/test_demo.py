"""`make demo`, as a person runs it who has just cloned the repository."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.plugin import CHOICE_VARIABLE
from local.state import CHECKOUT, STATE_VARIABLE


@pytest.mark.timeout(900)
def test_the_demo_shows_a_good_and_a_bad_release_and_leaves_nothing_behind(tmp_path: Path) -> None:
    own, picture = tmp_path / "state", tmp_path / "demo.png"
    finished = subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--plain", "--picture", str(picture)],
        cwd=CHECKOUT,
        env={**os.environ, STATE_VARIABLE: str(own), CHOICE_VARIABLE: os.environ.get(CHOICE_VARIABLE, "stand-in")},
        check=False,
        capture_output=True,
        text=True,
    )
    told = finished.stdout
    assert finished.returncode == 0, told + finished.stderr
    assert "univprepai-api: promoted: registry.example.com/univprepai-api:1.1.0 serves all requests" in told
    assert re.search(r"^univprepai-api: rolled back: error-rate \d+(\.\d+)? %, limit < 2 %", told, re.MULTILINE), told
    _, _, table = told.partition("== What happened\n")
    assert "1.1.0 is promoted" in table
    assert "bad-errors is taken back: error-rate" in table
    assert "#deployments  [local] CRITICAL: The release of univprepai-api failed" in table
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert not own.exists(), "the stack of `make up` is none of its business"
    assert [path.name for path in tmp_path.iterdir()] == ["demo.png"]
