"""Whoever sends a request: what it sends, what it is sent, and whether it is still there."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

from starlette.types import Receive, Send

from legacy_php_adapter.headers import Headers
from legacy_php_adapter.refusals import LEFT, RefusalError

_FIRST_PART_BYTES = 16 * 1024
"""So much of a body is waited for before PHP is asked: a form that arrives drop by drop holds none of its workers."""


class Client:
    """One request and its answer, as ASGI hands them over."""

    def __init__(self, receive: Receive, send: Send, timeout: float, max_body: int | None) -> None:
        self._receive, self._send = receive, send
        self._timeout, self._max_body = timeout, max_body
        self._first, self._more, self._size = b"", True, 0
        self._task: asyncio.Task[object] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._reason: RefusalError | None = None
        self._complete = False
        self.answered = False
        """Whether the head of an answer is on its way."""

    async def first_part(self) -> None:
        """Wait for a body of a few kilobytes, or the beginning of a bigger one; raises RefusalError."""
        while self._more and len(self._first) < _FIRST_PART_BYTES:
            self._first += await self._next()

    def body(self) -> bytes | AsyncIterator[bytes]:
        """The body after its first part was waited for: whole where that was all, else as it arrives."""
        return self._rest() if self._more else self._first

    @contextmanager
    def attended(self) -> Iterator[None]:
        """End what is done within with a RefusalError once the client goes away, or fails to send what it promised."""
        self._task = asyncio.current_task()
        if not self._more:
            self._watch()
        try:
            yield
        except asyncio.CancelledError:
            if not self._reason or not self._task:
                raise
            self._task.uncancel()
            raise self._reason from None
        finally:
            self._complete = True
            if self._watcher:
                self._watcher.cancel()

    async def answer(self, status: int, headers: Headers) -> None:
        """Send the head of the answer."""
        self.answered = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, part: bytes) -> None:
        """Send a part of it, as soon as the client has taken enough of those before."""
        await self._send({"type": "http.response.body", "body": part, "more_body": True})

    async def end(self) -> None:
        """Say that the answer is whole."""
        self._complete = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def refuse(self, refusal: RefusalError) -> None:
        """Answer in PHP's stead, in one line of text."""
        text = f"{refusal.text}\n".encode()
        headers = [(b"Content-Type", b"text/plain; charset=utf-8"), (b"Content-Length", b"%d" % len(text))]
        await self.answer(refusal.status, [*headers, *refusal.headers])
        await self._send({"type": "http.response.body", "body": text, "more_body": False})

    async def _next(self) -> bytes:
        """The next part of the body."""
        try:
            async with asyncio.timeout(self._timeout):
                message = await self._receive()
        except TimeoutError:
            raise RefusalError(408, f"no more of the request came within {self._timeout:g} s") from None
        if message["type"] != "http.request":
            raise RefusalError(LEFT, "the client went away before its request was whole")
        part: bytes = message.get("body", b"")
        self._more = message.get("more_body", False)
        self._size += len(part)
        if self._max_body is not None and self._size > self._max_body:
            raise too_big(self._max_body)
        return part

    async def _rest(self) -> AsyncIterator[bytes]:
        """Run by aiohttp beside the task that waits for the answer, and so ends that where there is no more to come."""
        part, self._first = self._first, b""
        yield part
        try:
            while self._more:
                yield await self._next()
        except RefusalError as refusal:
            self._give_up(refusal)
            raise  # a body that just ended here would look whole to PHP
        self._watch()

    def _watch(self) -> None:
        """Once the body has come, the only thing left to come is that the client goes away."""
        self._watcher = asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        with suppress(asyncio.CancelledError):
            while (await self._receive())["type"] == "http.request":
                pass
            self._give_up(RefusalError(LEFT, "the client went away before it had its answer"))

    def _give_up(self, reason: RefusalError) -> None:
        if not self._complete and not self._reason and self._task:
            self._reason = reason
            self._task.cancel()


def too_big(most: int) -> RefusalError:
    """The answer to a body of more bytes than that."""
    return RefusalError(413, f"the request has more than {most} bytes")
