"""What follows for a pod with an adapter: how many series it may expose, and in which order its containers end."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.problems import Fault
from catalog.services import Service

METRICS_PATH = "/metrics"
"""Where the adapter exposes metrics, whatever is behind it."""

HEALTH_PATH = "/healthz"
"""Where it says that it is there; what is behind it has probes of its own."""

SAMPLES_BESIDE_BUCKETS = 4
"""The samples of a series of requests (one method, path and status) that are no bucket of `metrics.buckets`: the
counter, and the histogram's sum, count and bucket of +Inf."""

SERIES_OF_A_ROUTE, SERIES_OF_OTHER = 14, 21
"""How many series the adapter has from the start, at 0: for each route, and for all paths that are none."""

MOST_BUCKETS, LONGEST_BUCKET_SECONDS = 100, 24 * 3600
"""What the adapter takes as `ADAPTER_BUCKETS`."""

_SHARE_OF_THE_LIMIT = 0.75
"""What of `sampleLimit` the adapter may fill: scrapes beyond the limit fail, and from four fifths on an alert warns."""

_MOST_SERIES = 5_000
"""More would not fit into 128Mi beside the adapter itself, at 7 KB each."""

UPSTREAM_END_SECONDS = 5
"""What is left of `shutdown.grace` for the application behind the adapter to end once nobody asks it any more."""


@dataclass(frozen=True)
class Ending:
    """How a pod with an adapter ends, in seconds from when it is told to.

    Until `drain` both containers go on as before, while routers forget the pod. Then the adapter takes no more
    requests and has `finish` seconds for those that have begun; the application behind it serves them until then, and
    is told to end only afterwards.
    """

    drain: int
    finish: int

    @property
    def upstream_serves(self) -> int:
        """For how long the application behind the adapter is not told to end."""
        return self.drain + self.finish


def ending(service: Service) -> Ending:
    """How the pods of a service with an adapter end."""
    drain = int(service.shutdown.drain or 0)
    return Ending(drain, int(service.shutdown.grace) - drain - UPSTREAM_END_SECONDS)


def most_series(service: Service) -> int:
    """The most combinations of method, path and status that the adapter may count by."""
    share = int(service.metrics.sample_limit * _SHARE_OF_THE_LIMIT)
    return min(_MOST_SERIES, share // _samples_of_a_series(service))


def faults(service: Service) -> Iterator[Fault]:
    """Every contradiction between the adapter of `service` and what else is said of it."""
    if not service.adapter:
        return
    if service.adapter.upstream_port == service.serving_port:
        yield (
            "adapter.upstreamPort",
            f"{service.serving_port} is the adapter's own port; the application behind it needs another",
        )
    if service.metrics.port not in (None, service.serving_port):
        yield "metrics.port", "the adapter serves the metrics on the service's own port; leave it out"
    if service.metrics.path != METRICS_PATH:
        yield "metrics.path", f"the adapter serves the metrics at {METRICS_PATH}; leave it out"
    yield from _buckets(service)
    routes = len(dict.fromkeys(service.adapter.routes))
    needed = SERIES_OF_OTHER + SERIES_OF_A_ROUTE * routes
    if needed > most_series(service):
        samples = needed * _samples_of_a_series(service)
        mended = f"raise it to {math.ceil(samples / _SHARE_OF_THE_LIMIT)} at least, or list fewer routes"
        if needed > _MOST_SERIES:
            mended = f"list at most {(_MOST_SERIES - SERIES_OF_OTHER) // SERIES_OF_A_ROUTE} routes"
        yield (
            "metrics.sampleLimit",
            f"{service.metrics.sample_limit} has no room for {routes} adapter.routes, of which each is "
            f"{SERIES_OF_A_ROUTE} series of {_samples_of_a_series(service)} samples from the start; {mended}",
        )
    drain, grace = service.shutdown.drain or 0, service.shutdown.grace
    if ending(service).finish < 1 and drain < grace:
        least = ending(service).drain + 1 + UPSTREAM_END_SECONDS
        yield (
            "shutdown.grace",
            f"{grace} leaves the adapter no time to finish requests: after shutdown.drain it needs a "
            f"second or more, and the application behind it {UPSTREAM_END_SECONDS} s; make it {least}s or longer",
        )


def _buckets(service: Service) -> Iterator[Fault]:
    """What only an application of one's own could measure by."""
    if len(service.metrics.buckets) > MOST_BUCKETS or max(service.metrics.buckets) > LONGEST_BUCKET_SECONDS:
        yield "metrics.buckets", f"the adapter measures by {MOST_BUCKETS} buckets of 24h at most; leave some out"


def _samples_of_a_series(service: Service) -> int:
    return SAMPLES_BESIDE_BUCKETS + len(set(service.metrics.buckets))
