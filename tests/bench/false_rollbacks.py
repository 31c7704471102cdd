"""How often a healthy canary is taken back by chance, by the defaults' own decision rules, in 10,000 releases each."""

import random
from collections import Counter
from collections.abc import Iterator

from catalog.catalog_file import load_catalog
from catalog.services import Service
from local.state import CHECKOUT
from tests.bench.parts import Row, Say
from tests.bench.releases_by_chance import Canary, Releases

RUNS = 10_000
RATES = (1, 2, 10, 100)
"""Requests per second of the canary alone. At 2 it has hardly more than the fewest that are a measurement."""

KINDS = {"0.1 % errors, p95 150 ms": (0.001, 0.05, 0.15), "0.5 % errors, p95 200 ms": (0.005, 0.07, 0.2)}
"""The share of errors, p50 and p95 (seconds): the simulator's `good` and `fair`."""

SERVICE = "univprepai-api"


def measure(say: Say) -> Iterator[Row]:
    """Every kind of canary at every rate."""
    service = _service()
    for kind, (errors, p50, p95) in KINDS.items():
        for rate in RATES:
            say(f"{RUNS:,} releases of a canary with {kind} at {rate}/s")
            counts = outcomes(service, Canary(rate, errors, p50, p95), RUNS)
            told = f"{counts['rolled back']} of {RUNS:,} rolled back, {counts['paused']:,} paused"
            yield Row(f"{kind}, {rate}/s", told, f"{counts['rolled back'] / RUNS:.2%}")


def outcomes(service: Service, canary: Canary, runs: int) -> Counter[str]:
    """How so many releases end; the same at every run of this program."""
    releases, chance = Releases(service, canary), random.Random(f"{canary}")
    return Counter(releases.play(chance) for _ in range(runs))


def _service() -> Service:
    """One of the services, in production."""
    catalog = load_catalog(CHECKOUT / "services.yaml", "prod", ("dev", "local", "prod"))
    return next(each for each in catalog.services if each.name == SERVICE)
