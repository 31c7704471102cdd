"""What rules cost a Prometheus, and what series do, by the number of busy services.

Each service has 12 pods, 40 routes (or `BENCH_ROUTES`), 5 statuses and 15 buckets, which is what is scraped of it, and
30 days of what its objectives are reckoned from. Rules are asked as queries of one moment, which is what their
evaluation is. Sizes are those of `BENCH_SIZES`.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from catalog.catalog_file import load_catalog
from catalog.quantities import Duration
from catalog.services import Service
from components.rules import groups_of_a_service
from observability import metrics, records
from observability.links import Links
from observability.request_rules import fleet_records, service_records
from observability.rule import RuleGroup
from observability.slo import objectives
from observability.watched import Watched
from tests.bench import busy_service
from tests.bench.backfill import Backfilled, Series, backfilled
from tests.bench.busy_service import NAMESPACE, SCRAPE_SECONDS
from tests.bench.large_catalog import catalog_of, sizes
from tests.bench.parts import Row, Say

_SCRAPES = 24
"""Six minutes: the widest rate looks at five."""

_DAYS = 30
_LOOKED_AT = 3
"""Of how many services the rules are asked; those of one read nothing of another."""

_KIBIBYTE, _MEBIBYTE, _GIBIBYTE = 1024, 1024**2, 1024**3


@dataclass(frozen=True)
class Evaluated:
    """One evaluation of a group of so many rules: seconds, samples read, and the seconds until the next one."""

    group: str
    rules: int
    seconds: float
    samples: int
    interval: Duration

    @property
    def share(self) -> float:
        """Of one core, 0-1."""
        return self.seconds / self.interval


def measure(say: Say) -> Iterator[Row]:
    """Each size in a Prometheus of its own."""
    for size in sizes((1, 9, 30)):
        yield from _of_size(size, say)


def _of_size(size: int, say: Say) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, backfilled(Path(folder)) as prometheus:
        services = _services(Path(folder), size)
        end = int(time.time()) // SCRAPE_SECONDS * SCRAPE_SECONDS
        looked_at = services[:_LOOKED_AT]
        say(f"{size} services: writing {_DAYS} days of what objectives are reckoned from")
        _write_days(prometheus, looked_at, end)
        before = prometheus.memory
        count = _write_scrapes(prometheus, services, end, say)
        held = prometheus.memory - before
        yield Row(
            f"{size} services, series",
            f"{count:,}, {held / _GIBIBYTE:.2f} GiB of memory",
            f"{held / count / _KIBIBYTE:.1f} KiB a series",
        )
        say(f"{size} services: evaluating the rules")
        for service in services[_LOOKED_AT:]:
            prometheus.record([service_records(service, NAMESPACE)], end, end)
        watched = [Watched(each, NAMESPACE, Links()) for each in looked_at]
        evaluated = [_evaluated(prometheus, groups_of_a_service(each), end) for each in watched]
        yield from _rows(size, evaluated, held / size)
        yield _told_of_all(size, _evaluate(prometheus, fleet_records(services, NAMESPACE), end))


def _services(folder: Path, size: int) -> Sequence[Service]:
    file = folder / "services.yaml"
    file.write_text(yaml.safe_dump(catalog_of(size)), encoding="utf-8")
    return load_catalog(file, "bench", ("bench", "dev", "prod", "local")).services


def _write_days(prometheus: Backfilled, services: Sequence[Service], end: int) -> None:
    """The two series of each objective, every half minute until the scrapes begin; what is older is not taken later."""
    step = int(records.INTERVAL)
    moments = range((end - _DAYS * 86_400) * 1000, (end - _SCRAPES * SCRAPE_SECONDS) * 1000, step * 1000)
    labels = [
        {metrics.NAMESPACE: NAMESPACE, metrics.SERVICE: service.name, metrics.SLO: objective.name, "__name__": record}
        for service in services
        for objective in objectives(Watched(service, NAMESPACE, Links()))
        for record in (records.SLI_ERRORS, records.SLI_REQUESTS)
    ]
    part = 2_880
    for first in range(0, len(moments), part):
        some = moments[first : first + part]
        values = [1.0 + number % 7 for number in range(len(some))]
        prometheus.write(some, [Series(each, values) for each in labels])


def _write_scrapes(prometheus: Backfilled, services: Sequence[Service], end: int, say: Say) -> int:
    """The scrapes of the last minutes; how many series that makes."""
    moments = range((end - (_SCRAPES - 1) * SCRAPE_SECONDS) * 1000, end * 1000 + 1, SCRAPE_SECONDS * 1000)
    count = 0
    for number, service in enumerate(services):
        say(f"{len(services)} services: writing what is scraped of them: {number / len(services):.0%}")
        found = busy_service.series(len(moments), service=service.name)
        prometheus.write(moments, found)
        count += len(found)
    return count


def _evaluated(prometheus: Backfilled, groups: Sequence[RuleGroup], end: int) -> list[Evaluated]:
    """One evaluation of each group; what one records the next one reads."""
    found = []
    for group in groups:
        found.append(_evaluate(prometheus, group, end))
        prometheus.record([group], end, end)
    return found


def _evaluate(prometheus: Backfilled, group: RuleGroup, end: int) -> Evaluated:
    costs = [prometheus.moment(each.expression, end)[1] for each in group.rules]
    name = group.name.rpartition(".")[2]
    seconds, samples = sum(each.seconds for each in costs), sum(each.samples for each in costs)
    return Evaluated(name, len(group.rules), seconds, samples, group.interval)


def _rows(size: int, found: Sequence[Sequence[Evaluated]], memory: float) -> Iterator[Row]:
    """The best of the services that were looked at, by group, and of all groups together."""
    best = [min(same, key=lambda each: each.seconds) for same in zip(*found, strict=True)]
    for each in best:
        told = f"{each.seconds * 1000:.1f} ms every {each.interval}, {each.samples:,} samples"
        yield Row(f"{size} services, {each.group} ({each.rules} rules)", told, f"{each.share:.3%} of a core")
    share = sum(each.share for each in best)
    yield Row(
        f"{size} services, all rules of a service",
        f"{sum(each.rules for each in best)} rules",
        f"{share:.2%} of a core, {memory / _MEBIBYTE:.0f} MiB",
    )


def _told_of_all(size: int, fleet: Evaluated) -> Row:
    told = f"{fleet.seconds * 1000:.1f} ms every {fleet.interval}, {fleet.samples:,} samples"
    return Row(f"{size} services, those of all together ({fleet.rules} rules)", told, f"{fleet.share:.3%} of a core")
