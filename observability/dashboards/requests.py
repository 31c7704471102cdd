"""Expressions over the records of requests: means between two points of a graph, ratios, and joins with Rollouts."""

from collections.abc import Mapping

from observability import metrics, records
from observability.records import Level, Percentile, Window
from observability.series import by, series

Labels = Mapping[str, str]


def mean(record: str, where: Labels | None = None, *more: str) -> str:
    """A record's mean since the point before: at a coarse step, single samples would be picked out by chance."""
    return f"avg_over_time({series(record, where, *more)}[$__interval])"


def request_rate(level: Level, window: Window, where: Labels | None = None, *more: str) -> str:
    """Requests per second."""
    return mean(records.request_rate(level, window), where, *more)


def error_ratio(level: Level, window: Window, where: Labels | None = None, *more: str) -> str:
    """The share of the requests (0–1) that ended in a server error; missing where there were none."""
    errors = mean(records.error_rate(level, window), where, *more)
    return f"{errors} / ({request_rate(level, window, where, *more)} > 0)"


def latency(level: Level, window: Window, percentile: Percentile, where: Labels | None = None, *more: str) -> str:
    """The mean of recorded quantiles, in seconds."""
    return mean(records.latency(level, window, percentile), where, *more)


def as_service(rollouts: str) -> str:
    """What is said of Rollouts, by `namespace` and `service`: a Rollout is named as its service is."""
    renamed = f'label_replace({rollouts}, "{metrics.SERVICE}", "$1", "{metrics.NAME}", "(.+)")'
    return by("max", metrics.OF_A_SERVICE, renamed)
