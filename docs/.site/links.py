"""Links that leave docs/ lead to files of the checkout, which the site does not have: there they are text.

They are checked all the same; a link that leads nowhere fails `make docs`.
"""

import logging
import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)(#[^)\s]*)?\)")
_DOCS = Path(__file__).resolve().parents[1]
_LOG = logging.getLogger("mkdocs.links")


def on_page_markdown(markdown: str, *, page: Any, **_others: Any) -> str:
    """The page without links to files that the site has not."""
    folder = (_DOCS / page.file.src_path).parent

    def shown(link: re.Match[str]) -> str:
        target = (folder / link[2]).resolve()
        if target.is_relative_to(_DOCS):
            return link[0]
        if not target.exists():
            _LOG.warning("%s: the link to %s leads nowhere", page.file.src_path, link[2])
        return link[1]

    return _LINK.sub(shown, markdown)
