"""The application in one pod: the requests it is taken to have served, and its metrics."""

import math
import random
import time
from statistics import NormalDist
from zlib import crc32

from prometheus_client import CollectorRegistry, Counter, Gauge

from local.simulator.behaviour import BEHAVIOURS, Behaviour, Conduct
from local.simulator.routes import ERROR, Route, drawn
from local.simulator.series import RequestSeries, Told

TICK_SECONDS = 1.0
"""How much time one tick stands for; the counters grow by ticks."""

_CPU_SECONDS_PER_REQUEST = 0.002
_IDLE_CPU_RATIO = 0.01
_RESIDENT_BYTES = 90 * 2**20
_NORMAL = NormalDist()
_Z95 = _NORMAL.inv_cdf(0.95)


class Application:
    """What one pod serves. The same seed, pod and ticks always come to the same counters."""

    def __init__(self, service: str, pod: str, seed: int) -> None:
        self._pod, self._seed = pod, seed
        self._ticks = 0
        self._asked: set[Route] = set()
        self.registry = CollectorRegistry()
        self._series = RequestSeries(service, self.registry)
        self._process = _Process(self.registry)

    def tick(self, requests_per_second: float, behaviour: Behaviour) -> None:
        """Serve what comes in one tick: a Poisson process of that rate."""
        numbers = random.Random(f"{self._seed}/{self._pod}/{self._ticks}")
        conduct = behaviour.conduct(self.age_seconds)
        self._ticks += 1
        if not conduct.listens:
            return
        self._series.obey(behaviour)
        rate = requests_per_second * behaviour.arriving
        served, elapsed = 0, _pause(numbers, rate)
        while elapsed < TICK_SECONDS:
            self._serve(numbers, behaviour, conduct)
            served, elapsed = served + 1, elapsed + _pause(numbers, rate)
        self._process.worked(served)

    @property
    def age_seconds(self) -> float:
        """How long it has been there, whether it listens or not."""
        return self._ticks * TICK_SECONDS

    def listens(self, behaviour: Behaviour) -> bool:
        """Whether anything answers in the pod."""
        return behaviour.conduct(self.age_seconds).listens

    def exposition(self, accept: str, behaviour: Behaviour = BEHAVIOURS["good"]) -> tuple[bytes, str]:
        """The body and content type of `/metrics`, in the format that the header `Accept` asks for."""
        self._series.obey(behaviour)
        return Told(self._series, self.registry, behaviour).exposition(accept)

    def _serve(self, numbers: random.Random, behaviour: Behaviour, conduct: Conduct) -> None:
        rank = max(numbers.random(), 1e-9)
        route = drawn(numbers, rank)
        failed, refused = numbers.random() < conduct.error_ratio, numbers.random() < route.refused
        failed |= behaviour.first_of_route_fails and route not in self._asked
        self._asked.add(route)
        status = ERROR if failed else route.refusal if refused else route.success
        seconds = math.nan if behaviour.not_numbers == "durations" else _latency(conduct, rank)
        # Not drawn: whatever the behaviour, the same requests come.
        number = crc32(repr(rank).encode())
        untemplated = behaviour.distinct_ids and route.has_id
        path = route.path_of(number % behaviour.distinct_ids) if untemplated else route.path
        self._series.count(route, status, seconds, path)
        if behaviour.user_labels == "beside":
            self._series.count_user(number)


class _Process:
    """The metrics of its own process that prometheus_client adds to an application on Linux."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._cpu = Counter("process_cpu_seconds_total", "CPU time used.", registry=registry)
        self._resident = Gauge("process_resident_memory_bytes", "Resident memory.", registry=registry)
        self._resident.set(_RESIDENT_BYTES)
        Gauge("process_start_time_seconds", "Start of the process.", registry=registry).set(time.time())
        Gauge("process_open_fds", "Open file descriptors.", registry=registry).set(16)
        Gauge("process_max_fds", "Most file descriptors.", registry=registry).set(65_536)

    def worked(self, requests: int) -> None:
        """One tick in which so many requests were served; each of them takes a little memory while it lasts."""
        self._cpu.inc(_IDLE_CPU_RATIO * TICK_SECONDS + requests * _CPU_SECONDS_PER_REQUEST)
        self._resident.set(_RESIDENT_BYTES + requests / TICK_SECONDS * 2**17)


def _pause(numbers: random.Random, rate: float) -> float:
    """Seconds until the next request."""
    return numbers.expovariate(rate) if rate > 0 else math.inf


def _latency(conduct: Conduct, rank: float) -> float:
    """Seconds at that rank of the log-normal distribution with the conduct's median and 95th percentile."""
    spread = math.log(conduct.p95_seconds / conduct.p50_seconds) / _Z95
    return conduct.p50_seconds * math.exp(spread * _NORMAL.inv_cdf(rank))
