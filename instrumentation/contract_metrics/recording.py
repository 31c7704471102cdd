"""Both metrics of the contract, and where their samples come from."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

BUCKETS: tuple[float, ...] = (
    *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75),
    *(1, 1.5, 2.5, 5, 10),
)
"""Upper bounds in seconds: the contract's, so that thresholds such as 0.3 are read and not guessed."""

LABELS = ("service", "method", "path", "status")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Methods with a name of their own; every other one counts as `other`: a client may invent as many as it likes."""

OTHER = "other"

FIRST_STATUSES = ("307", "404", "500", "503")
"""The statuses beside its success at which each route begins, at 0: of a counter born at 1, Prometheus does not see
the first. One at least of every class."""

_WORKERS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_no_created_samples: Callable[[], None] = disable_created_metrics
"""They are one more sample of each series, which nobody asks for. (The package leaves that function untyped.)"""


class Recording:
    """The requests that this process, or all workers together, have answered."""

    def __init__(self, service: str, buckets: Iterable[float], registry: CollectorRegistry) -> None:
        _no_created_samples()
        self._service, self._registry = service, registry
        self._begun: set[tuple[str, str]] = set()
        self._folder = os.environ.get(_WORKERS_FOLDER)
        if self._folder:
            Path(self._folder).mkdir(parents=True, exist_ok=True)
        self._requests = Counter("http_requests_total", "Requests answered.", LABELS, registry=registry)
        self._durations = Histogram(
            "http_request_duration_seconds",
            "From the head of a request to the last byte of its answer.",
            LABELS,
            buckets=tuple(buckets),
            registry=registry,
        )

    def begin(self, method: str, path: str, success: int) -> None:
        """Have a route's series there at 0."""
        self._begun.add((method, path))
        for status in (str(success), *FIRST_STATUSES):
            labels = (self._service, method, path, status)
            self._requests.labels(*labels)
            self._durations.labels(*labels)

    def count(self, method: str, path: str, status: int, seconds: float) -> None:
        """One request that was answered; `path` is a template."""
        method = method if method in METHODS else OTHER
        if (method, path) not in self._begun:
            self.begin(method, path, 200)
        labels = (self._service, method, path, str(status))
        self._requests.labels(*labels).inc()
        self._durations.labels(*labels).observe(seconds)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The body and content type of `/metrics`, of all workers, in the format that the header `Accept` asks for."""
        registry = self._registry
        if self._folder:
            registry = CollectorRegistry()
            _collect_workers(registry, self._folder)
        encode, content_type = choose_encoder(accept)
        return encode(registry), content_type


_collect_workers: Callable[[CollectorRegistry, str], object] = MultiProcessCollector
