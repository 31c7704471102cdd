"""local/plugin/PARITY.md proves what it says: every test that it names is there."""

import re
from pathlib import Path

from local.state import CHECKOUT

_FILES = {
    "P": ["engine/test_plugin_parity.py"],
    "O": ["engine/test_plugin_ownership.py"],
    "K": ["engine/test_plugin_kinds.py"],
    "D": ["engine/test_plugin_definitions.py"],
    "R": ["engine/test_plugin_release.py"],
    "S": ["engine/test_plugin_process.py"],
    "E": ["engine/test_plugin_engine.py"],
}


def named_tests() -> list[tuple[str, str]]:
    """File letter and abbreviated name of every test in the page's last column."""
    found = []
    for line in (CHECKOUT / "local" / "plugin" / "PARITY.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("| ") or line.startswith("| behaviour"):
            continue
        letter = ""
        for mark, name in re.findall(r"\b([POKDRSE])\b(?= `|,|$| )|`([a-z_0-9…]+)`", line.rsplit("|", 2)[1]):
            letter = mark or letter
            if name:
                found.append((letter, name))
    return found


def test_every_test_that_the_page_names_is_there() -> None:
    named = named_tests()
    assert len(named) > 50
    for letter, name in named:
        pattern = "def test_" + ".*".join(re.escape(part) for part in name.split("…"))
        sources = [(CHECKOUT / "tests" / Path(file)).read_text(encoding="utf-8") for file in _FILES[letter]]
        assert any(re.search(pattern, source) for source in sources), name
