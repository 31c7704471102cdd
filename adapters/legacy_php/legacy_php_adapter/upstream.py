"""PHP: one connection for each request, and what went wrong with it.

A connection is not used twice. On loopback a new one takes a tenth of a millisecond; an idle one would hold a worker of
Apache's prefork, and PHP may close it just when a POST is written to it, which nobody can safely send again.
"""

import asyncio
import errno
import socket
from asyncio.trsock import TransportSocket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import (
    AddrInfoType,
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    ServerDisconnectedError,
)
from yarl import URL

from legacy_php_adapter import request_head
from legacy_php_adapter.answer_end import Connector
from legacy_php_adapter.refusals import RefusalError
from legacy_php_adapter.settings import Settings

_READ_BUFFER_BYTES = 16 * 1024
"""Of an answer that its client takes slowly, so much is read ahead, twice."""

_SOCKET_BUFFER_BYTES = 32 * 1024
"""The kernel doubles it. What it has is read at once, so it bounds the parts that an answer comes in."""

_PROBE_SECONDS = 0.5
"""Less than the kubelet's own patience, which is 1 s by default."""

_LONGEST_HEADER_BYTES = 64 * 1024
_MOST_HEADERS = 1000
_ADDED_BY_AIOHTTP = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


class UnansweredError(ClientError):
    """PHP closed the connection without an answer."""


class Upstream:
    """PHP, as long as `connected` lasts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._address = URL(settings.upstream)
        self._session: ClientSession | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """The pool of connections, for as long as the event loop runs."""
        settings = self._settings
        request_head.install()
        self._session = ClientSession(
            connector=Connector(limit=settings.connections, force_close=True, socket_factory=self._socket),
            timeout=ClientTimeout(
                total=None, connect=settings.connect_timeout, sock_read=settings.response_timeout, ceil_threshold=3600
            ),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_ADDED_BY_AIOHTTP,
            read_bufsize=_READ_BUFFER_BYTES,
            max_line_size=_LONGEST_HEADER_BYTES,
            max_field_size=_LONGEST_HEADER_BYTES,
            max_headers=_MOST_HEADERS,
            middlewares=(_once,),
        )
        async with self._session:
            yield

    @asynccontextmanager
    async def asked(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes | AsyncIterator[bytes]
    ) -> AsyncIterator[ClientResponse]:
        """The head of PHP's answer, its body to be read within; raises RefusalError where there is none, or no end."""
        assert self._session, "asked outside of `connected`"
        # The query as a part of the path: nothing in it is taken apart, encoded or left out.
        address = self._address.with_path(target, encoded=True)
        try:
            async with self._session.request(
                method, address, headers=headers, data=body or None, allow_redirects=False
            ) as answer:
                yield answer
        except (ClientError, OSError) as error:
            raise self._refusal(error) from error

    async def reachable(self) -> bool:
        """Whether PHP takes connections."""
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                _, writer = await asyncio.open_connection(self._address.raw_host, self._address.port)
        except OSError:  # a timeout is one too
            return False
        writer.close()
        return True

    def _refusal(self, error: Exception) -> RefusalError:
        detail = f"{type(error).__name__}: {error}"
        if isinstance(error, ConnectionTimeoutError):
            return RefusalError(504, f"PHP took no request for {self._settings.connect_timeout:g} s", detail)
        if isinstance(error, TimeoutError) or _timed_out(error):
            return RefusalError(504, f"PHP was silent for {self._settings.response_timeout:g} s", detail)
        if isinstance(error, ClientConnectorError):
            return RefusalError(502, "PHP takes no connections", detail)
        return RefusalError(502, "PHP gave no whole and valid answer", detail)

    def _socket(self, address: AddrInfoType) -> socket.socket:
        family, kind, protocol = address[:3]
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BUFFER_BYTES)
        give_up_after(connection, self._settings.response_timeout)
        return connection


def give_up_after(connection: socket.socket | TransportSocket, seconds: float) -> None:
    """Have the kernel end the connection once the other side has taken nothing of what was sent for that long."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def _timed_out(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.ETIMEDOUT


async def _once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Never ask again by itself, as aiohttp would: PHP may have begun its work before it closed the connection."""
    try:
        return await handler(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        if _timed_out(error):
            raise TimeoutError(str(error)) from error
        raise UnansweredError(str(error) or "closed without an answer") from error
