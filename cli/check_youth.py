"""Which gaps are only youth: what nobody could have recorded yet is told apart from what is missing."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.quantities import Duration
from cli.prometheus import Prometheus
from observability import known_series, metrics
from observability.checkup import Answer, Finding
from observability.checkup_series import EVERYBODY
from observability.promql import Known, understood
from observability.series import by, one_of, series

_SCRAPES = 2
"""A rate needs two samples; the first scrape comes up to one interval after the discovery."""

_MARGIN_SECONDS = 60
"""How much further back is looked than anything needs, so that what is old enough is never taken for young."""

_ROUNDED_SECONDS = 10


@dataclass(frozen=True)
class Ripening:
    """Seconds after the first scrape until series are there: those that are scraped, and the last that is recorded."""

    scraped: float
    recorded: float


@dataclass(frozen=True)
class Youth:
    """How long each service, and everybody (the controller, and what is about all), has been scraped, in seconds."""

    ages: Mapping[str, float]
    ripening: Ripening

    def excuses(self, found: Finding) -> bool:
        """Whether a gap may be there only because it is early. Targets and rules are there at once, or are missing."""
        if found.verdict != "gap" or found.kind in ("target", "rule"):
            return False
        return self.ages.get(found.where, math.inf) < self._needed(found)

    def told(self, excused: Sequence[Finding]) -> str:
        """How young what is, and when to ask again."""
        places = {each.where for each in excused}
        youngest = min(self.ages[each] for each in places)
        left = max(self._needed(each) - self.ages[each.where] for each in excused)
        services = sorted(places - {EVERYBODY})
        whose = f"{len(services)} services" if len(services) > 1 else "".join(services) or "the controller"
        again = Duration(math.ceil(left / _ROUNDED_SECONDS) * _ROUNDED_SECONDS)
        return (
            f"{len(excused)} metrics, labels and panels have nothing yet: {whose}: the oldest scrape is "
            f"{Duration(round(youngest))} old, the slowest record needs {Duration(round(self.ripening.recorded))}; "
            f"ask again in {again}"
        )

    def _needed(self, found: Finding) -> float:
        is_scraped = found.kind == "metric" and found.what in known_series.produced()
        return self.ripening.scraped if is_scraped else self.ripening.recorded


def ripening(groups: Iterable[Answer], known: Known, interval: float) -> Ripening:
    """How long the records of these groups take, where a scrape comes every `interval` seconds."""
    records = _Records({}, known, _SCRAPES * interval)
    for group in groups:
        kind = group["name"].rpartition(".")[2]
        for rule in (each for each in group["rules"] if "record" in each):
            records.rules.setdefault(rule["record"], set()).add((kind, Duration.parse(group["interval"]), rule["expr"]))
    # Every target is scraped at a moment of its own within its interval, and the last record is asked for at any.
    recorded = max((records.ready(name) for name in records.rules), default=records.scraped)
    return Ripening(records.scraped + interval, recorded + interval)


@dataclass
class _Records:
    rules: dict[str, set[tuple[str, float, str]]]
    """By record: the kind of its group, the group's interval, and the expression."""

    known: Known
    scraped: float
    found: dict[str, float] = field(default_factory=dict)

    def ready(self, metric: str) -> float:
        """Seconds until there is a value, counted through all records that it is made from."""
        if metric not in self.rules:
            return self.scraped
        if metric not in self.found:
            self.found[metric] = self.scraped  # one that reads itself begins with what is scraped
            self.found[metric] = max(self._ready(*rule) for rule in self.rules[metric])
        return self.found[metric]

    def _ready(self, group: str, interval: float, expression: str) -> float:
        """Up to one interval after what is read; at once where that is recorded by the same group, before this."""
        reads = {each.metric for each in understood(expression, self.known).reads}
        of_group = {name for name in reads if any(kind == group for kind, _, _ in self.rules.get(name, ()))}
        waits = [self.ready(name) + (0.0 if name in of_group else interval) for name in reads]
        return max(waits, default=interval)


def youth(
    namespace: str, services: Iterable[str], targets: Sequence[Answer], prometheus: Prometheus, ripe: Ripening
) -> Youth:
    """Asks for the oldest scrapes. What has no target at all is not young: nothing will come of waiting."""
    of_services = _first_scrapes(prometheus, metrics.SERVICE, series(metrics.UP, {metrics.NAMESPACE: namespace}), ripe)
    jobs = (metrics.ARGO_ROLLOUTS_JOB, metrics.ARGO_ROLLOUTS_REQUESTS_JOB)
    controller = series(metrics.UP, {}, one_of(metrics.JOB, jobs))
    of_jobs = _first_scrapes(prometheus, metrics.JOB, controller, ripe)
    scraped = {each["labels"].get(metrics.SERVICE) for each in targets} | {
        each["labels"].get("job") for each in targets
    }
    now = time.time()
    ages = {name: now - of_services.get(name, now) for name in services if name in scraped}
    # What is about everybody is there with the first service, and with the younger of the controller's two scrapes.
    everybody = [max(ages.values())] if ages else []
    everybody += [now - of_jobs.get(job, now) for job in jobs if job in scraped]
    return Youth({**ages, **({EVERYBODY: min(everybody)} if everybody else {})}, ripe)


def _first_scrapes(prometheus: Prometheus, label: str, up: str, ripe: Ripening) -> dict[str, float]:
    """The time of the oldest sample, in seconds since 1970, by the values of a label."""
    back = Duration(math.ceil(ripe.recorded) + _MARGIN_SECONDS)
    oldest = by("min", [label], f"min_over_time(timestamp({up})[{back}:{_STEP}])")
    return {each["metric"].get(label, ""): float(each["value"][1]) for each in prometheus.query(oldest)}


_STEP = Duration(5)
"""Finer than any scrape, so that the first one is not missed."""
