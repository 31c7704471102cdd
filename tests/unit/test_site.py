"""The documentation as a site: what is wrong in it stops `make docs`."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from local.state import CHECKOUT


def build(checkout: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """What `make docs` runs, there."""
    (recipe,) = re.findall(
        r"^docs:.*\n\t@(?:\S+=\S+ )?\$\(BIN\)/(mkdocs .+)$", (CHECKOUT / "Makefile").read_text(), re.M
    )
    return subprocess.run(
        [sys.executable, "-m", *recipe.split(), *options],
        cwd=checkout,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_site_is_built_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    built = build(CHECKOUT, "--site-dir", str(tmp_path))
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "index.html").exists()


def test_a_link_that_leads_nowhere_fails_the_build_and_is_named(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "mkdocs.yml", tmp_path)
    shutil.copytree(CHECKOUT / "docs", tmp_path / "docs")
    (tmp_path / "docs" / "index.md").write_text("# A page\n\n[a link](nowhere.md)\n", encoding="utf-8")
    built = build(tmp_path)
    assert built.returncode != 0
    assert "nowhere.md" in built.stderr
