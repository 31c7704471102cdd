"""What the samples of a busy service take on the disk of a Prometheus.

Two hours of them, which is what Prometheus writes at a time, as one block of its own making. Counters grow by as many
a scrape as a Poisson process has, and sums of seconds by what no other scrape has: what grows evenly takes less.
"""

import json
import random
import tempfile
import time
from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import exp, sqrt
from pathlib import Path

from local.cluster.api import ask
from observability import metrics
from tests.bench import busy_service
from tests.bench.backfill import Backfilled, Series, backfilled
from tests.bench.busy_service import SCRAPE_SECONDS
from tests.bench.parts import Row, Say

_SCRAPES = 2 * 3600 // SCRAPE_SECONDS
_DAYS = 30
_SEED = 1
_SCRAPES_AT_ONCE = 120
"""Half an hour: samples that are more than an hour older than others would be kept in another way."""
_FROM_HERE_ON_NORMAL = 30
"""Mean from which on a Poisson distribution is taken for a normal one."""

_MEAN_SECONDS, _SPREAD_SECONDS = 0.17, 0.1
"""Of a request, for the sums."""


def measure(say: Say) -> Iterator[Row]:
    """Write them, and look at the block."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, backfilled(Path(folder)) as prometheus:
        # Within one block: an even number of hours since 1970, and the last that has passed.
        start = (int(time.time()) // 7_200 - 1) * 7_200 * 1000
        moments = range(start, start + _SCRAPES * SCRAPE_SECONDS * 1000, SCRAPE_SECONDS * 1000)
        say("making up what is scraped in two hours")
        found = [by_chance(each, number) for number, each in enumerate(busy_service.series(len(moments)))]
        for first in range(0, len(moments), _SCRAPES_AT_ONCE):
            say(f"writing it: {first / len(moments):.0%}")
            part = slice(first, first + _SCRAPES_AT_ONCE)
            prometheus.write(moments[part], [Series(each.labels, each.values[part]) for each in found])
        say("having Prometheus write the block")
        yield from rows(*_block(prometheus, Path(folder) / "data"))


def by_chance(series: Series, seed: int) -> Series:
    """As many on average, and never evenly: the same ones for the same seed."""
    chance = random.Random(_SEED + seed)
    values = series.values
    mean = (values[-1] - values[0]) / (len(values) - 1)
    if not mean:
        return series
    counts = _poisson(chance, mean, len(values) - 1)
    if series.labels["__name__"] == metrics.DURATION_SUM:
        steps = [max(0.0, chance.gauss(n * _MEAN_SECONDS, sqrt(n) * _SPREAD_SECONDS)) for n in counts]
        return Series(series.labels, list(accumulate(steps, initial=values[0])))
    return Series(series.labels, [float(value) for value in accumulate(counts, initial=round(values[0]))])


def _poisson(chance: random.Random, mean: float, count: int) -> list[int]:
    if mean > _FROM_HERE_ON_NORMAL:
        return [max(0, round(chance.gauss(mean, sqrt(mean)))) for _ in range(count)]
    shares = [exp(-mean)]
    while len(shares) < 3 * mean + 20:
        shares.append(shares[-1] * mean / len(shares))
    up_to = list(accumulate(shares))
    return [bisect(up_to, chance.random()) for _ in range(count)]


def _block(prometheus: Backfilled, data: Path) -> tuple[int, int, int, int]:
    """Series and samples of the block, and the bytes of its chunks and its index."""
    reply = ask(f"{prometheus.url}/api/v1/admin/tsdb/snapshot", method="POST", body=b"", timeout_seconds=600)
    name = json.loads(reply.body)["data"]["name"]
    (block,) = (data / "snapshots" / name).iterdir()
    stats = json.loads((block / "meta.json").read_text())["stats"]
    assert stats["numSamples"] == stats["numSeries"] * _SCRAPES, "not all samples are in the block"
    return stats["numSeries"], stats["numSamples"], _bytes((block / "chunks").iterdir()), _bytes([block / "index"])


def _bytes(files: Iterator[Path] | Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def rows(series: int, samples: int, chunks: int, index: int) -> Iterator[Row]:
    """What was found, and what that makes of the days that are kept."""
    yield Row("a service in two hours", f"{series:,} series, {samples:,} samples", "")
    yield Row("their chunks", f"{chunks / 1e6:.1f} MB", f"{chunks / samples:.2f} bytes a sample")
    yield Row("their index", f"{index / 1e6:.1f} MB", f"{index / series:.0f} bytes a series")
    kept = series * _DAYS * 86_400 / SCRAPE_SECONDS * chunks / samples
    yield Row(f"reckoned: {_DAYS} days of a service, chunks alone", f"{kept / 1e9:.2f} GB")
