"""Recording rules, alerts and groups of them, as a PrometheusRule spells them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from catalog.quantities import Duration
from observability import metrics, records

Severity = Literal["critical", "warning"]
"""Critical wakes somebody: users feel it, or nobody would see it if they did. A warning waits for the morning."""


@dataclass(frozen=True)
class Record:
    """A recording rule: what `expression` answers is kept as `name`, with `labels` on top."""

    name: str
    expression: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        """The rule in a PrometheusRule."""
        return {"record": self.name, "expr": self.expression, **({"labels": dict(self.labels)} if self.labels else {})}


@dataclass(frozen=True)
class Alert:
    """An alerting rule, which fires once `expression` has answered for as long as `held`, or at once without that.

    `labels` are those of what it is about; `summary` is one line and `description` says with which values, both with
    Prometheus's own templates. `dashboard` and `runbook` are where to go from there.
    """

    name: str
    severity: Severity
    expression: str
    labels: Mapping[str, str]
    summary: str
    description: str
    dashboard: str
    runbook: str
    held: Duration | None = None

    def manifest(self) -> dict[str, Any]:
        """The rule in a PrometheusRule."""
        return {
            "alert": self.name,
            "expr": self.expression,
            **({"for": str(self.held)} if self.held else {}),
            "labels": {metrics.SEVERITY: self.severity, **self.labels},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": self.runbook,
                "dashboard_url": self.dashboard,
            },
        }


@dataclass(frozen=True)
class RuleGroup:
    """Rules that are evaluated one after another, so that one may read what an earlier one has just recorded.

    The interval is given, since an adopted Prometheus may evaluate by another one.
    """

    name: str
    rules: Sequence[Record | Alert]
    interval: Duration = records.INTERVAL

    def manifest(self) -> dict[str, Any]:
        """The group in a PrometheusRule."""
        return {
            "name": self.name,
            "interval": str(self.interval),
            "rules": [rule.manifest() for rule in self.rules],
        }


def rule_spec(groups: Sequence[RuleGroup]) -> dict[str, Any]:
    """The `spec` of a PrometheusRule."""
    return {"groups": [group.manifest() for group in groups]}
