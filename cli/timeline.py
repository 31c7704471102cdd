"""What happened during releases, as a table and as a picture: weight, errors, latency, and what was decided."""

import importlib.util
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from catalog.services import Service
from cli.release_state import Outcome, ReleaseState
from cli.tables import columns
from local.cluster.api import ask
from observability import metrics, records
from observability.series import series

_STEP_SECONDS = 1
_BEFORE_SECONDS, _AFTER_SECONDS = 5, 5
"""What the picture shows before the first release and after the last one."""

_LINGERING_SECONDS = 6

COLORS = {metrics.CANARY: "#ff780a", metrics.STABLE: "#3274d9"}
LIMIT_COLOR = "#c4162a"
_GOOD, _BAD, _FAINT = "#37872d", "#c4162a", "#6e7681"

Curve = list[tuple[float, float]]
"""Seconds since the first release, and values."""


@dataclass(frozen=True)
class Mark:
    """Something that was decided, so many seconds after the first release."""

    at: float
    what: str
    state: ReleaseState
    color: str = _FAINT

    @property
    def ends(self) -> bool:
        """Whether it was the end of a release."""
        return self.state.outcome is not Outcome.UNDER_WAY


@dataclass(frozen=True)
class Timeline:
    """The releases of one service as they were seen (`history`), and the Prometheus that watched them.

    `scale` is how many times as fast as usual it all was.
    """

    prometheus: str
    service: Service
    namespace: str
    scale: float
    history: Sequence[ReleaseState]

    def has_begun(self) -> bool:
        """Whether Prometheus has seen requests."""
        return bool(self._asked("query", {"query": self._errors(metrics.STABLE)}))

    def table(self) -> list[str]:
        """A line for everything that was decided."""
        rows = [("TIME", "WEIGHT", "CANARY PODS", "WHAT")]
        for mark in self.marks():
            asked = "–" if mark.state.asked is None else f"{mark.state.asked} %"
            pods = f"{mark.state.canary.ready}/{mark.state.canary.wanted}"
            rows.append((clock(mark.at), asked, pods, mark.what))
        return list(columns(rows))

    def marks(self) -> Iterator[Mark]:
        """What was decided: a release begins, gets to a step, and ends."""
        before: ReleaseState | None = None
        for state in self.history:
            at = self._since(state)
            if before is None or state.image != before.image:
                yield Mark(at, f"release of {_tag(state)}", state)
                before = None
            if state.outcome is not (before.outcome if before else Outcome.UNDER_WAY):
                yield _end(at, state)
            elif before and state.step != before.step and state.outcome is Outcome.UNDER_WAY:
                done = "all steps done" if state.step > len(state.steps) else state.steps[state.step - 1]
                yield Mark(at, f"step {min(state.step, len(state.steps))} of {len(state.steps)}: {done}", state)
            before = state

    def weights(self) -> tuple[Curve, Curve]:
        """Percent (0–100) of the requests that the canary is to get, and gets."""
        asked = [(self._since(each), float(each.asked or 0)) for each in self.history]
        return asked, [(self._since(each), float(each.real or 0)) for each in self.history]

    def errors(self, version: str) -> Curve:
        """The share (ratio, 0–1) of a version's answers that are errors."""
        return self._of(version, self._errors)

    def p95(self, version: str) -> Curve:
        """The latency in seconds that 95 % of a version's requests stay within."""
        return self._of(version, lambda each: series(records.latency("service_version", "1m", 95), self._labels(each)))

    def draw(self, picture: Path) -> None:
        """Write it all as a picture; matplotlib must be there."""
        from cli.timeline_picture import draw  # noqa: PLC0415  # only where it is installed

        draw(self, picture)

    def _of(self, version: str, query: Callable[[str], str]) -> Curve:
        """What a version's pods had.

        Prometheus calls promoted pods canaries until it looks at their endpoints again: while no canary is under way,
        what it says of one is about the stable version.
        """
        canary = self._curve(query(metrics.CANARY))
        if version == metrics.CANARY:
            return [point for point in canary if self._is_under_way(point[0])]
        stable = dict(self._curve(query(metrics.STABLE)))
        promoted = {at: value for at, value in canary if at not in stable and not self._is_under_way(at)}
        return sorted({**stable, **promoted}.items())

    def _is_under_way(self, at: float) -> bool:
        """Whether there was a canary, or had been until a moment ago: its last samples are still in the rates."""
        known = [each for each in self.history if self._since(each) <= at]
        lately = [each for each in known if self._since(each) > at - _LINGERING_SECONDS]
        return any(each.asked is not None for each in [*lately, *known[-1:]])

    def _errors(self, version: str) -> str:
        labels = self._labels(version)
        errors, requests = records.error_rate("service_version", "1m"), records.request_rate("service_version", "1m")
        return f"{series(errors, labels)} / {series(requests, labels)}"

    def _labels(self, version: str) -> dict[str, str]:
        return {metrics.NAMESPACE: self.namespace, metrics.SERVICE: self.service.name, metrics.VERSION: version}

    def _curve(self, query: str) -> Curve:
        begin = self.history[0].at.timestamp()
        between = {"start": begin - _BEFORE_SECONDS, "end": self.history[-1].at.timestamp() + _AFTER_SECONDS}
        found = self._asked("query_range", {"query": query, "step": _STEP_SECONDS, **between})
        samples = found[0]["values"] if found else []
        return [(float(at) - begin, float(value)) for at, value in samples if value != "NaN"]

    def _asked(self, path: str, parameters: Mapping[str, Any]) -> list[Any]:
        answer = ask(f"{self.prometheus}/api/v1/{path}?{urlencode(parameters)}")
        found: list[Any] = json.loads(answer.body)["data"]["result"]
        return found

    def _since(self, state: ReleaseState) -> float:
        return (state.at - self.history[0].at).total_seconds()


def can_draw() -> bool:
    """Whether matplotlib is there: a dependency of development alone."""
    return importlib.util.find_spec("matplotlib") is not None


def write_yaml(file: Path, content: Mapping[str, Any]) -> None:
    """Write a mapping."""
    file.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")


def _end(at: float, state: ReleaseState) -> Mark:
    if state.outcome is Outcome.PROMOTED:
        return Mark(at, f"{_tag(state)} is promoted", state, _GOOD)
    return Mark(at, f"{_tag(state)} is taken back: {state.reason}", state, _BAD)


def _tag(state: ReleaseState) -> str:
    return state.image.rpartition(":")[2]


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
