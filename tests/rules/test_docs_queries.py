"""The queries that the pages say to ask are queries, as Prometheus itself reads them."""

import subprocess
from pathlib import Path

import pytest
import yaml

from local import programs
from tests.shell_blocks import Block, blocks, pages

ASKED = [block for page in pages() for block in blocks(page) if block.language == "promql"]


def complaint(queries: list[str], folder: Path) -> str:
    """What Prometheus says of queries that it cannot read; empty where it reads all of them."""
    rules = [{"record": f"asked:{number}", "expr": query} for number, query in enumerate(queries)]
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}), encoding="utf-8")
    promtool = programs.ensure(["promtool"], lambda _: None)["promtool"]
    told = subprocess.run(
        [promtool, "check", "rules", "--lint=none", file], check=False, capture_output=True, text=True
    )
    return told.stdout + told.stderr if told.returncode else ""


@pytest.mark.parametrize("block", ASKED, ids=str)
def test_every_query_of_a_page_can_be_read(block: Block, tmp_path: Path) -> None:
    """One over several lines, or one a line."""
    whole = complaint([block.text], tmp_path)
    assert not whole or complaint(block.text.splitlines(), tmp_path) == "", whole


def test_what_is_no_query_is_told(tmp_path: Path) -> None:
    assert "parse error" in complaint(["sum by (service) up{"], tmp_path)
