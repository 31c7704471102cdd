"""What an application exposes: the contract's metrics, and what some applications make of them."""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import isnan

from prometheus_client import CollectorRegistry, Counter, Metric
from prometheus_client.exposition import choose_encoder

from local.simulator.behaviour import Behaviour
from local.simulator.routes import ERROR, ROUTES, Route

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2.5, 5, 10)
"""Upper bounds in seconds that the metrics contract asks for: thresholds in use are among them."""

MOST_USERS = 50
"""Of a counter by user only the newest are kept: it is to be noticed, not to fill the memory."""

_REQUESTS, _DURATIONS = "http_requests", "http_request_duration_seconds"
_LABELS = ("service", "method", "path", "status")
_USER_LABELS = ("user_id", "email", "trace_id")
_USER = "4711"

Labels = tuple[str, ...]


class _Answers:
    """What one route answered with one status: a counter and a histogram.

    prometheus_client takes 6 ms to expose those of a pod, most of it for labels, which are always the same: here what
    stands before each value is kept.
    """

    def __init__(self, labels: Labels) -> None:
        pairs = ",".join(f'{name}="{value}"' for name, value in zip(_LABELS, labels, strict=True))
        bounds = [*(repr(float(bound)) for bound in BUCKETS), "+Inf"]
        self.counter = f"{_REQUESTS}_total{{{pairs}}} "
        self.histogram = [f'{_DURATIONS}_bucket{{{pairs},le="{bound}"}} ' for bound in bounds]
        self.histogram += [f"{_DURATIONS}_count{{{pairs}}} ", f"{_DURATIONS}_sum{{{pairs}}} "]
        born = time.time()
        self.births = {name: f"{name}_created{{{pairs}}} {born!r}\n" for name in (_REQUESTS, _DURATIONS)}
        self.number, self.seconds = 0, 0.0
        self._within = [0] * len(bounds)

    def count(self, seconds: float) -> None:
        """One more; a duration that is no number is within no bound."""
        self.number += 1
        self.seconds += seconds
        if not isnan(seconds):
            self._within[bisect_left(BUCKETS, seconds)] += 1

    def durations(self) -> list[str]:
        """The values of the histogram."""
        within = list(accumulate(self._within))
        return [*map(str, within), str(within[-1]), "NaN" if isnan(self.seconds) else repr(self.seconds)]


class RequestSeries:
    """The series of one pod's requests.

    As the contract asks, every series of a route is there from the start, at 0.
    """

    def __init__(self, service: str, registry: CollectorRegistry) -> None:
        self._service = service
        self._answers: dict[Labels, _Answers] = {}
        self._by_user = Counter(f"{_REQUESTS}_by_user_total", "Requests by user.", _USER_LABELS, registry=registry)
        self._users: list[Labels] = []
        self._untemplated: set[Labels] = set()
        self._distinct_ids = 0
        self._failed: set[Labels] = set()
        for route in ROUTES:
            self._begin(route, route.path)

    def count(self, route: Route, status: str, seconds: float, path: str) -> None:
        """A request that was answered; `path` is what the application takes for its route's."""
        labels = (self._service, route.method, path, status)
        if path != route.path and labels not in self._untemplated:
            self._untemplated |= self._begin(route, path)
        if status == ERROR:
            self._failed.add(labels)
        if labels not in self._answers:
            self._answers[labels] = _Answers(labels)
        self._answers[labels].count(seconds)

    def count_user(self, number: int) -> None:
        """A request of the user of that number."""
        labels = (str(number), f"user-{number}@example.com", f"{number:032x}")
        self._by_user.labels(*labels).inc()
        self._users.append(labels)
        if len(self._users) > MOST_USERS and (oldest := self._users.pop(0)) not in self._users:
            self._by_user.remove(*oldest)

    def obey(self, behaviour: Behaviour) -> None:
        """Have none of the series that an application of this behaviour does not have."""
        if behaviour.distinct_ids < self._distinct_ids:
            self._end(self._untemplated)
            self._untemplated = set()
        self._distinct_ids = behaviour.distinct_ids
        if behaviour.user_labels != "beside":
            self._by_user.clear()
            self._users = []
        if not behaviour.initialises_errors:
            errors = {(self._service, route.method, route.path, ERROR) for route in ROUTES}
            self._end(errors - self._failed)

    def _begin(self, route: Route, path: str) -> set[Labels]:
        found: set[Labels] = {(self._service, route.method, path, status) for status in route.statuses}
        for labels in sorted(found):
            self._answers.setdefault(labels, _Answers(labels))
        return found

    def _end(self, series: Iterable[Labels]) -> None:
        for labels in series:
            self._answers.pop(labels, None)

    def text(self, behaviour: Behaviour, *, open_metrics: bool) -> str:
        """The contract's metrics as an application of that behaviour tells them.

        OpenMetrics has the time of a series' birth beside it, the older format among others of its kind.
        """
        counter = _REQUESTS if open_metrics else f"{_REQUESTS}_total"
        lines = [f"# HELP {counter} Requests served.\n# TYPE {counter} counter\n"]
        nothing = "NaN" if behaviour.not_numbers == "samples" else ""
        for each in self._answers.values():
            lines.append(f"{each.counter}{nothing or each.number}\n")
            lines.extend([each.births[_REQUESTS]] if open_metrics else ())
        lines.append(f"# HELP {_DURATIONS} Duration of requests.\n# TYPE {_DURATIONS} histogram\n")
        for each in self._answers.values():
            told = zip(each.histogram, each.durations(), strict=True)
            lines.extend(f"{series}{nothing or value}\n" for series, value in told)
            lines.extend([each.births[_DURATIONS]] if open_metrics else ())
        for name in () if open_metrics else (_REQUESTS, _DURATIONS):
            lines.append(f"# HELP {name}_created When a series was born.\n# TYPE {name}_created gauge\n")
            lines.extend(each.births[name] for each in self._answers.values())
        text = "".join(lines)
        return text.replace("{service=", f'{{user_id="{_USER}",service=') if behaviour.user_labels == "within" else text


@dataclass(frozen=True)
class Told:
    """The metrics of requests, and those of a registry, as an application of that behaviour tells them."""

    requests: RequestSeries
    registry: CollectorRegistry
    behaviour: Behaviour

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The body and content type of `/metrics`, in the format that the header `Accept` asks for."""
        encode, content_type = choose_encoder(accept)
        told = self.requests.text(self.behaviour, open_metrics="openmetrics" in content_type)
        return told.encode() + encode(self), content_type

    def collect(self) -> Iterator[Metric]:
        """What prometheus_client asks of a registry."""
        return (metric for metric in self.registry.collect() if metric.samples)
