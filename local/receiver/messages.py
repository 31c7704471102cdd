"""What has arrived, in its order: the newest messages, kept over a restart."""

import logging
import os
import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

MOST = 1000
"""So many are kept: nine services that are all released, and all alert, come to a tenth of that."""

_PRIVATE = 0o600
_LOG = logging.getLogger(__name__)

Channel = Literal["slack", "mail", "webhook"]


class Message(BaseModel):
    """One message; numbers rise by one from message to message, over restarts too.

    `to` is Slack's channel, the mail's addresses, or the webhook's path. `title` and `text` are what a person would
    read, without markup; `body` is what was sent.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    received: AwareDatetime
    channel: Channel
    path: str = ""
    to: str
    title: str
    text: str
    body: dict[str, Any]


class Messages:
    """The newest messages; with a file, those that it has from before are among them."""

    def __init__(self, file: Path | None = None, most: int = MOST) -> None:
        self._file, self._most = file, most
        self._lock = threading.Lock()
        self._kept: deque[Message] = deque(_read(file), maxlen=most)
        self._last = self._kept[-1].number if self._kept else 0
        self._lines = 0
        self._rewrite()

    def take(
        self, channel: Channel, *, to: str, title: str, text: str, body: dict[str, Any], path: str = ""
    ) -> Message:
        """Keep a message that has just arrived."""
        with self._lock:
            self._last += 1
            message = Message(
                number=self._last,
                received=datetime.now(UTC),
                channel=channel,
                path=path,
                to=to,
                title=title,
                text=text,
                body=body,
            )
            self._kept.append(message)
            self._write(message)
        return message

    def after(self, number: int = 0) -> list[Message]:
        """Those with a higher number, the oldest first."""
        with self._lock:
            return [message for message in self._kept if message.number > number]

    def _write(self, message: Message) -> None:
        """To the end of the file, which begins anew once it is twice as long as it need be."""
        if self._file is None:
            return
        if self._lines >= 2 * self._most:
            self._rewrite()
            return
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _PRIVATE), "a") as file:
            file.write(message.model_dump_json() + "\n")
        self._lines += 1

    def _rewrite(self) -> None:
        if self._file is None:
            return
        draft = self._file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, _PRIVATE), "w") as file:
            file.writelines(message.model_dump_json() + "\n" for message in self._kept)
        draft.replace(self._file)
        self._lines = len(self._kept)


def _read(file: Path | None) -> list[Message]:
    """The messages in the file, but for a line that a killed process has not finished."""
    found: list[Message] = []
    if file is None or not file.exists():
        return found
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            found.append(Message.model_validate_json(line))
        except ValidationError as error:
            _LOG.warning("%s has a line that is no message, which is left out: %s", file, error)
    return found
