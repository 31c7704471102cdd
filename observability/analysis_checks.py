"""Canary checks: the numbers that an AnalysisRun measures, and the limits it holds them against.

A query answers with one of three things, and they must not be taken for each other:

- a number: the canary served enough requests within the window;
- NaN: it was scraped throughout the window and served too few. That is no traffic, which `onNoTraffic` is about;
- nothing: nobody knows. Prometheus was just restarted, the pods are younger than the window, scrapes fail, there is no
  request counter, or no histogram of requests that were counted. Whatever `onNoTraffic` says, that is never a verdict.

What cannot be told apart: requests that the application does not count are no traffic, and of several canary pods those
that cannot be scraped are not missed. A Prometheus that does not answer is none of the three, but an error.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from catalog.canary import Analysis, AnalysisCriteria, Criterion, LatencyMargin, Pause, RatioMargin
from catalog.canary_checks import analysis_window
from catalog.quantities import Duration
from catalog.services import Service
from catalog.statistics import SURE
from observability import metrics
from observability.queries import Samples, error_ratio, latency_quantile, number, requests, was_scraped_throughout

CANARY_HASH_ARGUMENT = "canary-hash"
STABLE_HASH_ARGUMENT = "stable-hash"
"""The arguments through which an AnalysisRun learns the pod-template hashes of the canary and of the stable pods."""


SCRAPES_BEFORE_FIRST_MEASUREMENT = 2
"""A rate needs two samples; measuring earlier would find nothing and pause every rollout."""


@dataclass(frozen=True)
class Check:
    """One number to hold against a limit.

    An absolute check is good while its value, a ratio 0–1 or seconds, is below `limit`. One against stable is good
    while its value, what the canary has beyond what stable allows, is at most `limit`, which is 0.
    """

    name: str
    criterion: Criterion
    query: str
    limit: float
    good: Literal["<", "<="]

    @property
    def is_error_limit(self) -> bool:
        """Whether it holds errors against a limit of their own, and not against stable."""
        return self.criterion == "errorRate" and self.good == "<"


def checks(service: Service, namespace: str) -> list[Check]:
    """The checks of one service: a limit each for errors, p95 and p99, and comparisons with the pods that run already.

    Their queries hold the arguments of the AnalysisTemplate: `{{args.canary-hash}}` and `{{args.stable-hash}}`.
    """
    criteria, least = service.canary.analysis, minimum_requests(service.canary.analysis)
    canary = _pods(service, namespace, CANARY_HASH_ARGUMENT)
    stable = _pods(service, namespace, STABLE_HASH_ARGUMENT)
    limits: dict[Criterion, float | None] = {
        "errorRate": criteria.error_rate,
        "p95": criteria.p95,
        "p99": criteria.p99,
    }
    found = [
        Check(_NAMES[criterion], criterion, _gated(_surely(canary, criterion, limit), canary, least), limit, "<")
        for criterion, limit in limits.items()
        if limit is not None
    ]
    for criterion, margin in _margins(criteria):
        allowed = _allowed(stable, least, criterion, margin)
        if limits[criterion] is not None:
            # Stable pods without traffic allow anything: the limit of the same criterion still decides. Where there is
            # none, nothing would, and the comparison is no verdict.
            allowed = f"({allowed} or vector(Inf))"
        excess = f"({_measure(canary, criterion)}) - {allowed}"
        name = f"{_NAMES[criterion]}-against-stable"
        found.append(Check(name, criterion, _gated(excess, canary, least), 0, "<="))
    return found


def minimum_requests(criteria: AnalysisCriteria) -> int:
    """The fewest requests that are a measurement: as asked for, or so many that a single error is below the error rate.

    1 / n < r is n > 1 / r.
    """
    if criteria.minimum_requests is not None:
        return criteria.minimum_requests
    return math.floor(1 / criteria.error_rate) + 1 if criteria.error_rate else 1


_NAMES: dict[Criterion, str] = {"errorRate": "error-rate", "p95": "p95-latency", "p99": "p99-latency"}
_QUANTILES: dict[Criterion, float] = {"p95": 0.95, "p99": 0.99}


def _pods(service: Service, namespace: str, hash_argument: str) -> Samples:
    """The samples of one revision's pods. By its hash: the label `version` flips at promotion."""
    labels = {
        metrics.NAMESPACE: namespace,
        metrics.SERVICE: service.name,
        metrics.POD_HASH: f"{{{{args.{hash_argument}}}}}",
    }
    return Samples(labels, analysis_window(service), service.metrics.interval, _youth(service))


def _youth(service: Service) -> Duration:
    """The seconds from a pod's first scrape until two measurements of a canary at the latest, of which one saw it."""
    plan = service.canary
    before = takewhile(lambda step: not isinstance(step, Analysis), plan.steps)
    pauses = [step.pause for step in before if isinstance(step, Pause) and step.pause != "forever"]
    waited = analysis_window(service) if plan.background else sum(pauses)
    scrapes = SCRAPES_BEFORE_FIRST_MEASUREMENT * service.metrics.interval
    return Duration((plan.min_ready or 0) + waited + scrapes + plan.analysis.interval)


def _measure(pods: Samples, criterion: Criterion) -> str:
    return error_ratio(pods) if criterion == "errorRate" else latency_quantile(pods, _QUANTILES[criterion])


def _surely(canary: Samples, criterion: Criterion, limit: float) -> str:
    """The measure, but nothing where it is over its limit and may be so by chance.

    That of errors is surely over it as `surely_too_many` says, divided by the requests. A quantile is over its limit as
    soon as the share 1 - q of the requests is slower, which is a ratio like that of errors: surely so where a quantile
    that is as much lower is over the limit too. The more requests, the less that is.
    """
    measure, served = f"({_measure(canary, criterion)})", requests(canary)
    if criterion == "errorRate":
        by_chance = f"({measure} >= {number(limit)}) < {number(limit)} + {_chance(limit, served)}"
    else:
        share = _QUANTILES[criterion]
        surely = latency_quantile(canary, f"scalar({number(share)} - {_chance(1 - share, served)})")
        by_chance = f"{measure} >= {number(limit)} and ({surely}) < {number(limit)}"
    return f"({measure} unless ({by_chance}))"


def _chance(ratio: float, served: str) -> str:
    """What may come on top of a ratio by chance, among so many requests."""
    return f"{number(SURE)} * sqrt({number(ratio)} / ({served}))"


def _gated(measure: str, canary: Samples, least: int) -> str:
    """The measure where there were enough requests, NaN where there was no traffic, and else nothing."""
    served = requests(canary)
    no_traffic = f"{served} < {least} and {was_scraped_throughout(canary)}"
    return f"({measure} and {served} >= {least}) or NaN * ({no_traffic})"


def _allowed(stable: Samples, least: int, criterion: Criterion, margin: RatioMargin | LatencyMargin) -> str:
    """How much the canary may have, by what stable has; nothing where stable served too few requests to tell."""
    allowed = f"({_measure(stable, criterion)}) * {number(margin.factor)} + {number(margin.margin or 0)}"
    return f"({allowed} and {requests(stable)} >= {least})"


def _margins(criteria: AnalysisCriteria) -> Iterator[tuple[Criterion, RatioMargin | LatencyMargin]]:
    compared = criteria.compare_with_stable
    if compared and compared.error_rate:
        yield "errorRate", compared.error_rate
    if compared and compared.p95:
        yield "p95", compared.p95
    if compared and compared.p99:
        yield "p99", compared.p99
