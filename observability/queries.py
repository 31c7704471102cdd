"""What a service's metrics say of some of its pods: the building blocks of PromQL expressions.

The result of each is one number without labels, or nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from catalog.quantities import Duration
from observability import metrics

_SEEN_SHARE = 0.9
"""The share of a window's scrapes (0–1) that must have succeeded; of four it is all, of twenty it forgives two."""


@dataclass(frozen=True)
class Samples:
    """The samples with certain labels within the last `window` seconds, one every `scrape` seconds.

    Pods are young for `youth` seconds, until well after they were measured for the first time.
    """

    labels: Mapping[str, str]
    window: Duration
    scrape: Duration
    youth: Duration


def requests(of: Samples) -> str:
    """The number of requests that a ratio over the window is made of: those between its first and last scrape.

    `increase` makes up for the rest of the window by extrapolation (prometheus/promql/functions.go,
    `extrapolatedRate`), so w / (w - s) times as many as were counted, which no ratio is surer for.
    """
    share = (of.window - of.scrape) / of.window
    # Rounded, since what was counted is a whole number and extrapolation leaves it a little short of one.
    return f"round(sum(increase({metrics.REQUESTS}{_range(of)})) * {number(share)})"


def was_scraped_throughout(of: Samples) -> str:
    """Not empty where the window is full of samples of a request counter, whatever it counted.

    Empty after a restart of Prometheus or of the pods, where scrapes fail, and where there is no such counter. One pod
    is enough, and one series: those of a rare route may be young.
    """
    least = math.ceil(_SEEN_SHARE * of.window / of.scrape)
    return f"max(count_over_time({metrics.REQUESTS}{_range(of)})) >= {least}"


def error_ratio(of: Samples) -> str:
    """Errors over requests, 0–1. Without a single 5xx there is no such series: `or vector(0)` makes that 0, not empty.

    What happened before a series' first sample is in no rate, and a new pod's first 5xx on a route mostly is that first
    sample. So of a series that is younger than the window all counts that it has counted; and of a young pod all that
    it has served, for what it served first would be in no window. None of that is extrapolated as what others count is,
    so that it weighs (w - s) / w beside them.
    """
    return f"({_counted(of, metrics.SERVER_ERRORS)} or vector(0)) / {_counted(of)}"


def latency_quantile(of: Samples, quantile: float | str) -> str:
    """The latency in seconds that the share `quantile` (0–1) of the requests stayed within; empty where none is timed.

    The share may be an expression for one number.

    Exact where it is a bucket, else interpolated between two; never above the last finite bucket.
    """
    rates = f"sum by (le) (rate({metrics.DURATION_BUCKETS}{_range(of)}))"
    # Buckets that count nothing give NaN, which no comparison lets pass.
    return f"histogram_quantile({quantile if isinstance(quantile, str) else number(quantile)}, {rates}) >= 0"


def number(value: float) -> str:
    """A number as PromQL and Argo's conditions read it, without the noise of binary fractions."""
    return f"{value:.10g}"


def _counted(of: Samples, status: str | None = None) -> str:
    """The requests of the window, with those that series were born with, or all that a young pod has served."""
    counter = f"{metrics.REQUESTS}{_selector(of, status)}"
    of_young_pods = f"{counter} unless on ({metrics.POD}) {metrics.REQUESTS}{_selector(of)} offset {of.youth}"
    newborn = f"{counter} unless {counter} offset {of.window}"
    return f"sum({of_young_pods} or {newborn} or increase({counter}[{of.window}]))"


def _range(of: Samples) -> str:
    return f"{_selector(of)}[{of.window}]"


def _selector(of: Samples, status: str | None = None) -> str:
    matchers = [f'{name}="{value}"' for name, value in of.labels.items()]
    if status:
        matchers.append(f'{metrics.STATUS}=~"{status}"')
    return f"{{{','.join(matchers)}}}"
