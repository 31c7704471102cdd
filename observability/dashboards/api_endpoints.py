"""The tables of endpoints: of all routes of a service, those with most requests, most errors, and most patience needed.

They read raw series, as nothing records single routes: for one moment, the end of the time that is shown, and no more.
"""

from observability import metrics
from observability.dashboards.look import GREEN, ORANGE, RED, PanelBuilder, Says, thresholds
from observability.dashboards.tables import Column, Key, table
from observability.dashboards.variables import OF_SERVICE, OF_VERSIONS
from observability.series import by, series

_MOST = 10
_ENDPOINT = (metrics.METHOD, metrics.PATH)
_KEYS = [Key(metrics.METHOD, "Method"), Key(metrics.PATH, "Path")]

_WINDOW = "5m"
"""The least time that the tables are about; more where the time shown is long."""

_AT_THE_END = "At the end of the time shown, over at least 5 minutes."


def by_traffic() -> PanelBuilder:
    """Where requests go."""
    says = Says(
        "Top Endpoints by traffic",
        f"The {_MOST} endpoints with most requests, and their share of all. {_AT_THE_END}",
        "reqps",
        "Nobody asks this service, or it does not count requests",
    )
    top = f"topk({_MOST}, {_requests()})"
    share = f"{top} / on () group_left () sum({_rate(metrics.REQUESTS)})"
    columns = [Column("Requests", top, "reqps", 2), Column("Share", share, "percentunit", 1)]
    return table(says, _KEYS, *columns, worst="Requests").interval(_WINDOW)


def by_errors() -> PanelBuilder:
    """Where requests fail."""
    says = Says(
        "Top Endpoints by errors",
        f"The {_MOST} endpoints with most server errors (5xx), and what share of their requests that is. {_AT_THE_END}",
        "reqps",
        "No request ended in a server error",
    )
    top = f"topk({_MOST}, {_errors()} > 0)"
    share = f"{top} / {_requests()}"
    colors = thresholds(GREEN, (0.01, ORANGE), (0.05, RED))
    columns = [Column("Errors", top, "reqps", 3), Column("Share", share, "percentunit", 2, colors)]
    return table(says, _KEYS, *columns, worst="Errors").interval(_WINDOW)


def by_slowness() -> PanelBuilder:
    """Where requests take long."""
    says = Says(
        "Top Endpoints by slowness",
        f"The {_MOST} endpoints with the highest p95: of the requests to each, 95 % took no longer. {_AT_THE_END}",
        "s",
        "Nobody asks this service, or its histogram does not tell endpoints apart",
    )
    buckets = by("sum", (*_ENDPOINT, metrics.LE), _rate(metrics.DURATION_BUCKETS))
    # Endpoints that nobody asks have a quantile that is no number.
    slowest = f"topk({_MOST}, histogram_quantile(0.95, {buckets}) >= 0)"
    return table(says, _KEYS, Column("p95", slowest, "s"), worst="p95").interval(_WINDOW)


def _requests() -> str:
    return by("sum", _ENDPOINT, _rate(metrics.REQUESTS))


def _errors() -> str:
    return by("sum", _ENDPOINT, _rate(metrics.REQUESTS, f'{metrics.STATUS}=~"{metrics.SERVER_ERRORS}"'))


def _rate(metric: str, *more: str) -> str:
    return f"rate({series(metric, OF_SERVICE, OF_VERSIONS, *more)}[$__rate_interval])"
