"""What an AnalysisRun has measured, beside the limits of the catalog's checks."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from observability.analysis_checks import Check

SUCCESSFUL, FAILED, INCONCLUSIVE, ERROR = "Successful", "Failed", "Inconclusive", "Error"
_ENDED_BADLY = (FAILED, ERROR)


@dataclass(frozen=True)
class Judged:
    """One check of a run.

    `phase` is that of the check as a whole, `last` the phase of its newest measurement, `value` what that was: a ratio
    (0–1) or seconds, NaN without traffic, None where nothing was known. `taken` measurements are there of `count`, or
    of as many as it takes. `dry` ones decide nothing.
    """

    name: str
    phase: str
    last: str = ""
    value: float | None = None
    problem: str = ""
    taken: int = 0
    count: int | None = None
    check: Check | None = None
    dry: bool = False

    @property
    def failed(self) -> bool:
        """Whether it has taken the release back."""
        return self.phase in _ENDED_BADLY and not self.dry

    @property
    def inconclusive(self) -> bool:
        """Whether it has made the release wait."""
        return self.phase == INCONCLUSIVE and not self.dry

    @property
    def shown(self) -> str:
        """The newest value for people."""
        if not self.last:
            return "–"
        if self.last == ERROR:
            return "error"
        if self.value is None:
            return "no data"
        return "no traffic" if math.isnan(self.value) else self._written(self.value)

    @property
    def limit(self) -> str:
        """What it is held against, for people; empty for a metric that the catalog does not know."""
        return f"{self.check.good} {self._written(self.check.limit)}" if self.check else ""

    @property
    def told(self) -> str:
        """Name, value and limit in a few words."""
        problem = f": {self.problem}" if self.last == ERROR and self.problem else ""
        return f"{self.name} {self.shown}{problem}" + (f", limit {self.limit}" if self.limit else "")

    def _written(self, value: float) -> str:
        if self.check is None:
            return f"{value:.4g}"
        if self.check.criterion == "errorRate":
            return f"{100 * value:.2f}".rstrip("0").rstrip(".") + " %"
        return f"{1000 * value:.0f} ms"


def judged(run: Mapping[str, Any], checks: Sequence[Check]) -> Iterator[Judged]:
    """How each metric of a run stands; those of which nothing was measured yet too."""
    by_name = {check.name: check for check in checks}
    counts = {each["name"]: _count(each.get("count"), run) for each in run["spec"].get("metrics") or []}
    dry = run["spec"].get("dryRun") or []
    results = {each["name"]: each for each in (run.get("status") or {}).get("metricResults") or []}
    for name, count in counts.items():
        result = results.get(name, {})
        taken = sum(result.get(kind) or 0 for kind in ("successful", "failed", "inconclusive"))
        last: Mapping[str, Any] = next(iter(reversed(result.get("measurements") or [])), {})
        yield Judged(
            name,
            result.get("phase") or "Pending",
            last.get("phase") or "",
            _value(last.get("value") or ""),
            last.get("message") or result.get("message") or "",
            taken,
            count,
            by_name.get(name),
            bool(result.get("dryRun")) or any(each.get("metricName") in (name, f"^{name}$") for each in dry),
        )


def _count(written: object, run: Mapping[str, Any]) -> int | None:
    """How many measurements there are to be; None without an end. The text may be the name of an argument."""
    text = str(written or "")
    for argument in run["spec"].get("args") or []:
        text = text.replace(f"{{{{args.{argument['name']}}}}}", str(argument.get("value") or ""))
    return int(text) if text.isdigit() and int(text) > 0 else None


def _value(text: str) -> float | None:
    """The first number of what Prometheus answered with, such as `[0.0123]`."""
    first = text.strip("[]").split(",")[0].strip()
    try:
        return float(first)
    except ValueError:
        return None
