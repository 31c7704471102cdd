"""The HTTP server: uvicorn's, with what a proxy needs besides.

h11 and not httptools, which has no bound for headers, answers HTTP/1.0 clients in chunks, and lowers all names.
"""

import asyncio
import math
import socket
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from legacy_php_adapter.request_line import checked
from legacy_php_adapter.settings import Settings
from legacy_php_adapter.upstream import give_up_after

_HEAD_BYTES = 64 * 1024
"""The most that the head of a request may have; Apache takes 100 lines of 8 KB."""

_WRITE_BUFFER_BYTES = 16 * 1024
"""So much of an answer may wait for a slow client before no more of it is read."""

_BACKLOG = 2048


def server(application: ASGIApp, settings: Settings) -> uvicorn.Server:
    """The server of that application."""
    config = uvicorn.Config(
        application,
        http=_protocol(settings.client_timeout),
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=math.ceil(settings.keepalive_timeout),
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )
    return uvicorn.Server(config)


def listening(host: str, port: int) -> socket.socket:
    """The socket it serves, of every address where none is named; raises OSError where the port is taken."""
    dual = not host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual or ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=dual)


class _Connection(h11.Connection):
    """Leaves each request in `state` as the client spelled it, where uvicorn would hand on lower-case names only."""

    def __init__(self, state: dict[str, Any]) -> None:
        super().__init__(h11.SERVER, _HEAD_BYTES)
        self._state = state

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request):
            event = checked(event)
            self._state["request"] = event
        return event


def _protocol(client_timeout: float) -> type[H11Protocol]:
    """What uvicorn makes one of for each connection."""

    class Protocol(H11Protocol):
        def __init__(
            self,
            config: uvicorn.Config,
            server_state: ServerState,
            app_state: dict[str, Any],
            _loop: asyncio.AbstractEventLoop | None = None,
        ) -> None:
            own_state = dict(app_state)
            super().__init__(config, server_state, own_state, _loop)
            self.conn = _Connection(own_state)
            self._head_due: float | None = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            super().connection_made(transport)
            transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
            connection = transport.get_extra_info("socket")
            # asyncio leaves Nagle's algorithm on where a listening socket was handed to it: 40 ms for every answer.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            give_up_after(connection, client_timeout)
            self._expect_head()

        def data_received(self, data: bytes) -> None:
            """The head of a request has to come within `client_timeout`, however it is dripped."""
            super().data_received(data)
            if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
                self._expect_head()
            else:
                self._head_due = None

        def _expect_head(self) -> None:
            self._head_due = self._head_due or self.loop.time() + client_timeout
            self.timeout_keep_alive_task = self.loop.call_at(self._head_due, self.timeout_keep_alive_handler)

    return Protocol
