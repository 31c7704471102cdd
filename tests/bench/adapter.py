"""What the adapter in front of PHP costs: added latency at a steady rate, and throughput beside PHP's own.

PHP's own server and the clients run on the same machine, and take turns with the adapter for its cores.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.adapter import running
from tests.adapter.asking import samples
from tests.adapter.running import Adapter
from tests.bench.parts import Row, Say

RATES = (100, 500)
"""Requests per second, sent whether or not those before them have been answered."""

AIM_MILLISECONDS = 2
"""Of added latency at the median."""

ROUNDS, ROUND_SECONDS = 5, 4
CONNECTIONS = 16
"""Clients that ask again as soon as they have an answer."""

_REQUEST = b"GET /users/12 HTTP/1.1\r\nHost: mpcstudy.example.com\r\nCookie: PHPSESSID=0123456789abcdef\r\n\r\n"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_PATIENCE_SECONDS = 30
_ROUTES = {"ADAPTER_ROUTES": '["/users/{id}"]'}


@dataclass(frozen=True)
class Outcome:
    """Seconds that each request took, and how many had no good answer."""

    seconds: Sequence[float]
    errors: int


def measure(say: Say) -> list[Row]:
    """Latencies at each rate, the adapter and PHP alone in turns; then as much as goes through."""
    with tempfile.TemporaryDirectory() as folder:
        place, port = Path(folder), running.free_port()
        with running.php(place, port), running.adapter(place, port, _ROUTES) as adapter:
            return asyncio.run(_measured(say, port, adapter))


async def _measured(say: Say, php: int, adapter: Adapter) -> list[Row]:
    clients = Clients()
    await clients.at_rate(adapter.port, 50)  # what is slow only once
    rows = []
    for rate in RATES:
        say(f"{rate} requests/s")
        direct, through = [], []
        for _ in range(ROUNDS):  # one after the other, so that what else the machine does comes to both
            direct.append(await clients.at_rate(php, rate))
            through.append(await clients.at_rate(adapter.port, rate))
        rows += _latencies(rate, direct, through)
    say(f"as much as {CONNECTIONS} clients get")
    alone = await clients.throughput(php)
    before = _cpu_seconds(adapter)
    together = await clients.throughput(adapter.port)
    cost = (_cpu_seconds(adapter) - before) / (together * ROUND_SECONDS)
    clients.leave()
    return [
        *rows,
        Row(f"throughput of {CONNECTIONS} clients, PHP alone", f"{alone:.0f}/s"),
        Row(
            f"throughput of {CONNECTIONS} clients, adapter", f"{together:.0f}/s", f"{together / alone:.2f} × PHP alone"
        ),
        Row("CPU time of the adapter for a request", f"{cost * 1000:.2f} ms"),
    ]


def _latencies(rate: int, direct: Sequence[Outcome], through: Sequence[Outcome]) -> list[Row]:
    rows = []
    for name, rank, aim in (("median", 50, f" (aim: below {AIM_MILLISECONDS} ms)"), ("p95", 95, "")):
        php, adapter = (_milliseconds(rounds, rank) for rounds in (direct, through))
        rows.append(Row(f"{name} at {rate} requests/s, PHP alone", f"{php:.2f} ms"))
        rows.append(Row(f"{name} at {rate} requests/s, adapter", f"{adapter:.2f} ms", f"{adapter - php:+.2f} ms{aim}"))
    for name, rounds in (("PHP alone", direct), ("adapter", through)):
        errors = sum(each.errors for each in rounds)
        sent = sum(len(each.seconds) for each in rounds) + errors
        rows.append(Row(f"errors at {rate} requests/s, {name}", f"{errors} of {sent:,}"))
    return rows


def _milliseconds(rounds: Sequence[Outcome], rank: int) -> float:
    """That percentile in the middle one of the rounds: one in which the machine did something else says nothing."""
    return statistics.median(statistics.quantiles(each.seconds, n=100)[rank - 1] for each in rounds) * 1000


def _cpu_seconds(adapter: Adapter) -> float:
    name = "process_cpu_seconds_total"
    return next(value for found, _, value in samples(adapter.port) if found == name)


class Clients:
    """Whoever asks. Connections that a server leaves open are used again, as routers do."""

    def __init__(self) -> None:
        self._idle: dict[int, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {}

    async def at_rate(self, port: int, rate: int) -> Outcome:
        """So many requests a second, for the time of a round."""
        begun = time.perf_counter()
        sent = []
        for number in range(rate * ROUND_SECONDS):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            sent.append(asyncio.create_task(self._request(port)))
        taken = await asyncio.gather(*sent)
        good = [seconds for seconds in taken if seconds is not None]
        return Outcome(good, len(taken) - len(good))

    async def throughput(self, port: int) -> float:
        """Requests per second."""
        end = time.perf_counter() + ROUND_SECONDS
        answered = 0

        async def client() -> None:
            nonlocal answered
            while time.perf_counter() < end:
                good = await self._request(port) is not None
                answered += good

        await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
        return answered / ROUND_SECONDS

    def leave(self) -> None:
        """Close what is open."""
        for kept in self._idle.values():
            for _, writer in kept:
                writer.close()

    async def _request(self, port: int) -> float | None:
        """How long an answer took; None where it was not a good one."""
        begun = time.perf_counter()
        answer = b""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                kept = self._idle.setdefault(port, [])
                reader, writer = kept.pop() if kept else await asyncio.open_connection("127.0.0.1", port)
                writer.write(_REQUEST)
                while not answer.endswith(_LAST_CHUNK) and (part := await reader.read(65_536)):
                    answer += part
        except OSError:
            return None
        if answer.endswith(_LAST_CHUNK):
            kept.append((reader, writer))
        else:  # PHP's own server closes each
            writer.close()
        return time.perf_counter() - begun if answer.startswith(b"HTTP/1.1 200 ") else None
