"""Canary checks: what an AnalysisRun measures, and how Argo Rollouts is to judge each measurement."""

import math
from dataclasses import dataclass
from typing import Any

from catalog.quantities import Duration
from catalog.services import AnalysisCriteria, Service
from observability import metrics

CANARY_HASH_ARGUMENT = "canary-hash"
"""The argument through which an AnalysisRun learns the pod-template hash of the canary it judges."""

_ERROR_RETRY_SECONDS = 10
"""Argo Rollouts retries a measurement that ended in an error after 10 s, whatever the interval."""

_SCRAPES_PER_WINDOW = 4
"""A rate over fewer scrapes than this comes and goes with a single missed one."""

_SCRAPES_BEFORE_FIRST_MEASUREMENT = 2
"""A rate needs two samples; measuring earlier would find nothing and pause every rollout."""


@dataclass(frozen=True)
class Check:
    """One number to hold against a limit: the measurement is good while the query's value is below `limit`."""

    name: str
    query: str
    limit: float


def checks(service: Service, namespace: str) -> list[Check]:
    """The checks of one service: its error ratio (0–1) and its p95 latency (seconds)."""
    criteria = service.canary.analysis
    canary = {
        metrics.NAMESPACE: namespace,
        metrics.SERVICE: service.name,
        metrics.POD_HASH: f"{{{{args.{CANARY_HASH_ARGUMENT}}}}}",
    }
    window = rate_window(service)
    return [
        Check("error-rate", _error_ratio(canary, window), float(criteria.error_rate)),
        Check("p95-latency", _latency_quantile(canary, window, 0.95), float(criteria.p95)),
    ]


def analysis_metrics(service: Service, namespace: str, prometheus_address: str) -> list[dict[str, Any]]:
    """The `spec.metrics` of the service's AnalysisTemplate."""
    criteria = service.canary.analysis
    return [
        {
            "name": check.name,
            "initialDelay": str(Duration(_SCRAPES_BEFORE_FIRST_MEASUREMENT * service.metrics.interval)),
            "interval": str(criteria.interval),
            "count": criteria.count,
            **_limits(criteria, service),
            "successCondition": f"{_HAS_VALUE} && result[0] < {check.limit:.10g}",
            "failureCondition": f"{_HAS_VALUE} && result[0] >= {check.limit:.10g}",
            "provider": {"prometheus": {"address": prometheus_address, "query": check.query}},
        }
        for check in checks(service, namespace)
    ]


def rate_window(service: Service) -> Duration:
    """The window of every rate in seconds: one measurement interval, but never fewer scrapes than a rate needs."""
    return Duration(max(service.canary.analysis.interval, _SCRAPES_PER_WINDOW * service.metrics.interval))


_HAS_VALUE = "len(result) > 0 && !isNaN(result[0])"
"""Prometheus answers with a list: empty where there is no series, NaN where there was no traffic. Neither is a verdict:
with this guard both conditions are false, and the measurement is inconclusive."""


def _limits(criteria: AnalysisCriteria, service: Service) -> dict[str, int]:
    """Argo's limits from what the catalog says; each of them is "more than", so n failures are a limit of n - 1.

    Inconclusive measurements are allowed for as long as a restarted Prometheus is blind: the window and two scrapes.
    """
    blind_seconds = rate_window(service) + _SCRAPES_BEFORE_FIRST_MEASUREMENT * service.metrics.interval
    return {
        "failureLimit": criteria.rollback_after_failures - 1,
        "inconclusiveLimit": math.ceil(blind_seconds / criteria.interval),
        "consecutiveErrorLimit": math.ceil(criteria.survive_outage_of / _ERROR_RETRY_SECONDS),
    }


def _selector(labels: dict[str, str], status: str | None = None) -> str:
    matchers = [f'{name}="{value}"' for name, value in labels.items()]
    if status:
        matchers.append(f'{metrics.STATUS}=~"{status}"')
    return "{" + ",".join(matchers) + "}"


def _error_ratio(labels: dict[str, str], window: Duration) -> str:
    """Errors over requests. Without a single 5xx there is no such series: `or vector(0)` makes that 0, not empty."""
    errors = f"sum(rate({metrics.REQUESTS}{_selector(labels, metrics.SERVER_ERRORS)}[{window}]))"
    requests = f"sum(rate({metrics.REQUESTS}{_selector(labels)}[{window}]))"
    return f"({errors} or vector(0)) / {requests}"


def _latency_quantile(labels: dict[str, str], window: Duration, quantile: float) -> str:
    rates = f"sum by (le) (rate({metrics.DURATION_BUCKETS}{_selector(labels)}[{window}]))"
    return f"histogram_quantile({quantile:g}, {rates})"
