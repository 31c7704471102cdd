"""Releases of a canary played by chance: requests by Poisson, and the decision rules of its real AnalysisTemplate.

Limits, delays, counts and fewest requests are read from what the catalog makes of a service, so that another default
is another result. What is not played: Prometheus's extrapolation, which is the same for errors and for requests, and
the delays of the controller. The canary gets the same requests a second in all steps.
"""

import math
import random
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal, NamedTuple

from catalog.canary import Analysis, Pause
from catalog.canary_checks import analysis_window
from catalog.quantities import Duration
from catalog.services import Service
from catalog.statistics import surely_too_many
from observability.analysis import background_analysis, step_analysis, template_spec
from observability.analysis_checks import minimum_requests

Outcome = Literal["promoted", "rolled back", "paused"]

_ERRORS, _SLOW = "error-rate", "p95-latency"
"""The checks that are played, as the template calls them."""

_P95_SHARE = 0.05
"""The share of the requests that a p95 leaves above it."""


@dataclass(frozen=True)
class Canary:
    """What a canary is like: requests per second, the share that fails, and its p50 and p95 in seconds (log-normal)."""

    requests_per_second: float
    error_ratio: float
    p50: float
    p95: float

    def slower_than(self, seconds: float) -> float:
        """The share of the requests (0–1) that take longer."""
        sigma = math.log(self.p95 / self.p50) / _Z_95
        return 0.5 * math.erfc(math.log(seconds / self.p50) / sigma / math.sqrt(2))


_Z_95 = 1.6448536269514722
"""The 95th percentile of the normal distribution."""


@dataclass(frozen=True)
class Rules:
    """How one use of the template decides: seconds, and numbers of measurements as Argo Rollouts counts them."""

    delay: float
    interval: float
    count: int
    failure_limit: int
    inconclusive_limit: int

    @classmethod
    def of(cls, spec: Mapping[str, Any], use: Mapping[str, Any], name: str) -> "Rules | None":
        """Those of the metric of that name; None where there is none."""
        metric = next((each for each in spec["metrics"] if each["name"] == name), None)
        if metric is None:
            return None
        defaults = {each["name"]: each.get("value", "") for each in spec["args"]}
        said = {each["name"]: each["value"] for each in use["args"] if "value" in each}

        def resolved(value: object) -> str:
            text = str(value)
            for argument, default in defaults.items():
                text = text.replace(f"{{{{args.{argument}}}}}", said.get(argument, default))
            return text

        return cls(
            Duration.parse(resolved(metric["initialDelay"])),
            Duration.parse(resolved(metric["interval"])),
            int(resolved(metric["count"])),
            int(metric["failureLimit"]),
            int(resolved(metric["inconclusiveLimit"])),
        )


class Poisson:
    """Draws of a Poisson distribution, by a table of its cumulative probabilities; a normal one where it is wide."""

    def __init__(self, mean: float) -> None:
        self._mean = mean
        terms = [math.exp(-mean)]
        while mean and (len(terms) < mean or terms[-1] > _NEGLIGIBLE):
            terms.append(terms[-1] * mean / len(terms))
        self._table = list(accumulate(terms))

    def draw(self, chance: random.Random) -> int:
        """One of them."""
        if self._mean > _WIDE:
            return max(0, round(chance.gauss(self._mean, math.sqrt(self._mean))))
        return bisect(self._table, chance.random())


_NEGLIGIBLE = 1e-12
_WIDE = 500
"""From here on e^-mean comes near to what a float cannot tell from 0, and the two distributions are hardly apart."""


class Scrape(NamedTuple):
    """The requests since the scrape before."""

    errors: int
    slow: int
    others: int


class Releases:
    """Releases of a service to a canary of one kind."""

    def __init__(self, service: Service, canary: Canary) -> None:
        criteria = service.canary.analysis
        spec, background = template_spec(service, "apis", ""), background_analysis(service)
        named = {name: Rules.of(spec, step_analysis(service), name) for name in (_ERRORS, _SLOW)}
        self._steps = {name: rules for name, rules in named.items() if rules}
        named = {name: Rules.of(spec, background, name) for name in (_ERRORS, _SLOW)} if background else {}
        self._background = {name: rules for name, rules in named.items() if rules}
        self._scrape = float(service.metrics.interval)
        self._scrapes = math.ceil(analysis_window(service) / self._scrape) - 1
        self._least = minimum_requests(criteria)
        self._error_limit = float(criteria.error_rate or math.inf)
        self._plan = [each for each in service.canary.steps if isinstance(each, Pause | Analysis)]
        slow = canary.slower_than(float(criteria.p95)) if criteria.p95 else 0.0
        mean = canary.requests_per_second * self._scrape
        self._errors, self._slow = Poisson(mean * canary.error_ratio), Poisson(mean * slow)
        self._others = Poisson(mean * (1 - canary.error_ratio - slow))

    def play(self, chance: random.Random) -> Outcome:
        """One release, as it goes without anybody who looks at it."""
        seconds = self._seconds()
        scrapes = [
            Scrape(self._errors.draw(chance), self._slow.draw(chance), self._others.draw(chance))
            for _ in range(math.ceil(seconds / self._scrape) + 1)
        ]
        ends = [self._run(name, rules, scrapes, 0.0, seconds) for name, rules in self._background.items()]
        begun = 0.0
        for step in self._plan:
            if isinstance(step, Pause):
                begun += 0.0 if step.pause == "forever" else float(step.pause)
                continue
            of_step = [self._run(name, rules, scrapes, begun, seconds) for name, rules in self._steps.items()]
            ends += of_step
            if any(of_step):
                break
            begun += self._step_seconds
        ended = [end for end in ends if end]
        return min(ended)[1] if ended else "promoted"

    @property
    def _step_seconds(self) -> float:
        return max(rules.delay + rules.interval * (rules.count - 1) for rules in self._steps.values())

    def _seconds(self) -> float:
        pauses = [float(each.pause) for each in self._plan if isinstance(each, Pause) and each.pause != "forever"]
        return sum(pauses) + self._step_seconds * sum(isinstance(each, Analysis) for each in self._plan)

    def _run(
        self, name: str, rules: Rules, scrapes: Sequence[Scrape], begun: float, until: float
    ) -> tuple[float, Outcome] | None:
        """When a metric of an analysis ends a release, and how; None where it does not."""
        failed, unknown, at, taken = 0, 0, begun + rules.delay, 0
        while at <= until and (rules.count == 0 or taken < rules.count):
            verdict = self._verdict(name, scrapes, at)
            failed, unknown = failed + (verdict is False), unknown + (verdict is None)
            if failed > rules.failure_limit:
                return at, "rolled back"
            if unknown > rules.inconclusive_limit:
                return at, "paused"
            at, taken = at + rules.interval, taken + 1
        return None

    def _verdict(self, name: str, scrapes: Sequence[Scrape], at: float) -> bool | None:
        """Whether the window that ends then was good; None where that cannot be told, or may be chance."""
        last = int(at / self._scrape)
        window = scrapes[max(0, last - self._scrapes) : last]
        every = sum(each.errors + each.slow + each.others for each in window)
        if every < self._least:
            return None
        limit = self._error_limit if name == _ERRORS else _P95_SHARE
        bad = sum(each.errors if name == _ERRORS else each.slow for each in window)
        if bad < limit * every:
            return True
        return False if bad >= surely_too_many(every, limit) else None
