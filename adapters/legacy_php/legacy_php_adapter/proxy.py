"""One request on its way through: from the client to PHP and back, counted and logged."""

import logging
import time
from typing import Any

import h11
from starlette.types import Receive, Scope, Send

from legacy_php_adapter import headers as header
from legacy_php_adapter.client import Client, too_big
from legacy_php_adapter.logs import LOGGER, trace_id
from legacy_php_adapter.metrics import Metrics
from legacy_php_adapter.paths import Paths
from legacy_php_adapter.refusals import RefusalError
from legacy_php_adapter.settings import Settings
from legacy_php_adapter.upstream import Upstream

_BUG = 500
"""What a request counts as that ends by an exception nobody foresaw."""


class Proxy:
    """The ASGI application for everything that is PHP's."""

    def __init__(self, settings: Settings, upstream: Upstream, metrics: Metrics) -> None:
        self._settings, self._upstream, self._metrics = settings, upstream, metrics
        self._paths = Paths(settings.routes, settings.learned_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever becomes of it, it is counted once."""
        begun = time.perf_counter()
        client = Client(receive, send, self._settings.client_timeout, self._settings.max_body)
        status, refusal = _BUG, None
        try:
            status = await self._pass_on(scope, client)
        except RefusalError as error:
            status, refusal = error.status, error
            if not client.answered:
                await client.refuse(error)
        finally:
            self._account(scope, status, refusal, time.perf_counter() - begun)

    async def _pass_on(self, scope: Scope, client: Client) -> int:
        """The status that PHP answered with, after the client was sent all of the answer."""
        request: h11.Request = scope["state"]["request"]
        sent = request.headers.raw_items()
        self._check(sent)
        await client.first_part()
        forwarded = header.to_php(sent, scope["client"][0] if scope["client"] else "unknown", scope["scheme"])
        with client.attended():
            asked = self._upstream.asked(scope["method"], request.target.decode("ascii"), forwarded, client.body())
            async with asked as answer:
                if not 200 <= answer.status <= 599:
                    raise RefusalError(502, f"PHP answered with the status {answer.status}")
                await client.answer(answer.status, header.to_client(answer.raw_headers))
                async for part in answer.content.iter_any():
                    await client.write(part)
                await client.end()
                return answer.status

    def _check(self, sent: header.Headers) -> None:
        """Refuse what need not bother PHP."""
        most, length = self._settings.max_body, header.value_of(sent, b"content-length")
        if most is not None and length and int(length) > most:
            raise too_big(most)
        if header.asks_for_websocket(sent):
            # A client error, not a 501: whoever tries it must not spend the error budget, or take a canary back.
            instead = [(b"Upgrade", b"HTTP/1.1"), (b"Connection", b"Upgrade")]
            raise RefusalError(426, "this service speaks no WebSocket, only HTTP/1.1", headers=instead)

    def _account(self, scope: Scope, status: int, refusal: RefusalError | None, seconds: float) -> None:
        path = self._paths.template(scope["path"], works=refusal is None and status < 400)
        self._metrics.count(scope["method"], path, status, seconds)
        level = logging.WARNING if status >= 500 else logging.INFO
        if LOGGER.isEnabledFor(level):
            LOGGER.log(level, "request", extra={"fields": self._fields(scope, path, status, refusal, seconds)})

    def _fields(
        self, scope: Scope, path: str, status: int, refusal: RefusalError | None, seconds: float
    ) -> dict[str, Any]:
        """The path without its query, in which people's names and secrets are."""
        trace = trace_id(header.value_of(scope["headers"], b"traceparent"))
        return {
            "service": self._settings.service,
            "method": scope["method"],
            "path": scope["path"],
            "route": path,
            "status": status,
            "seconds": round(seconds, 6),
            **({"trace_id": trace} if trace else {}),
            **({"reason": refusal.text} if refusal else {}),
            **({"detail": refusal.detail} if refusal and refusal.detail else {}),
        }
