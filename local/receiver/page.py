"""The messages as a page for people, the newest first."""

import html
import re
from collections.abc import Sequence

from local.receiver.messages import Message

REFRESH_SECONDS = 5

_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_COLOURS = {"good": "#2eb67d", "warning": "#ecb22e", "danger": "#e01e5a"}
"""The names that Slack knows for colours, and what it shows."""

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1d1c1d }
article { border-left: 4px solid; margin: 1.2rem 0; padding: 0 1rem }
header { color: #616061; font-size: 13px }
h2 { font-size: 16px; margin: .2rem 0 }
pre { font: inherit; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
"""


def page(messages: Sequence[Message]) -> str:
    """HTML that reloads itself."""
    shown = "\n".join(map(_article, reversed(messages))) or "<p>Nothing has come yet.</p>"
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>Messages</title>"
        f"<meta http-equiv='refresh' content='{REFRESH_SECONDS}'><style>{_STYLE}</style></head>\n"
        f"<body><h1>What Slack and mail would have shown</h1>\n{shown}\n</body></html>\n"
    )


def _article(message: Message) -> str:
    when = f"{message.received:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"<article id='{message.number}' style='border-color:{_colour(message)}'>"
        f"<header>{message.channel} · {html.escape(message.to)} · {when}</header>"
        f"<h2>{html.escape(message.title)}</h2><pre>{_linked(message.text)}</pre></article>"
    )


def _colour(message: Message) -> str:
    """As Slack shows the first attachment; of nothing else than a colour's characters."""
    attached = message.body.get("attachments") or [{}]
    told = str(attached[0].get("color") or "")
    return _COLOURS.get(told) or (told if re.fullmatch(r"#[0-9A-Fa-f]{6}", told) else "#dddddd")


def _linked(text: str) -> str:
    """The text with its addresses as links."""
    found, end = "", 0
    for address in _ADDRESS.finditer(text):
        url = html.escape(address[0])
        found += f"{html.escape(text[end : address.start()])}<a href='{url}'>{url}</a>"
        end = address.end()
    return found + html.escape(text[end:])
