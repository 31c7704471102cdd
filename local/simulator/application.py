"""The application in one pod: its routes, the requests it is taken to have served, and its metrics."""

import math
import random
import time
from dataclasses import dataclass
from statistics import NormalDist

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from local.simulator.behaviour import Behaviour

TICK_SECONDS = 1.0
"""How much time one tick stands for; the counters grow by ticks."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2.5, 5, 10)
"""Upper bounds in seconds that the metrics contract asks for: thresholds in use are among them."""

_LABELS = ("service", "method", "path", "status")
_ERROR = "500"
_CPU_SECONDS_PER_REQUEST = 0.002
_IDLE_CPU_RATIO = 0.01
_RESIDENT_BYTES = 90 * 2**20
_NORMAL = NormalDist()
_Z95 = _NORMAL.inv_cdf(0.95)


@dataclass(frozen=True)
class Route:
    """One route: its share of the requests (0–1), and which way it leans from the median latency (-1 to 1).

    Statuses are of the client's making and come with their share of the answers (0–1); the rest are `success`.
    """

    method: str
    path: str
    share: float
    lean: float
    success: str = "200"
    refusal: str = "404"
    refused: float = 0.0


ROUTES = (
    Route("GET", "/courses", 0.30, -0.4),
    Route("GET", "/courses/{id}", 0.25, -0.2, refused=0.02),
    Route("GET", "/users/{id}", 0.15, 0.0, refused=0.01),
    Route("POST", "/answers", 0.12, 0.5, success="201", refusal="422", refused=0.03),
    Route("POST", "/sessions", 0.08, 0.5, success="201", refusal="401", refused=0.05),
    Route("PUT", "/users/{id}", 0.06, 0.5, refused=0.01),
    Route("GET", "/reports/{id}", 0.04, 1.0, refused=0.02),
)
"""Shares add up to 1. Shares times leans add up to 0, so that slow routes are slow and the quantiles of all of them
together are still what the behaviour says."""


class Application:
    """What one pod serves. The same seed, pod and ticks always come to the same counters.

    As the contract asks, every series is there from the start, at 0.
    """

    def __init__(self, service: str, pod: str, seed: int) -> None:
        self._service, self._pod, self._seed = service, pod, seed
        self._ticks = 0
        self.registry = CollectorRegistry()
        self._requests = Counter("http_requests_total", "Requests served.", _LABELS, registry=self.registry)
        self._durations = Histogram(
            "http_request_duration_seconds", "Duration of requests.", _LABELS, buckets=BUCKETS, registry=self.registry
        )
        for route in ROUTES:
            for status in (route.success, route.refusal, _ERROR):
                self._series(route, status)
        self._process = _Process(self.registry)

    def tick(self, requests_per_second: float, behaviour: Behaviour) -> None:
        """Serve what comes in one tick: a Poisson process of that rate."""
        numbers = random.Random(f"{self._seed}/{self._pod}/{self._ticks}")
        self._ticks += 1
        served, elapsed = 0, _pause(numbers, requests_per_second)
        while elapsed < TICK_SECONDS:
            self._serve(numbers, behaviour)
            served, elapsed = served + 1, elapsed + _pause(numbers, requests_per_second)
        self._process.worked(served)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The body and content type of `/metrics`, in the format that the header `Accept` asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _serve(self, numbers: random.Random, behaviour: Behaviour) -> None:
        rank = max(numbers.random(), 1e-9)
        route = _route(numbers, rank)
        failed, refused = numbers.random() < behaviour.error_ratio, numbers.random() < route.refused
        requests, durations = self._series(route, _ERROR if failed else route.refusal if refused else route.success)
        requests.inc()
        durations.observe(_latency(behaviour, rank))

    def _series(self, route: Route, status: str) -> tuple[Counter, Histogram]:
        labels = (self._service, route.method, route.path, status)
        return self._requests.labels(*labels), self._durations.labels(*labels)


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
        self._resident.set(_RESIDENT_BYTES + requests * 2**17)


def _pause(numbers: random.Random, rate: float) -> float:
    """Seconds until the next request."""
    return numbers.expovariate(rate) if rate > 0 else math.inf


def _route(numbers: random.Random, rank: float) -> Route:
    """A route for a request of that rank among the latencies (0–1): slower routes are likelier for slower requests."""
    weights = [route.share * (1 + route.lean * (2 * rank - 1)) for route in ROUTES]
    return numbers.choices(ROUTES, weights)[0]


def _latency(behaviour: Behaviour, rank: float) -> float:
    """Seconds at that rank of the log-normal distribution with the behaviour's median and 95th percentile."""
    spread = math.log(behaviour.p95_seconds / behaviour.p50_seconds) / _Z95
    return behaviour.p50_seconds * math.exp(spread * _NORMAL.inv_cdf(rank))
