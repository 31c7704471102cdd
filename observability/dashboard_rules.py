"""Records that only dashboards read: the limits that they draw beside what is measured, and requests by status."""

from collections.abc import Iterator

from catalog.canary import AnalysisCriteria, Criterion, LatencyMargin, RatioMargin
from catalog.canary_checks import analysis_window
from catalog.services import Service
from observability import metrics, records
from observability.analysis_checks import checks, minimum_requests
from observability.queries import number
from observability.records import Percentile, Window
from observability.request_rules import rate_window
from observability.rule import Record, RuleGroup
from observability.series import by, series

LATENCY_OBJECTIVE = "latency-objective"
"""The check whose limit is the threshold of the latency objective, in seconds."""

MINIMUM_REQUESTS = "minimum-requests"
"""The check whose limit is the fewest requests per second of a canary that are a measurement."""

_PERCENTILES: dict[Criterion, Percentile] = {"p95": 95, "p99": 99}
_SHOWN: Window = "1m"
"""The window of what dashboards show beside these limits; an analysis may look over a longer one."""


def dashboard_records(service: Service, namespace: str) -> RuleGroup:
    """The records of one service."""
    of = {metrics.NAMESPACE: namespace, metrics.SERVICE: service.name}
    return RuleGroup(f"{service.name}.dashboards", [_statuses(service, of), *_limits(service, namespace, of)])


def _statuses(service: Service, of: dict[str, str]) -> Record:
    """A status of each route and pod is a series; what a dashboard shows of hours must not read them all."""
    labels = (metrics.NAMESPACE, metrics.SERVICE, metrics.VERSION, metrics.STATUS)
    over = rate_window(service, _SHOWN)
    return Record(records.STATUS_RATE, by("sum", labels, f"rate({series(metrics.REQUESTS, of)}[{over}])"))


def _limits(service: Service, namespace: str, of: dict[str, str]) -> Iterator[Record]:
    def limit(check: str, expression: str) -> Record:
        return Record(records.LIMIT, expression, {**of, metrics.CHECK: check})

    criteria = service.canary.analysis
    for check in checks(service, namespace):
        margin = _margin(criteria, check.criterion) if check.good == "<=" else None
        yield limit(check.name, _allowed(of, check.criterion, margin) if margin else _constant(check.limit))
    # Of a window's requests an analysis counts those between its first and its last scrape.
    counted = analysis_window(service) - service.metrics.interval
    yield limit(MINIMUM_REQUESTS, _constant(minimum_requests(criteria) / counted))
    if service.slo.latency is not None:
        yield limit(LATENCY_OBJECTIVE, _constant(service.slo.latency.threshold))


def _constant(value: float) -> str:
    return f"vector({number(value)})"


def _margin(criteria: AnalysisCriteria, criterion: Criterion) -> RatioMargin | LatencyMargin | None:
    """What a canary may have beyond stable."""
    compared = criteria.compare_with_stable
    if compared is None:
        return None
    margins: dict[Criterion, RatioMargin | LatencyMargin | None] = {
        "errorRate": compared.error_rate,
        "p95": compared.p95,
        "p99": compared.p99,
    }
    return margins[criterion]


def _allowed(of: dict[str, str], criterion: Criterion, margin: RatioMargin | LatencyMargin) -> str:
    """What stable has, and the canary may have in addition; empty while stable serves nothing."""
    stable = {**of, metrics.VERSION: metrics.STABLE}
    if criterion == "errorRate":
        errors, requests = (record("service_version", _SHOWN) for record in (records.error_rate, records.request_rate))
        measured = f"{series(errors, stable)} / ({series(requests, stable)} > 0)"
    else:
        measured = series(records.latency("service_version", _SHOWN, _PERCENTILES[criterion]), stable)
    of_a_service = by("max", metrics.OF_A_SERVICE, measured)
    return f"{of_a_service} * {number(margin.factor)} + {number(margin.margin or 0)}"
