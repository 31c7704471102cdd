"""Service level objectives: how fast the error budget of 30 days is spent, and alerts on spending it too fast.

The method is that of the SRE workbook (chapter 5, "Alerting on SLOs"): an alert needs a long window, so that what it
tells is worth it, and a short one, so that it ends when the trouble does. Every window is summed up from the records at
5 minutes, errors over requests, so that it is weighted by traffic, has no NaN, and costs two series.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from catalog.quantities import Duration
from observability import metrics, records
from observability.queries import number
from observability.records import SLO_WINDOWS, SloWindow
from observability.rule import Alert, Record, RuleGroup, Severity
from observability.series import INFINITE, bucket, by, one_of, series
from observability.watched import Watched

Name = Literal["availability", "latency"]


@dataclass(frozen=True)
class BurnWindow:
    """An alert where the budget burns `factor` times too fast over both windows, for as long as `held`."""

    severity: Severity
    long: SloWindow
    short: SloWindow
    factor: Decimal
    held: Duration


BURN_WINDOWS = (
    BurnWindow("critical", "1h", "5m", Decimal("14.4"), Duration.parse("2m")),
    BurnWindow("critical", "6h", "30m", Decimal(6), Duration.parse("15m")),
    BurnWindow("warning", "1d", "2h", Decimal(3), Duration.parse("1h")),
    BurnWindow("warning", "3d", "6h", Decimal(1), Duration.parse("3h")),
)
"""Of a budget of 30 days the first spends 2 % in its long window, and the next ones 5 %, 10 % and 10 %."""

_PERIOD: SloWindow = "30d"
_DAYS: tuple[SloWindow, ...] = ("1d", "3d", "30d")
_DAYS_INTERVAL = Duration.parse("2m")
"""Seldom, since 30 days are 86,400 samples of each series; a sample is forgotten after 5 minutes."""

_LEAST_ERRORS = 10
"""The fewest requests in the long window that must have missed the objective: a share of a few is chance.

A service that just meets its objective has ten or more of them above 6 times its budget in less than one window of six
hours in 100,000 (Poisson); with five it would be one in 700, which is once in half a year for each service.
"""


@dataclass(frozen=True)
class Objective:
    """What is promised (`objective`, 0–1); requests per second that missed it, and all of which it is promised.

    `missed` and `requests` are expressions over the records at 5 minutes, with the labels namespace and service.
    """

    name: Name
    alert: str
    objective: Decimal
    missed: str
    requests: str
    promise: str

    @property
    def budget(self) -> Decimal:
        """The share of the requests that may miss it."""
        return 1 - self.objective

    def detectable(self, window: BurnWindow) -> bool:
        """Whether the budget can burn that fast at all: not where even all requests missing it would not."""
        return window.factor * self.budget < 1


def objectives(watched: Watched) -> Iterator[Objective]:
    """The objectives of a service; none where it promises nothing."""
    slo = watched.service.slo
    if slo.availability is not None:
        missed = watched.series(records.error_rate("service", "5m"))
        requests = watched.series(records.request_rate("service", "5m"))
        promise = "are answered without a server error"
        yield Objective("availability", "AvailabilityBudgetBurn", _exact(slo.availability), missed, requests, promise)
    if slo.latency is not None:
        threshold = slo.latency.threshold
        timed, fast = (_within(watched, le) for le in (INFINITE, bucket(threshold)))
        # Each bucket is extrapolated by itself, so that the larger one may come out smaller by a hair.
        missed = f"clamp_min({timed} - {fast}, 0)"
        promise = f"are answered within {threshold}"
        yield Objective("latency", "LatencyBudgetBurn", _exact(slo.latency.objective), missed, timed, promise)


def slo_groups(watched: Watched) -> list[RuleGroup]:
    """The records and burn-rate alerts of a service's objectives; none without any."""
    found = list(objectives(watched))
    if not found:
        return []
    short = [rule for objective in found for rule in _records(watched, objective)]
    days = [rule for objective in found for rule in _records_of_days(watched, objective)]
    alerts = [_burn(watched, objective, window) for objective in found for window in _detectable(objective)]
    return [
        RuleGroup(f"{watched.name}.slo", short),
        RuleGroup(f"{watched.name}.slo-days", days, _DAYS_INTERVAL),
        RuleGroup(f"{watched.name}.slo-alerts", alerts),
    ]


def _exact(share: float) -> Decimal:
    return Decimal(number(share))


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"


def _within(watched: Watched, le: str) -> str:
    rates = watched.series(records.bucket_rate("service", "5m"), one_of(metrics.LE, [le]))
    return by("sum", metrics.OF_A_SERVICE, rates)


def _detectable(objective: Objective) -> Iterator[BurnWindow]:
    return (window for window in BURN_WINDOWS if objective.detectable(window))


def _of(watched: Watched, objective: Objective, record: str) -> str:
    return series(record, {**watched.labels, metrics.SLO: objective.name})


def _records(watched: Watched, objective: Objective) -> Iterator[Record]:
    slo = {metrics.SLO: objective.name}
    errors, last = (_of(watched, objective, record) for record in (records.SLI_ERRORS, records.sli_error("5m")))
    yield Record(records.SLI_ERRORS, objective.missed, slo)
    # A window's sums are over the same moments: what was served while nobody knew how well counts in neither.
    known = f"{objective.requests} and on ({metrics.NAMESPACE}, {metrics.SERVICE}) {errors}"
    yield Record(records.SLI_REQUESTS, known, slo)
    for window in SLO_WINDOWS:
        if window not in _DAYS:
            yield Record(records.sli_error(window), _ratio(watched, objective, window), slo)
    yield Record(records.CURRENT_BURN, f"{last} / {objective.budget}", slo)
    yield Record(records.OBJECTIVE, f"vector({objective.objective})", {**watched.labels, **slo})
    yield Record(records.ERROR_BUDGET, f"vector({objective.budget})", {**watched.labels, **slo})


def _records_of_days(watched: Watched, objective: Objective) -> Iterator[Record]:
    slo = {metrics.SLO: objective.name}
    for window in _DAYS:
        yield Record(records.sli_error(window), _ratio(watched, objective, window), slo)
    burn = f"{_of(watched, objective, records.sli_error(_PERIOD))} / {objective.budget}"
    yield Record(records.PERIOD_BURN, burn, slo)
    yield Record(records.BUDGET_REMAINING, f"1 - {_of(watched, objective, records.PERIOD_BURN)}", slo)


def _ratio(watched: Watched, objective: Objective, window: SloWindow) -> str:
    """The share of a window's requests that missed the objective; missing, not NaN, where there were none."""
    errors, requests = (
        _of(watched, objective, record)
        if window == "5m"
        else f"sum_over_time({_of(watched, objective, record)}[{window}])"
        for record in (records.SLI_ERRORS, records.SLI_REQUESTS)
    )
    return f"{errors} / ({requests} > 0)"


def _burn(watched: Watched, objective: Objective, window: BurnWindow) -> Alert:
    threshold = (window.factor * objective.budget).normalize()
    above = [
        f"{_of(watched, objective, records.sli_error(over))} > {threshold:f}" for over in (window.long, window.short)
    ]
    errors = f"sum_over_time({_of(watched, objective, records.SLI_ERRORS)}[{window.long}])"
    enough = f"{errors} * {number(records.INTERVAL)} >= {_LEAST_ERRORS}"
    return watched.alert(
        objective.alert,
        window.severity,
        " and ".join([*above, enough]),
        f"{watched.name} spends its error budget of 30 days {window.factor} times too fast",
        f"Over the last {window.long}, {{{{ $value | humanizePercentage }}}} of the requests to {watched.name} in "
        f"{watched.namespace} missed the objective that {_percent(objective.objective)} % {objective.promise}; more "
        f"than {_percent(threshold)} % is {window.factor} times the budget.",
        held=window.held,
        labels={metrics.SLO: objective.name, "window": window.long},
    )
