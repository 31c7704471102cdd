"""What in an application's exposition breaks the metrics contract, told to whoever owns the application.

Expositions in, findings out: who fetches `/metrics`, and shows them, is somebody else.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from prometheus_client.samples import Sample

from observability import metrics
from observability.exposition import HISTOGRAM, OPENMETRICS, PLAIN_TEXT, Exposition, key, selector, written

REQUIRED = (metrics.METHOD, metrics.PATH, metrics.STATUS)
"""What each sample of the contract must say; its `service` is known to Prometheus, and may be said."""

ALLOWED = (*REQUIRED, metrics.SERVICE, metrics.VERSION)

_ALSO_CALLED = {
    metrics.PATH: ("handler", "endpoint", "route", "uri", "url", "path_template", "http_route", "resource"),
    metrics.STATUS: ("status_code", "code", "http_status", "http_status_code", "response_code"),
    metrics.METHOD: ("http_method", "verb", "request_method"),
}
"""What other libraries call the contract's labels."""

_MOST_PATHS = 200
"""More templates than a service has routes; one that has more is likely to count what clients write."""

_NEAR_THE_LIMIT = 0.8
"""The share of `sampleLimit` (0–1) from which on an alert warns."""

_LONGEST_BOUND_SECONDS = 600
_TOLERANCE = 1e-9
_MOST_EXAMPLES = 3

_STATUS = re.compile(r"[1-5][0-9]{2}")
_METHOD = re.compile(r"[A-Z]+|other")
_SINGLE_THING = re.compile(
    r"[0-9]+"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|(?=[a-fA-F]*[0-9])[0-9a-fA-F]{16,}"
    r"|[^/]*@[^/]*"
    r"|[^/]{65,}"
)


@dataclass(frozen=True)
class Finding:
    """What breaks the contract, and how it is mended."""

    breach: str
    mend: str

    def __str__(self) -> str:
        return f"{self.breach}: {self.mend}"


@dataclass(frozen=True)
class Expected:
    """What the queries of a service rely on.

    `service` is the name of its Kubernetes Service, where known; `thresholds` are the latencies in seconds that its
    queries compare with, `buckets` the bounds that its entry says it measures by, and `sample_limit` the most samples
    of a scrape.
    """

    service: str = ""
    thresholds: Sequence[float] = (0.3,)
    buckets: Sequence[float] = ()
    sample_limit: int = 20_000


def findings(now: Exposition, earlier: Sequence[Exposition] = (), expected: Expected | None = None) -> list[Finding]:
    """Everything that breaks the contract; nothing where all is well.

    `earlier` are scrapes of the same address before this one, each on a connection of its own: several workers show
    only so, and a dozen are enough.
    """
    expected = expected or Expected()
    return [
        *_format(now),
        *_missing(now),
        *_labels(now),
        *_values(now, expected.service),
        *_paths(now),
        *_buckets(now, expected),
        *_not_initialised(now),
        *_series(now, expected.sample_limit),
        *_jumps([*earlier, now]),
    ]


def _format(now: Exposition) -> Iterator[Finding]:
    if now.content_type not in (OPENMETRICS, PLAIN_TEXT):
        found = f"Content-Type is {now.content_type}" if now.content_type else "there is no Content-Type"
        yield Finding(
            f"{found}, and Prometheus refuses to read it",
            f"answer with {PLAIN_TEXT}; version=0.0.4, as prometheus_client's CONTENT_TYPE_LATEST does",
        )


def _missing(now: Exposition) -> Iterator[Finding]:
    wanted = {
        metrics.REQUESTS: ("counter", f"count the requests served, by {', '.join(REQUIRED)}"),
        HISTOGRAM: ("histogram", f"observe their durations in seconds, with the labels of {metrics.REQUESTS}"),
    }
    present = {name for name, _ in _by_name(now)}
    for name, (kind, meaning) in wanted.items():
        if name not in present:
            yield Finding(f"{name} is missing", meaning)
        elif now.type_of(name) != kind:
            yield Finding(f"{name} is {now.type_of(name)}", f"make it a {kind}")


def _labels(now: Exposition) -> Iterator[Finding]:
    for name, samples in _by_name(now):
        present = set.union(*(set(sample.labels) for sample in samples)) - {metrics.LE}
        lacking = [label for label in REQUIRED if any(label not in sample.labels for sample in samples)]
        for label in sorted(present & set(metrics.FORBIDDEN_LABELS)):
            yield Finding(
                f"{name} has the label {label}, of which nearly every request has another value",
                "take it out: Prometheus drops each of these series; logs and traces are the place for it",
            )
        for label in sorted(present - set(ALLOWED) - set(metrics.FORBIDDEN_LABELS)):
            meant = next((ours for ours in lacking if label in _ALSO_CALLED[ours]), None)
            mend = f"call it {meant}" if meant else f"take it out; there are {', '.join(ALLOWED)}"
            yield Finding(f"{name} has the label {label}, which is not the contract's", mend)
        for label in lacking:
            yield Finding(f"{name} lacks the label {label}", "add it to each of its samples")


def _values(now: Exposition, service: str) -> Iterator[Finding]:
    wrong = _distinct(now, metrics.STATUS, lambda status: not _STATUS.fullmatch(status))
    if wrong:
        yield Finding(f"{metrics.STATUS} is {_some(wrong)}", "say the code itself, such as 200")
    wrong = _distinct(now, metrics.METHOD, lambda method: not _METHOD.fullmatch(method))
    if wrong:
        yield Finding(f"{metrics.METHOD} is {_some(wrong)}", "spell it in capitals, such as GET")
    wrong = _distinct(now, metrics.SERVICE, lambda name: bool(service) and name != service)
    if wrong:
        yield Finding(
            f"{metrics.SERVICE} is {_some(wrong)}, and Prometheus calls it {service}",
            "say the name of its Kubernetes Service, or leave the label out",
        )


def _paths(now: Exposition) -> Iterator[Finding]:
    single = _distinct(now, metrics.PATH, lambda path: any(map(_SINGLE_THING.fullmatch, path.split("/"))))
    if single:
        yield Finding(f"{metrics.PATH} is {_some(single)}", "say the route's template, such as /users/{id}")
    queried = _distinct(now, metrics.PATH, lambda path: "?" in path)
    if queried:
        yield Finding(f"{metrics.PATH} is {_some(queried)}, with a query", "leave the query out")
    count = len(_distinct(now, metrics.PATH, lambda _: True))
    if count > _MOST_PATHS:
        yield Finding(
            f"{metrics.PATH} has {count} values, more than {_MOST_PATHS}",
            "say the routes' templates; other for all addresses that are no route",
        )


def _buckets(now: Exposition, expected: Expected) -> Iterator[Finding]:
    by_series: dict[tuple[tuple[str, str], ...], set[float]] = {}
    for sample in now.named(metrics.DURATION_BUCKETS):
        labels = tuple(pair for pair in key(sample) if pair[0] != metrics.LE)
        by_series.setdefault(labels, set()).add(float(sample.labels.get(metrics.LE) or "nan"))
    if not by_series:
        return
    common = set.intersection(*by_series.values())
    for threshold in sorted({*expected.thresholds, *expected.buckets}):
        if not any(abs(bound - threshold) < _TOLERANCE for bound in common):
            told = "what is compared with it would be guessed" if threshold in expected.thresholds else ""
            told = told or "metrics.buckets of its entry says that there is one"
            yield Finding(f"{HISTOGRAM} has no bucket of {threshold:g} s", f"add it; {told}")
    longest = max((bound for bound in common if math.isfinite(bound)), default=0)
    if longest > _LONGEST_BOUND_SECONDS:
        yield Finding(f"{HISTOGRAM} has a bucket of {longest:g} s", "observe seconds; these look like milliseconds")
    if math.inf not in common:
        yield Finding(f"{HISTOGRAM} has no bucket of +Inf", "count every request in it, however long it took")


def _not_initialised(now: Exposition) -> Iterator[Finding]:
    """Of a counter that begins at 1, Prometheus does not see the first error."""
    statuses: dict[tuple[str, str], set[str]] = {}
    for sample in now.named(metrics.REQUESTS):
        route = sample.labels.get(metrics.METHOD, ""), sample.labels.get(metrics.PATH, "")
        statuses.setdefault(route, set()).add(sample.labels.get(metrics.STATUS, ""))
    bare = [" ".join(route).strip() for route, seen in statuses.items() if not _an_error_among(seen)]
    if bare:
        yield Finding(
            f"{metrics.REQUESTS} has no series of a server error for {_some(bare)}",
            "have it there at 0 from the start, or the first error of each is not seen",
        )


def _series(now: Exposition, sample_limit: int) -> Iterator[Finding]:
    counted, observed = ({key(sample) for sample in now.named(name)} for name in _BOTH)
    if counted and observed and counted != observed:
        odd = [selector(labels) for labels in sorted(counted ^ observed)]
        yield Finding(
            f"{metrics.REQUESTS} and {HISTOGRAM} have not the same series: {_some(odd)} only in one of them",
            "count and observe each request once, with the same labels",
        )
    twice = [name for name, times in Counter(map(written, now.contract)).items() if times > 1]
    if twice:
        yield Finding(f"{_some(twice)} stands there twice", "expose one registry, once")
    wrong = [written(sample) for sample in now.contract if not sample.value >= 0]
    if wrong:
        yield Finding(f"{_some(wrong)} is no count", "expose numbers that begin at 0 and only rise")
    if len(now.samples) > _NEAR_THE_LIMIT * sample_limit:
        yield Finding(
            f"there are {len(now.samples)} samples, and a scrape may have {sample_limit}",
            "expose fewer, or raise metrics.sampleLimit of its entry: scrapes beyond it fail",
        )


def _jumps(scrapes: Sequence[Exposition]) -> Iterator[Finding]:
    """What goes back from one scrape to the next: several processes answer in turn, each with its own counters."""
    fallen: set[str] = set()
    gone: set[str] = set()
    for before, now in pairwise(scrapes):
        if (started := now.process_start) < before.process_start:
            fallen.add(f"{metrics.PROCESS_START} from {before.process_start:.0f} to {started:.0f}")
        if started != before.process_start:
            continue  # a new process begins at 0, as it should
        values = {written(sample): sample.value for sample in now.contract}
        earlier = {written(sample): sample.value for sample in before.contract}
        fallen |= {
            f"{name} from {earlier[name]:g} to {values[name]:g}" for name in values if _fell(name, earlier, values)
        }
        gone |= set(earlier) - set(values)
    for what, series in (("went back", fallen), ("were gone", gone)):
        if series:
            yield Finding(
                f"{what} from one scrape to the next: {_some(sorted(series))}",
                "have all workers count together, or run one a pod (docs/instrumenting.md)",
            )


def _fell(name: str, earlier: Mapping[str, float], values: Mapping[str, float]) -> bool:
    return values[name] < earlier.get(name, 0)


_BOTH = (metrics.REQUESTS, metrics.DURATION_COUNT)


def _by_name(now: Exposition) -> Iterator[tuple[str, list[Sample]]]:
    def metric(sample: Sample) -> str:
        return metrics.REQUESTS if sample.name == metrics.REQUESTS else HISTOGRAM

    for name, samples in groupby(sorted(now.contract, key=metric), key=metric):
        yield name, list(samples)


def _distinct(now: Exposition, label: str, wanted: Callable[[str], bool]) -> list[str]:
    """The values of a label that are wanted, in order."""
    return sorted({value for sample in now.contract if (value := sample.labels.get(label)) and wanted(value)})


def _some(values: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(values) - _MOST_EXAMPLES} more" if len(values) > _MOST_EXAMPLES else ""
    return ", ".join(values[:_MOST_EXAMPLES]) + more


def _an_error_among(statuses: Iterable[str]) -> bool:
    return any(re.fullmatch(metrics.SERVER_ERRORS, status) for status in statuses)
