"""What a bad release costs before it is taken back: the Helm-chart guide's settings beside this program's defaults.

The real controller, the real Prometheus and what the catalog makes of each: two services for each of the two, side by
side, with the same requests, of which a tenth fail in the canary. Nothing is faster than for users: how soon Prometheus
discovers a new pod, which takes up to 5 seconds, would be left behind.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import cluster
from local.cluster.processes import terminations_interrupt
from local.plugin import CHOICE_VARIABLE
from local.state import STATE_VARIABLE, State
from local.waiting import wait_until
from observability import metrics
from tests.bench.parts import Row, Say
from tests.e2e.environment import PATIENCE, Entry, Environment, entry
from tests.engine.monitored import monitored
from tests.engine.stack import NAMESPACE, stack_of

_ROUNDS = 3
_REQUESTS_PER_SECOND = 100
_PODS = 9
"""With one of the canary's they are ten, of which it gets a tenth of the requests, as its weight says."""

_MOST = 1 / 3

_GUIDE, _OURS = "the Helm-chart guide's settings", "this program's defaults"
_SERVICES = {"guide-a-api": _GUIDE, "guide-b-api": _GUIDE, "own-a-api": _OURS, "own-b-api": _OURS}


@dataclass(frozen=True)
class Exposed:
    """One bad release: its requests and those of them that failed, and for how long it was scraped (seconds)."""

    requests: float
    failed: float
    seconds: float


def measure(say: Say) -> Iterator[Row]:
    """Some rounds of bad releases, all of a round at once."""
    found: dict[str, list[Exposed]] = {_GUIDE: [], _OURS: []}
    say("starting a cluster")
    with tempfile.TemporaryDirectory() as folder, _environment(Path(folder), say) as environment:
        for number in range(1, _ROUNDS + 1):
            say(f"bad releases, round {number} of {_ROUNDS}")
            for name, exposed in _round(environment, number).items():
                found[_SERVICES[name]].append(exposed)
    yield from rows(found)


def rows(found: Mapping[str, Sequence[Exposed]]) -> Iterator[Row]:
    """The means of both, and how they compare."""
    failed = {settings: sum(each.failed for each in releases) / len(releases) for settings, releases in found.items()}
    for settings, releases in found.items():
        seconds = sum(each.seconds for each in releases) / len(releases)
        # Of all that the service was asked in the time that a whole release takes by its plan.
        share = failed[settings] / (_REQUESTS_PER_SECOND * PLANNED_SECONDS)
        told = f"{failed[settings]:.0f} failed ({share:.3%} of the requests of a release), scraped for {seconds:.0f} s"
        compared = f"{failed[_OURS] / failed[_GUIDE]:.2f} (aim: {_MOST:.2f} at most)" if settings == _OURS else "1"
        yield Row(f"{settings}, mean of {len(releases)} bad releases", told, compared)


PLANNED_SECONDS = 2 * (60 + 30 + 4 * 60)
"""Two times a pause of 60 s and an analysis: two scrapes, and five measurements a minute apart."""


def _round(environment: Environment, number: int) -> dict[str, Exposed]:
    """A bad release of every service, and a good one after it."""
    for name in _SERVICES:
        environment.play(name, {"requests_per_second": _REQUESTS_PER_SECOND, "canary": "bad-errors"})
    hashes = environment.release(dict.fromkeys(_SERVICES, f"bad-{number}"))
    ended: dict[str, float] = {}

    def taken_back() -> bool:
        for name in _SERVICES.keys() - ended.keys():
            if environment.rollout(name)["status"].get("abort"):
                ended[name] = time.time()
        return len(ended) == len(_SERVICES)

    wait_until(taken_back, 2 * PATIENCE, "all of them to be taken back")
    found = {name: _exposed(environment, hashes[name], ended[name]) for name in _SERVICES}
    environment.release(dict.fromkeys(_SERVICES, "1"))
    for name in _SERVICES:
        environment.wait_for_phase(name, "Healthy")
    return found


def _exposed(environment: Environment, pods: str, end: float) -> Exposed:
    """What the canary's pods have counted, and until they were taken back will have since their last scrape."""
    selector = f'{metrics.REQUESTS}{{namespace="{NAMESPACE}",{metrics.POD_HASH}="{pods}"}}'
    series = environment.samples(selector, seconds=int(2 * PATIENCE))
    begun = min(samples[0][0] for _, samples in series)
    errors = [samples for labels, samples in series if labels[metrics.STATUS].startswith("5")]
    requests, failed = (sum(_until(end, samples) for samples in each) for each in ([s for _, s in series], errors))
    return Exposed(requests, failed, end - begun)


def _until(end: float, samples: Sequence[tuple[float, float]]) -> float:
    """A counter at the end, if it has gone on as since its first sample."""
    (first, counted), (last, value) = samples[0], samples[-1]
    rate = (value - counted) / (last - first) if last > first else 0.0
    return value + rate * max(0.0, end - last)


@contextmanager
def _environment(folder: Path, say: Say) -> Iterator[Environment]:
    """A cluster with the services, which are being asked."""
    state = State(folder / "state")
    with pytest.MonkeyPatch.context() as variables, terminations_interrupt():
        variables.setenv(STATE_VARIABLE, str(state.folder))
        variables.setenv(CHOICE_VARIABLE, os.environ.get(CHOICE_VARIABLE, "stand-in"))
        try:
            cluster.start(state, say)
            stack = stack_of(state, folder)
            environment = Environment(stack, monitored(state), {})
            environment.have(_entries())
            environment.wait_for(f"count(service:http_requests:rate5m > 0) == {len(_SERVICES)}")
            yield environment
        finally:
            cluster.stop(state, say)
            cluster.delete(state, say)


def _entries() -> dict[str, Entry]:
    return {
        name: entry(8301 + number, replicas=_PODS, **(as_the_guide(name) if settings == _GUIDE else {}))
        for number, (name, settings) in enumerate(_SERVICES.items())
    }


def as_the_guide(name: str) -> dict[str, Any]:
    """The guide's analysis: after the pause only, and two measurements of a minute must fail (`failureLimit: 1`)."""
    canary = f'namespace="{NAMESPACE}",service="{name}",version="canary"'
    requests, errors = (f"sum(rate(http_requests_total{{{canary}{more}}}[1m]))" for more in ("", ',status=~"5.."'))
    buckets = f"sum by (le) (rate(http_request_duration_seconds_bucket{{{canary}}}[1m]))"
    asked = {
        "error-rate": (f"({errors} or vector(0)) / {requests}", "result[0] < 0.02"),
        "p95-latency": (f"histogram_quantile(0.95, {buckets})", "result[0] < 0.30"),
    }
    left_out = dict.fromkeys(("initialDelay", "failureCondition", "inconclusiveLimit", "consecutiveErrorLimit"))
    said = {**left_out, "interval": "60s", "count": 5, "failureLimit": 1}
    found = [
        {"name": check, **said, "successCondition": good, "provider": {"prometheus": {"query": query}}}
        for check, (query, good) in asked.items()
    ]
    return {"canary": {"background": False}, "patch": {"analysisTemplate": {"spec": {"metrics": found}}}}
