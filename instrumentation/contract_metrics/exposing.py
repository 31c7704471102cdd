"""What an application calls once: its requests are measured, and `/metrics` tells of them."""

import asyncio
import time
from collections.abc import Iterable

from prometheus_client import REGISTRY, CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_metrics.recording import BUCKETS, OTHER, Recording
from contract_metrics.routes import Routes

_LEFT = 499
"""The client went away before it had its answer: nginx's number, and no server's error."""

_FAILED = 500

_WORKING_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""The others have series from their first request on: what few ask for needs none before."""

_LAST = ("http.response.body", "http.response.pathsend")


def expose_metrics(
    app: Starlette,
    service: str,
    *,
    path: str = "/metrics",
    buckets: Iterable[float] = BUCKETS,
    registry: CollectorRegistry = REGISTRY,
) -> None:
    """Measure every request to `app`, and expose the contract's metrics at `path`.

    `service` is the name of the Kubernetes Service. `buckets` are upper bounds in seconds; `metrics.buckets` of the
    service's entry has to be the same list. Call it last: middleware that is added later is not measured.
    """
    recording = Recording(service, buckets, registry)
    app.add_middleware(_Measured, owner=app, recording=recording, metrics_path=path)


class _Measured:
    def __init__(self, app: ASGIApp, owner: Starlette, recording: Recording, metrics_path: str) -> None:
        self._app, self._owner, self._recording, self._metrics_path = app, owner, recording, metrics_path
        self._routes: Routes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The first call is of the application's start, when all of its routes are there.
        routes = self._routes or self._begin()
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path == self._metrics_path:
            await self._expose(scope, receive, send)
            return
        request = _Request(scope["method"], routes.template(scope["method"], path), self._recording, send)
        try:
            await self._app(scope, receive, request.send)
        except (asyncio.CancelledError, ClientDisconnect):
            request.end(_LEFT)
            raise
        except BaseException:
            request.end(_FAILED)
            raise
        # Where it has only begun to answer, nobody is there to get the rest; where it has not, it never will.
        request.end(_LEFT if request.status else _FAILED)

    def _begin(self) -> Routes:
        self._routes = Routes(self._owner.routes)
        for method in ("GET", "POST"):
            self._recording.begin(method, OTHER, 200)
        for route in self._routes.all:
            for method in sorted(route.methods & set(_WORKING_METHODS)):
                self._recording.begin(method, route.template, route.success)
        return self._routes

    async def _expose(self, scope: Scope, receive: Receive, send: Send) -> None:
        accept = next((value for name, value in scope["headers"] if name == b"accept"), b"").decode("latin-1")
        # In a thread, for thousands of samples take tens of milliseconds, and requests would stand still.
        body, content_type = await asyncio.to_thread(self._recording.exposition, accept)
        await Response(body, headers={"Content-Type": content_type})(scope, receive, send)


class _Request:
    """One request; it is counted when its answer is whole, not when what the application does afterwards is done."""

    def __init__(self, method: str, template: str, recording: Recording, send: Send) -> None:
        self._method, self._template, self._recording, self._send = method, template, recording, send
        self._begun = time.perf_counter()
        self._ended = False
        self.status = 0
        """What the answer's head says; 0 as long as there is none."""

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)
        if message["type"] in _LAST and not message.get("more_body", False):
            self.end(self.status)

    def end(self, status: int) -> None:
        """Count it, unless that is done."""
        if not self._ended:
            self._ended = True
            self._recording.count(self._method, self._template, status, time.perf_counter() - self._begun)
