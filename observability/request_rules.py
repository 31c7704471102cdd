"""Recording rules of requests, errors and latency: of each service by version and as a whole, and of all services.

Everything that looks at more than the last minutes, or at more than one service, reads these instead of raw series: a
raw rate touches each route, status, bucket and pod, a recorded one touches a single series.
"""

from collections.abc import Iterator, Mapping, Sequence

from catalog.canary_checks import SCRAPES_PER_WINDOW
from catalog.quantities import Duration
from catalog.services import Service
from observability import metrics, records
from observability.records import LEVELS, PERCENTILES, WINDOWS, Level, Window
from observability.rule import Record, RuleGroup
from observability.series import INFINITE, bucket, by, one_of, series

_LABELS: dict[Level, tuple[str, ...]] = {
    "service_version": (metrics.NAMESPACE, metrics.SERVICE, metrics.VERSION),
    "service": metrics.OF_A_SERVICE,
    "namespace": (metrics.NAMESPACE,),
}
"""The labels that each level leaves."""


def service_records(service: Service, namespace: str) -> RuleGroup:
    """The records of one service."""
    of = {metrics.NAMESPACE: namespace, metrics.SERVICE: service.name}
    rules: list[Record] = []
    for window in WINDOWS:
        rules += _counted(service, of, window)
        rules += _latencies("service_version", window, of)
        rules += _summed("service", window, of)
    return RuleGroup(f"{service.name}.requests", rules)


def fleet_records(services: Sequence[Service], namespace: str) -> RuleGroup:
    """The records of all services together."""
    of = {metrics.NAMESPACE: namespace}
    buckets = _common_buckets(services)
    return RuleGroup(
        "fleet.requests", [rule for window in WINDOWS for rule in _summed("namespace", window, of, *buckets)]
    )


def rate_window(service: Service, window: Window) -> Duration:
    """What a rate of that window really looks at, in seconds: longer where the service is scraped too rarely for it."""
    return Duration(max(Duration.parse(window), SCRAPES_PER_WINDOW * service.metrics.interval))


def _counted(service: Service, of: Mapping[str, str], window: Window) -> Iterator[Record]:
    """Rates of what the pods themselves count."""
    level: Level = "service_version"
    over = rate_window(service, window)

    def rate(name: str, *matchers: str, more: tuple[str, ...] = ()) -> str:
        return by("sum", (*_LABELS[level], *more), f"rate({series(name, of, *matchers)}[{over}])")

    requests = records.request_rate(level, window)
    errors = rate(metrics.REQUESTS, f'{metrics.STATUS}=~"{metrics.SERVER_ERRORS}"')
    yield Record(requests, rate(metrics.REQUESTS))
    # A service without errors may have no such series; what is reckoned from errors and requests needs both.
    yield Record(records.error_rate(level, window), f"{errors} or 0 * {series(requests, of)}")
    yield Record(records.bucket_rate(level, window), rate(metrics.DURATION_BUCKETS, more=(metrics.LE,)))


def _summed(level: Level, window: Window, of: Mapping[str, str], *buckets: str) -> Iterator[Record]:
    """A level from the one below it; quantiles cannot be summed up, but their buckets can."""
    below = LEVELS[LEVELS.index(level) - 1]
    for name in (records.request_rate, records.error_rate):
        yield Record(name(level, window), by("sum", _LABELS[level], series(name(below, window), of)))
    rates = series(records.bucket_rate(below, window), of, *buckets)
    yield Record(records.bucket_rate(level, window), by("sum", (*_LABELS[level], metrics.LE), rates))
    yield from _latencies(level, window, of)


def _latencies(level: Level, window: Window, of: Mapping[str, str]) -> Iterator[Record]:
    rates = series(records.bucket_rate(level, window), of)
    for percentile in PERCENTILES:
        # Without a request there is no latency; NaN would spoil every mean over time that it is part of.
        quantile = f"histogram_quantile({percentile / 100}, {rates}) >= 0"
        yield Record(records.latency(level, window, percentile), quantile)


def _common_buckets(services: Sequence[Service]) -> list[str]:
    """The matcher that leaves out the buckets which only some services have, where not all have the same.

    In a sum over services such a bucket would count the requests of some of them only, fewer than the one before it.
    """
    found = [set(service.metrics.buckets) for service in services]
    if not found or all(each == found[0] for each in found):
        return []
    common = sorted(set.intersection(*found))
    return [one_of(metrics.LE, [*map(bucket, common), INFINITE])]
