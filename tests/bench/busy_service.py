"""The series of one busy service as Prometheus has them, every 15 seconds for some hours: 12 pods, 40 routes.

`BENCH_ROUTES` gives it another number of routes, and so of series.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import accumulate

from observability import metrics
from tests.bench.backfill import Labels, Series

NAMESPACE, SERVICE = "apis", "busy-api"
SCRAPE_SECONDS = 15

PODS, ROUTES = 12, int(os.environ.get("BENCH_ROUTES", "40"))
STATUSES = ("200", "201", "404", "500", "503")
BUCKETS = (
    *("0.005", "0.01", "0.025", "0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.5", "1.0", "2.5", "5.0", "10.0"),
    "+Inf",
)

_SHARES = (0.90, 0.06, 0.03, 0.007, 0.003)
"""Of the requests by status; 1 % are server errors."""

_WITHIN = (0.01, 0.03, 0.12, 0.35, 0.72, 0.85, 0.91, 0.94, 0.96, 0.985, 0.995, 0.998, 0.999, 0.9999, 1.0)
"""The share of the requests that took no longer than each bucket says."""

_CANARY = "6c8f7d9b54"
_STABLE = "79d4f8c6b7"


def series(moments: int, first: int = 0, service: str = SERVICE) -> list[Series]:
    """All of them at so many scrapes, beginning with scrape number `first`."""
    pods = list(_pods(service))
    return [*_of_requests(pods, moments, first), *_of_pods(pods, moments, first), *_of_the_rollout(service, moments)]


def _pods(service: str) -> Iterator[Labels]:
    for number in range(PODS):
        # One of them is a canary's.
        version, pods = (metrics.CANARY, _CANARY) if number == 0 else (metrics.STABLE, _STABLE)
        yield {
            **{metrics.NAMESPACE: NAMESPACE, metrics.SERVICE: service, metrics.JOB: service},
            **{metrics.POD: f"{service}-{pods}-{number:05d}", metrics.CONTAINER: service, "endpoint": "http"},
            **{metrics.INSTANCE: f"10.0.0.{number}:8006", metrics.VERSION: version, metrics.POD_HASH: pods},
        }


def _of_requests(pods: Sequence[Labels], moments: int, first: int) -> Iterator[Series]:
    """A counter and a histogram, by route; the first of the routes has most requests."""
    rates = [10 / (number + 1) for number in range(ROUTES)]
    counted = {
        (route, share): _growing(rates[route] * share, moments, first) for route in range(ROUTES) for share in _SHARES
    }
    timed = {
        (route, share): _growing(rates[route] * share, moments, first) for route in range(ROUTES) for share in _WITHIN
    }
    for pod in pods:
        for route in range(ROUTES):
            endpoint = {**pod, metrics.METHOD: "GET", metrics.PATH: f"/things-{route}/{{id}}"}
            for status, share in zip(STATUSES, _SHARES, strict=True):
                labels = {**endpoint, metrics.STATUS: status, "__name__": metrics.REQUESTS}
                yield Series(labels, counted[route, share])
            for bound, share in zip(BUCKETS, _WITHIN, strict=True):
                yield Series({**endpoint, metrics.LE: bound, "__name__": metrics.DURATION_BUCKETS}, timed[route, share])
            for name in (metrics.DURATION_SUM, metrics.DURATION_COUNT):
                yield Series({**endpoint, "__name__": name}, timed[route, 1.0])


def _of_pods(pods: Sequence[Labels], moments: int, first: int) -> Iterator[Series]:
    """What Prometheus, the kubelet and kube-state-metrics tell of them."""
    growing, constant = _growing(0.1, moments, first), [1.0] * moments
    for pod in pods:
        yield Series({**pod, "__name__": metrics.UP}, constant)
        of_pod = {key: pod[key] for key in (metrics.NAMESPACE, metrics.POD, metrics.CONTAINER)}
        for name in (metrics.CONTAINER_CPU, metrics.CPU_PERIODS, metrics.CPU_THROTTLED):
            yield Series({**of_pod, "__name__": name}, growing)
        yield Series({**of_pod, "__name__": metrics.CONTAINER_MEMORY}, constant)
        for name in (metrics.CONTAINER_REQUESTS, metrics.CONTAINER_LIMITS):
            for resource in ("cpu", "memory"):
                yield Series({**of_pod, metrics.RESOURCE: resource, "__name__": name}, constant)


def _of_the_rollout(service: str, moments: int) -> Iterator[Series]:
    """The events that dashboards mark."""
    rollout = {metrics.NAMESPACE: NAMESPACE, metrics.NAME: service, metrics.TYPE: "Normal"}
    for reason in ("RolloutUpdated", "RolloutStepCompleted", "RolloutPaused", "RolloutCompleted", "AnalysisRunFailed"):
        yield Series({**rollout, metrics.REASON: reason, "__name__": metrics.ROLLOUT_EVENTS}, [1.0] * moments)


def _growing(rate: float, moments: int, first: int) -> Sequence[float]:
    """A counter that grows by so much a second."""
    step = rate * SCRAPE_SECONDS
    return list(accumulate([step] * (moments - 1), initial=step * first))
