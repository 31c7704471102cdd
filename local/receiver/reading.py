"""What a person reads of a message: its title, and its text without markup."""

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

_LINK = re.compile(r"<([^<>|\s]+)(?:\|([^<>]*))?>")
_STRONG = re.compile(r"(?<!\w)\*(?!\s)([^*\n]+)(?<!\s)\*(?!\w)")
_SLANTED = re.compile(r"(?<!\w)_(?!\s)([^_\n]+)(?<!\s)_(?!\w)")
"""Slack's markup (docs.slack.dev, "Formatting message text")."""

_LINES = frozenset({"p", "div", "tr", "ul", "ol", "table", "h1", "h2", "h3", "br"})
_UNSEEN = frozenset({"head", "style", "script", "title"})


def slack_title(body: Mapping[str, Any]) -> str:
    """The first line: the message's own text, or else the title of what is attached."""
    titles = [body.get("text"), *(each.get(key) for each in _attached(body) for key in ("title", "fallback"))]
    return _plain(next(filter(None, titles), "")).partition("\n")[0]


def slack_text(body: Mapping[str, Any]) -> str:
    """What is below the title."""
    own = _plain(body.get("text") or "").partition("\n")[2]
    return "\n".join(filter(None, [own, *(_plain(each.get("text") or "").strip() for each in _attached(body))]))


def mail_text(content: str, *, is_html: bool) -> str:
    """The text of a mail."""
    if not is_html:
        return content.strip()
    reader = _Reader()
    reader.feed(content)
    lines = (" ".join(line.split()) for line in "".join(reader.found).splitlines())
    return "\n".join(line for line in lines if line)


def _attached(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return body.get("attachments") or []


def _plain(marked: str) -> str:
    """Slack's markup as plain text; `&`, `<` and `>` come escaped."""
    linked = _LINK.sub(lambda found: f"{found[2]}: {found[1]}" if found[2] else found[1], marked)
    return html.unescape(_SLANTED.sub(r"\1", _STRONG.sub(r"\1", linked)))


class _Reader(HTMLParser):
    """Collects the text of a page; a link is followed by its address."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._address = ""
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "a":
            self._address = dict(attrs).get("href") or ""
        elif tag == "li":
            self.found.append("\n• ")
        elif tag in _LINES:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen -= 1
        elif tag == "a":
            self.found.append(f": {self._address}" if self._address else "")
        elif tag in _LINES or tag == "li":
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.found.append(" ".join(data.split("\n")))
