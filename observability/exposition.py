"""What an application exposes, as far as the metrics contract is about it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain_text
from prometheus_client.samples import Sample

from observability import metrics

HISTOGRAM = metrics.DURATION_COUNT.removesuffix("_count")
"""The name of the histogram itself, of which samples have only those of its parts."""

OPENMETRICS, PLAIN_TEXT = "application/openmetrics-text", "text/plain"
"""The content types that tell how a text is to be read; Prometheus knows no other text."""

ACCEPT = f"{OPENMETRICS};version=1.0.0;q=0.5,{PLAIN_TEXT};version=0.0.4;q=0.4,*/*;q=0.2"
"""Which of them Prometheus asks for, without the one that is not text."""

_PARTS = {metrics.DURATION_BUCKETS, metrics.DURATION_SUM, metrics.DURATION_COUNT}
_CREATED = "_created"
_TYPE = re.compile(r"^# TYPE (\S+) (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Exposition:
    """The samples that an application exposes."""

    declared: Mapping[str, str]
    """Types, by the name that is declared: OpenMetrics declares a counter without its `_total`."""

    samples: Sequence[Sample]
    """All of them but the times at which counters began, which Prometheus reads as something else."""

    content_type: str = PLAIN_TEXT
    """How the answer says that it is to be read, without parameters; empty where it does not."""

    def named(self, *names: str) -> list[Sample]:
        """The samples of these names."""
        return [sample for sample in self.samples if sample.name in names]

    def type_of(self, name: str) -> str:
        """The type of a metric; `untyped` where it is not declared."""
        return self.declared.get(name) or self.declared.get(name.removesuffix("_total"), "untyped")

    @cached_property
    def contract(self) -> list[Sample]:
        """The samples of both metrics."""
        return self.named(metrics.REQUESTS, *_PARTS)

    @property
    def process_start(self) -> float:
        """When the process began that has answered, in seconds since 1970; 0 where it does not tell."""
        return next((sample.value for sample in self.named(metrics.PROCESS_START)), 0.0)


class UnreadableError(Exception):
    """The text is no exposition; one line says why."""


def read(text: str, content_type: str | None = None) -> Exposition:
    """The samples of a text in either of Prometheus's formats; raises UnreadableError.

    Where the content type is not known, the text itself has to tell: OpenMetrics ends in a line that says so.
    """
    if content_type is None:
        content_type = OPENMETRICS if text.rstrip().endswith("# EOF") else PLAIN_TEXT
    kind = content_type.partition(";")[0].strip().lower()
    is_open = kind == OPENMETRICS
    parse: Callable[[str], Iterable[Metric]] = openmetrics if is_open else plain_text
    try:
        families = list(parse(text))
    except ValueError as error:
        raise UnreadableError(f"is no exposition of metrics: {' '.join(str(error).split())}") from error
    samples = [sample for family in families for sample in family.samples]
    if not samples:
        raise UnreadableError("is empty: it exposes no metric at all")
    kept = [sample for sample in samples if not sample.name.endswith(_CREATED)]
    return Exposition(dict(_TYPE.findall(text)), kept, kind)


def written(sample: Sample) -> str:
    """A series as PromQL writes it."""
    return f"{sample.name}{selector(key(sample))}"


def key(sample: Sample) -> tuple[tuple[str, str], ...]:
    """The labels of a sample, by which samples of several names are held together."""
    return tuple(sorted(sample.labels.items()))


def selector(labels: Iterable[tuple[str, str]]) -> str:
    """Labels as PromQL writes them."""
    return "{" + ",".join(f'{label}="{value}"' for label, value in labels) + "}"
