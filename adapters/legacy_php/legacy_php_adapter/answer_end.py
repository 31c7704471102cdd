"""PHP's answers end where they say.

Old scripts announce the length of a file and send a blank line after it, or a page with a 304. Every browser takes what
was announced; aiohttp would take the rest for another answer, and refuse both.
"""

import re
from functools import partial
from typing import Any

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/[0-9.]+ +([0-9]{3})")
_LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_OTHER_LENGTH = re.compile(rb"^(?:transfer-encoding|content-length)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_MOST_HEAD_BYTES = 2**20
_WITHOUT_BODY = (b"204", b"304")


class Connector(TCPConnector):
    """Connections on which nothing is read beyond the end of an answer."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        handler: type[ResponseHandler] = _Handler
        self._factory = partial(handler, loop=self._loop)  # there is no setting for it; the tests hold the result


class _Handler(ResponseHandler):
    """One connection, which has one answer."""

    _head: bytes | None = b""
    """As much of the head as has come; None once it is over."""

    _left: int | None = None
    """How many bytes are still to come; None where only the end of the connection, or of the chunks, tells."""

    def data_received(self, data: bytes) -> None:
        """Hand on what belongs to the answer."""
        part = self._within(data)
        if part or not data:  # aiohttp calls it with nothing to go on by itself
            super().data_received(part)

    def _within(self, data: bytes) -> bytes:
        if self._head is not None:
            self._head += data
            self._read_head(self._head)
            return data if self._left is None or self._left >= 0 else self._cut(data)
        if self._left is None:
            return data
        part = data[: self._left]
        self._left -= len(part)
        return part

    def _cut(self, data: bytes) -> bytes:
        """What came together with the head, without what is too much."""
        assert self._left is not None
        part, self._left = data[: self._left], 0
        return part

    def _read_head(self, head: bytes) -> None:
        """Once the head is whole, see how much follows it; hints before it (1xx) have heads of their own."""
        while end := _END_OF_HEAD.search(head):
            status = _STATUS.match(head)
            rest = head[end.end() :]
            if status and status[1].startswith(b"1"):
                self._head = head = rest
                continue
            announced = _announced(head[: end.start()], status[1] if status else b"", self._skip_payload)
            self._head, self._left = None, None if announced is None else announced - len(rest)
            return
        if len(head) > _MOST_HEAD_BYTES:
            self._head = None


def _announced(head: bytes, status: bytes, without_body: bool) -> int | None:
    """The length of the body; None where the head does not tell it, or more than once."""
    if without_body or status in _WITHOUT_BODY:
        return 0
    found = _LENGTH.search(head)
    return int(found[1]) if found and len(_OTHER_LENGTH.findall(head)) == 1 else None
