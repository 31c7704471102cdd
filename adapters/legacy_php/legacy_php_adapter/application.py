"""The adapter's own endpoints, by FastAPI, and PHP's everything else.

The proxy stands beside FastAPI and not behind its routes and middleware: those are for requests that an application
answers, and would see to bodies, paths and errors that are PHP's alone.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Header, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from legacy_php_adapter.metrics import Metrics
from legacy_php_adapter.proxy import Proxy
from legacy_php_adapter.settings import Settings
from legacy_php_adapter.upstream import Upstream

METRICS_PATH, ALIVE_PATH, READY_PATH = "/metrics", "/healthz", "/healthz/ready"
OWN_PATHS = frozenset((METRICS_PATH, ALIVE_PATH, READY_PATH))
"""What PHP is never asked for, and what is not counted."""

_METHODS = ["GET", "HEAD"]


def application(settings: Settings) -> ASGIApp:
    """The ASGI application of those settings."""
    upstream = Upstream(settings)
    metrics = Metrics(settings.service, settings.routes, settings.max_series, settings.buckets)
    own, proxy = _own_endpoints(upstream, metrics), Proxy(settings, upstream, metrics)

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        is_own = scope["type"] != "http" or scope["path"] in OWN_PATHS
        await (own if is_own else proxy)(scope, receive, send)

    return either


def _own_endpoints(upstream: Upstream, metrics: Metrics) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_application: FastAPI) -> AsyncIterator[None]:
        async with upstream.connected():
            yield

    own = FastAPI(lifespan=lifespan, openapi_url=None, redirect_slashes=False)

    @own.api_route(METRICS_PATH, methods=_METHODS)
    async def exposition(accept: str = Header("")) -> Response:
        # In a thread, for thousands of samples take tens of milliseconds, and requests would stand still.
        body, content_type = await asyncio.to_thread(metrics.exposition, accept)
        return Response(body, headers={"Content-Type": content_type})

    @own.api_route(ALIVE_PATH, methods=_METHODS)
    async def alive() -> Response:
        return Response("alive\n", media_type="text/plain")

    @own.api_route(READY_PATH, methods=_METHODS)
    async def ready() -> Response:
        if await upstream.reachable():
            return Response("PHP takes connections\n", media_type="text/plain")
        return Response("PHP takes no connections\n", status_code=503, media_type="text/plain")

    return own
