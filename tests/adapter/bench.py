"""What the adapter costs: added latency at the median, and its throughput beside PHP's own. Figures, not tests.

python -m tests.adapter.bench
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.tables import columns
from tests.adapter import running
from tests.adapter.asking import samples
from tests.adapter.running import Adapter

RATES = (100, 500)
"""Requests per second, sent whether or not those before them have been answered."""

ROUNDS, ROUND_SECONDS = 5, 4
CONNECTIONS = 16
"""Clients that ask again as soon as they have an answer."""

_REQUEST = b"GET /users/12 HTTP/1.1\r\nHost: mpcstudy.example.com\r\nCookie: PHPSESSID=0123456789abcdef\r\n\r\n"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Outcome:
    """Seconds that each request took, and how many had no good answer."""

    seconds: Sequence[float]
    errors: int


def main() -> int:
    """Measure, and print one table."""
    with tempfile.TemporaryDirectory() as folder:
        place, port = Path(folder), running.free_port()
        routes = {"ADAPTER_ROUTES": '["/users/{id}"]', "ADAPTER_LOG_LEVEL": "info"}
        with running.php(place, port), running.adapter(place, port, routes) as adapter:
            rows = asyncio.run(_measured(port, adapter))
            _idle.clear()
    print("\n".join(columns([("WHAT", "PHP ALONE", "ADAPTER", "DIFFERENCE"), *rows])))
    print(f"(the machine's load was {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; the clients are on it too)")
    return 0


async def _measured(php: int, adapter: Adapter) -> list[tuple[str, ...]]:
    await _at_rate(adapter.port, 50)  # what is slow only once
    rows = []
    for rate in RATES:
        print(f"{rate} requests/s …", file=sys.stderr, flush=True)
        direct, through = await _in_turns(php, adapter.port, rate)
        rows += _latencies(rate, direct, through)
    print(f"{CONNECTIONS} clients …", file=sys.stderr, flush=True)
    direct_rate = await _throughput(php)
    before = _cpu_seconds(adapter)
    through_rate = await _throughput(adapter.port)
    cost = (_cpu_seconds(adapter) - before) / (through_rate * ROUND_SECONDS)
    rows.append(
        (
            f"throughput, {CONNECTIONS} clients",
            f"{direct_rate:.0f}/s",
            f"{through_rate:.0f}/s",
            f"{through_rate / direct_rate:.0%}",
        )
    )
    rows.append(("CPU time of a request", "", f"{cost * 1000:.2f} ms", ""))
    return rows


def _latencies(rate: int, direct: Sequence[Outcome], through: Sequence[Outcome]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, rank in (("median", 50), ("p95", 95)):
        php, adapter = (_milliseconds(rounds, rank) for rounds in (direct, through))
        rows.append((f"{name} at {rate}/s", f"{php:.2f} ms", f"{adapter:.2f} ms", f"{adapter - php:+.2f} ms"))
    errors = [str(sum(each.errors for each in rounds)) for rounds in (direct, through)]
    return [*rows, (f"errors at {rate}/s", *errors, "")]


def _milliseconds(rounds: Sequence[Outcome], rank: int) -> float:
    """That percentile in the middle one of the rounds: one in which the machine did something else says nothing."""
    return statistics.median(statistics.quantiles(each.seconds, n=100)[rank - 1] for each in rounds) * 1000


async def _in_turns(php: int, adapter: int, rate: int) -> tuple[list[Outcome], list[Outcome]]:
    """In rounds one after the other, so that what else the machine does comes to both."""
    direct, through = [], []
    for _ in range(ROUNDS):
        direct.append(await _at_rate(php, rate))
        through.append(await _at_rate(adapter, rate))
    return direct, through


async def _at_rate(port: int, rate: int) -> Outcome:
    begun = time.perf_counter()
    sent = []
    for number in range(rate * ROUND_SECONDS):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        sent.append(asyncio.create_task(_request(port)))
    taken = await asyncio.gather(*sent)
    good = [seconds for seconds in taken if seconds is not None]
    return Outcome(good, len(taken) - len(good))


async def _throughput(port: int) -> float:
    """Requests per second."""
    end = time.perf_counter() + ROUND_SECONDS
    answered = 0

    async def client() -> None:
        nonlocal answered
        while time.perf_counter() < end:
            good = await _request(port) is not None
            answered += good

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return answered / ROUND_SECONDS


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_idle: dict[int, list[Connection]] = {}
"""Connections that a server has left open, by its port: as routers do, they are used again."""


async def _request(port: int) -> float | None:
    """How long an answer took; None where it was not a good one."""
    begun = time.perf_counter()
    answer = b""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            kept = _idle.setdefault(port, [])
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


def _cpu_seconds(adapter: Adapter) -> float:
    name = "process_cpu_seconds_total"
    return next(value for found, _, value in samples(adapter.port) if found == name)


if __name__ == "__main__":
    sys.exit(main())
