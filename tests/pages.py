"""What the pages in docs/ say to write."""

import re
from textwrap import dedent
from typing import Any

import yaml

from local.state import CHECKOUT

_BLOCK = re.compile(r"^( *)```yaml\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def text_of(page: str) -> str:
    """The text of a page, such as `traffic.md`."""
    return (CHECKOUT / "docs" / page).read_text(encoding="utf-8")


def documents_with(key: str, page: str) -> list[dict[str, Any]]:
    """The YAML documents on a page that have that key."""
    blocks = [dedent(block) for _, block in _BLOCK.findall(text_of(page))]
    return [document for block in blocks for document in yaml.safe_load_all(block) if key in document]
