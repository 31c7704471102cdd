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
    """The samples with certain labels within the last `window` seconds, one every `scrape` seconds."""

    labels: Mapping[str, str]
    window: Duration
    scrape: Duration


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

    What happened before a series' first sample is in no rate: a new pod whose first 5xx on a route is also the first
    sample of that series shows none. Applications therefore begin each series at 0; the first errors of one then count,
    but are not extrapolated as the requests are (a counter was never below 0), so that they weigh (w - s) / w.
    """
    errors = f"sum(rate({metrics.REQUESTS}{_range(of, metrics.SERVER_ERRORS)}))"
    every = f"sum(rate({metrics.REQUESTS}{_range(of)}))"
    return f"({errors} or vector(0)) / {every}"


def latency_quantile(of: Samples, quantile: float) -> str:
    """The latency in seconds that the share `quantile` (0–1) of the requests stayed within; empty where none is timed.

    Exact where it is a bucket, else interpolated between two; never above the last finite bucket.
    """
    rates = f"sum by (le) (rate({metrics.DURATION_BUCKETS}{_range(of)}))"
    # Buckets that count nothing give NaN, which no comparison lets pass.
    return f"histogram_quantile({number(quantile)}, {rates}) >= 0"


def number(value: float) -> str:
    """A number as PromQL and Argo's conditions read it, without the noise of binary fractions."""
    return f"{value:.10g}"


def _range(of: Samples, status: str | None = None) -> str:
    matchers = [f'{name}="{value}"' for name, value in of.labels.items()]
    if status:
        matchers.append(f'{metrics.STATUS}=~"{status}"')
    return f"{{{','.join(matchers)}}}[{of.window}]"
