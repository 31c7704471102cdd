"""The metrics contract: two metrics with the labels service, method, path and status, and never more than so many.

What a client writes reaches no label, and what an application answers cannot create series without end.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from legacy_php_adapter.paths import OTHER

BUCKETS: tuple[float, ...] = (
    0.005,
    0.01,
    0.025,
    0.05,
    0.075,
    0.1,
    0.15,
    0.2,
    0.25,
    0.3,
    0.4,
    0.5,
    0.75,
    1,
    1.5,
    2.5,
    5,
    10,
)
"""Upper bounds in seconds: the contract's, so that thresholds such as 0.3 are read and not guessed."""

LABELS = ("service", "method", "path", "status")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Methods with a name of their own; every other one counts as `other`."""

FORM_METHODS = ("GET", "POST")
"""What browsers send to a PHP application: these are there from the start."""

FIRST_STATUSES = ("200", "302", "404", "500", "502", "503", "504")
"""The statuses at which a method and path begin, at 0: of a counter born at 1, Prometheus does not see the first."""

SERIES_OF_A_ROUTE = len(FORM_METHODS) * len(FIRST_STATUSES)
SERIES_OF_OTHER = (len(FORM_METHODS) + 1) * len(FIRST_STATUSES)
"""What is there from the start, for a configured route and for all the rest."""

_OF_THE_CLASS = {"2": "200", "3": "302", "4": "404", "5": "500"}
"""The status that stands for its class where there is no room for another."""

_no_created_samples: Callable[[], None] = disable_created_metrics
"""They are one more sample of each series, which nobody asks for. (The package leaves that function untyped.)"""


class Metrics:
    """The requests that were answered."""

    def __init__(
        self, service: str, routes: tuple[str, ...], most_series: int, buckets: tuple[float, ...] = BUCKETS
    ) -> None:
        self._service, self._most = service, most_series
        _no_created_samples()
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter("http_requests_total", "Requests answered.", LABELS, registry=self.registry)
        self._durations = Histogram(
            "http_request_duration_seconds",
            "From the head of a request to the last byte of its answer.",
            LABELS,
            buckets=buckets,
            registry=self.registry,
        )
        self._series: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        self._begin(OTHER, OTHER)
        for path in (OTHER, *routes):
            for method in FORM_METHODS:
                self._begin(method, path)

    def count(self, method: str, path: str, status: int, seconds: float) -> None:
        """One request that was answered; `path` is a template."""
        requests, durations = self._find(method if method in METHODS else OTHER, path, str(status))
        requests.inc()
        durations.observe(seconds)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The body and content type of `/metrics`, in the format that the header `Accept` asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _find(self, method: str, path: str, status: str) -> tuple[Counter, Histogram]:
        """The series itself; where there is no room for it, the nearest one that there is or has room."""
        if found := self._series.get((method, path, status)):
            return found
        for key in ((method, path, status), (method, OTHER, status), (OTHER, OTHER, status)):
            if key not in self._series and len(self._series) < self._most:
                self._add(key)
                self._begin(key[0], key[1])
            if found := self._series.get(key):
                return found
        return self._series[OTHER, OTHER, _OF_THE_CLASS.get(status[0], "500")]

    def _begin(self, method: str, path: str) -> None:
        for status in FIRST_STATUSES:
            self._add((method, path, status))

    def _add(self, key: tuple[str, str, str]) -> None:
        if key not in self._series and len(self._series) < self._most:
            labels = (self._service, *key)
            self._series[key] = self._requests.labels(*labels), self._durations.labels(*labels)
