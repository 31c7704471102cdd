"""What in an application's exposition breaks the metrics contract, told to whoever owns the application.

Text in, findings out: who fetches `/metrics`, and shows them, is somebody else.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain_text
from prometheus_client.samples import Sample

from observability import metrics

REQUIRED = (metrics.METHOD, metrics.PATH, metrics.STATUS)
"""What each sample of the contract must say; its `service` is known to Prometheus, and may be said."""

ALLOWED = (*REQUIRED, metrics.SERVICE, metrics.VERSION)

_HISTOGRAM = metrics.DURATION_COUNT.removesuffix("_count")
_HISTOGRAM_PARTS = {metrics.DURATION_BUCKETS, metrics.DURATION_SUM, metrics.DURATION_COUNT}
_CREATED = "_created"
_MOST_PATHS = 200
"""More templates than a service has routes; one that has more is likely to count what clients write."""

_LONGEST_BOUND_SECONDS = 600
_TOLERANCE = 1e-9
_MOST_EXAMPLES = 3

_TYPE = re.compile(r"^# TYPE (\S+) (\S+)", re.MULTILINE)
_STATUS = re.compile(r"[1-5][0-9]{2}")
_METHOD = re.compile(r"[A-Z]+|other")
_SINGLE_THING = re.compile(
    r"[0-9]+"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|(?=[a-fA-F]*[0-9])[0-9a-fA-F]{16,}"
    r"|[^/]*@[^/]*"
    r"|[^/]{65,}"
)

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Exposition:
    """The samples that an application exposes, as far as the contract is about them."""

    declared: Mapping[str, str]
    """Types, by the name that is declared: OpenMetrics declares a counter without its `_total`."""

    samples: Sequence[Sample]

    def named(self, *names: str) -> list[Sample]:
        """The samples of these names."""
        return [sample for sample in self.samples if sample.name in names]

    def type_of(self, name: str) -> str:
        """The type of a metric; `untyped` where it is not declared."""
        return self.declared.get(name) or self.declared.get(name.removesuffix("_total"), "untyped")

    @property
    def contract(self) -> list[Sample]:
        """The samples of both metrics."""
        return self.named(metrics.REQUESTS, *_HISTOGRAM_PARTS)


class UnreadableError(Exception):
    """The text is no exposition; one line says why."""


def read(text: str) -> Exposition:
    """The samples of a text in either of Prometheus's formats; raises UnreadableError."""
    parse: Callable[[str], Iterable[Metric]] = openmetrics if text.rstrip().endswith("# EOF") else plain_text
    try:
        families = list(parse(text))
    except ValueError as error:
        raise UnreadableError(f"is no exposition of metrics: {error}") from error
    samples = [sample for family in families for sample in family.samples]
    if not samples:
        raise UnreadableError("is empty: it exposes no metric at all")
    return Exposition(dict(_TYPE.findall(text)), [sample for sample in samples if not sample.name.endswith(_CREATED)])


def findings(
    now: Exposition, earlier: Sequence[Exposition] = (), *, service: str = "", thresholds: Iterable[float] = (0.3,)
) -> list[str]:
    """Everything that breaks the contract, one line each; none where all is well.

    `earlier` are scrapes of the same address before this one, each on a connection of its own: several workers show
    only so, and half a dozen are enough. `service` is the name of the Kubernetes Service, `thresholds` are the
    latencies in seconds that its queries compare with.
    """
    return [
        *_missing(now),
        *_labels(now),
        *_values(now, service),
        *_paths(now),
        *_buckets(now, sorted(thresholds)),
        *_not_initialised(now),
        *_apart(now),
        *_jumps([*earlier, now]),
    ]


def _missing(now: Exposition) -> Iterator[str]:
    wanted = {
        metrics.REQUESTS: ("counter", f"a counter of the requests served, by {', '.join(REQUIRED)}"),
        _HISTOGRAM: ("histogram", f"a histogram of durations in seconds, with the labels of {metrics.REQUESTS}"),
    }
    present = {name for name, _ in _by_name(now)}
    for name, (kind, meaning) in wanted.items():
        if name not in present:
            yield f"{name} is missing: {meaning}"
        elif now.type_of(name) != kind:
            yield f"{name} is {now.type_of(name)}, and should be a {kind}"


def _labels(now: Exposition) -> Iterator[str]:
    for name, samples in _by_name(now):
        present = set.union(*(set(sample.labels) for sample in samples)) - {metrics.LE}
        for label in sorted(present & set(metrics.FORBIDDEN_LABELS)):
            yield f"{name} has the label {label}, of which nearly every request has another value: take it out"
        for label in sorted(present - set(ALLOWED) - set(metrics.FORBIDDEN_LABELS)):
            yield f"{name} has the label {label}, which is not the contract's ({', '.join(ALLOWED)}): take it out"
        for label in REQUIRED:
            if any(label not in sample.labels for sample in samples):
                yield f"{name} lacks the label {label}"


def _values(now: Exposition, service: str) -> Iterator[str]:
    wrong = _distinct(now, metrics.STATUS, lambda status: not _STATUS.fullmatch(status))
    if wrong:
        yield f"{metrics.STATUS} is {_some(wrong)}, and should be the code itself, such as 200"
    wrong = _distinct(now, metrics.METHOD, lambda method: not _METHOD.fullmatch(method))
    if wrong:
        yield f"{metrics.METHOD} is {_some(wrong)}, and should be in capitals, such as GET"
    wrong = _distinct(now, metrics.SERVICE, lambda name: bool(service) and name != service)
    if wrong:
        yield f"{metrics.SERVICE} is {_some(wrong)}, and Prometheus calls it {service}"


def _paths(now: Exposition) -> Iterator[str]:
    single = _distinct(now, metrics.PATH, lambda path: any(map(_SINGLE_THING.fullmatch, path.split("/"))))
    if single:
        yield f"{metrics.PATH} is {_some(single)}, and should be the route's template, such as /users/{{id}}"
    queried = _distinct(now, metrics.PATH, lambda path: "?" in path)
    if queried:
        yield f"{metrics.PATH} is {_some(queried)}, with a query, of which every request may have another"
    count = len(_distinct(now, metrics.PATH, lambda _: True))
    if count > _MOST_PATHS:
        yield f"{metrics.PATH} has {count} values, more than {_MOST_PATHS}: are they the routes' templates?"


def _buckets(now: Exposition, thresholds: Sequence[float]) -> Iterator[str]:
    bounds = {float(sample.labels[metrics.LE]) for sample in now.named(metrics.DURATION_BUCKETS) if _has_bound(sample)}
    if not bounds:
        return
    finite = [bound for bound in bounds if math.isfinite(bound)]
    for threshold in thresholds:
        if not any(abs(bound - threshold) < _TOLERANCE for bound in finite):
            yield f"{_HISTOGRAM} has no bucket of {threshold:g} s: what is compared with it would be guessed"
    if finite and max(finite) > _LONGEST_BOUND_SECONDS:
        yield f"{_HISTOGRAM} has a bucket of {max(finite):g} s: are its durations in milliseconds?"
    if math.inf not in bounds:
        yield f"{_HISTOGRAM} has no bucket of +Inf"


def _not_initialised(now: Exposition) -> Iterator[str]:
    """Of a counter that begins at 1, Prometheus does not see the first error."""
    statuses: dict[tuple[str, str], set[str]] = {}
    for sample in now.named(metrics.REQUESTS):
        route = sample.labels.get(metrics.METHOD, ""), sample.labels.get(metrics.PATH, "")
        statuses.setdefault(route, set()).add(sample.labels.get(metrics.STATUS, ""))
    bare = [f"{method} {path}" for (method, path), seen in statuses.items() if not _an_error_among(seen)]
    if bare:
        yield (
            f"{metrics.REQUESTS} has no series of a server error for {_some(bare)}: have it there at 0 from the start,"
            " or the first error of each is not seen"
        )


def _apart(now: Exposition) -> Iterator[str]:
    """Both metrics are about the same requests."""
    counted, observed = ({_key(sample) for sample in now.named(name)} for name in _BOTH)
    if counted and observed and counted != observed:
        odd = [_selector(key) for key in sorted(counted ^ observed)]
        yield f"{metrics.REQUESTS} and {_HISTOGRAM} have not the same series: {_some(odd)} only in one of them"


def _jumps(scrapes: Sequence[Exposition]) -> Iterator[str]:
    """What goes back from one scrape to the next: several processes answer in turn, each with its own counters."""
    fallen: set[str] = set()
    gone: set[str] = set()
    for before, now in pairwise(scrapes):
        if (started := _started(now)) < _started(before):
            fallen.add(f"{metrics.PROCESS_START} from {_started(before):.0f} to {started:.0f}")
        if started != _started(before):
            continue  # a new process begins at 0, as it should
        values = {_written(sample): sample.value for sample in now.contract}
        earlier = {_written(sample): sample.value for sample in before.contract}
        fallen |= {
            f"{name} from {earlier[name]:g} to {values[name]:g}" for name in values if _fell(name, earlier, values)
        }
        gone |= set(earlier) - set(values)
    for what, series in (("went back", fallen), ("were gone", gone)):
        if series:
            told = _some(sorted(series))
            yield f"{what} from one scrape to the next: {told}; do several workers each count their own?"


def _fell(name: str, earlier: Mapping[str, float], values: Mapping[str, float]) -> bool:
    return values[name] < earlier.get(name, 0)


_BOTH = (metrics.REQUESTS, metrics.DURATION_COUNT)


def _by_name(now: Exposition) -> Iterator[tuple[str, list[Sample]]]:
    def metric(sample: Sample) -> str:
        return metrics.REQUESTS if sample.name == metrics.REQUESTS else _HISTOGRAM

    for name, samples in groupby(sorted(now.contract, key=metric), key=metric):
        yield name, list(samples)


def _distinct(now: Exposition, label: str, wanted: Callable[[str], bool]) -> list[str]:
    """The values of a label that are wanted, in order."""
    return sorted({value for sample in now.contract if (value := sample.labels.get(label)) and wanted(value)})


def _some(values: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(values) - _MOST_EXAMPLES} more" if len(values) > _MOST_EXAMPLES else ""
    return ", ".join(values[:_MOST_EXAMPLES]) + more


def _key(sample: Sample) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(sample.labels.items()))


def _has_bound(sample: Sample) -> bool:
    return bool(sample.labels.get(metrics.LE))


def _an_error_among(statuses: Iterable[str]) -> bool:
    return any(re.fullmatch(metrics.SERVER_ERRORS, status) for status in statuses)


def _written(sample: Sample) -> str:
    """A series as PromQL writes it."""
    return f"{sample.name}{_selector(_key(sample))}"


def _selector(labels: Iterable[tuple[str, str]]) -> str:
    return "{" + ",".join(f'{label}="{value}"' for label, value in labels) + "}"


def _started(exposition: Exposition) -> float:
    """When the process began that has answered, in seconds since 1970; 0 where it does not tell."""
    return next((sample.value for sample in exposition.named(metrics.PROCESS_START)), 0.0)
