"""What happened: counters of events as numbers within a time, and as marks on every graph."""

from collections.abc import Iterable, Mapping

from grafana_foundation_sdk.models.dashboard import AnnotationQuery

from observability import metrics
from observability.dashboards.look import BLUE, PROMETHEUS, RED, STEP
from observability.series import by, one_of, series

TURNS = (
    *("RolloutUpdated", "RolloutStepCompleted", "RolloutPaused", "RolloutResumed", "RolloutCompleted"),
    *("RolloutRetry", "SkipSteps"),
)
"""The reasons of the events by which a release moves on (argo-rollouts, utils/conditions and rollout/*.go)."""

TROUBLES = (
    *("RolloutAborted", metrics.RUN_FAILED, metrics.RUN_ERRORED, metrics.RUN_INCONCLUSIVE, "ExperimentFailed"),
    *("ReconciliationError", "ReplicaSetCreateError", "ReplicaSetUpdateError", "TrafficRoutingError"),
    *("WeightVerifyError", "TargetGroupVerifyError"),
)
"""The reasons of those by which it does not."""

_WITHIN = "$__interval"
"""The time between two points of a graph: each event is in one of them, and in no other."""

_REMEMBERED = "1h"
"""For how long a counter may be out of sight, as in an outage of Prometheus, and still not be taken for a new one."""


def counted(counter: str) -> str:
    """How much a counter has grown since the point before, as a whole number.

    Not `increase`, which misses the event that a counter is born with and makes fractions of the rest. What is less
    than it was has begun anew with its process.
    """
    now = f"last_over_time({counter}[{_WITHIN}])"
    before = f"last_over_time({counter}[{_REMEMBERED}] offset {_WITHIN})"
    return f"({now} - {before} >= 0 or {now})"


def events(labels: Iterable[str], reasons: Iterable[str], where: Mapping[str, str] | None, *more: str) -> str:
    """The events of Rollouts for these reasons, summed up to these labels."""
    found = series(metrics.ROLLOUT_EVENTS, where, *more, one_of(metrics.REASON, reasons))
    return f"{by('sum', labels, counted(found))} > 0"


def marks(where: Mapping[str, str] | None, *more: str) -> list[AnnotationQuery]:
    """The events as lines across every graph of a dashboard: how releases move on, and what goes wrong."""
    return [_marks("Releases", BLUE, TURNS, where, *more), _marks("Troubles", RED, TROUBLES, where, *more)]


class _PrometheusAnnotation(AnnotationQuery):
    """An annotation of Prometheus's; the SDK's type lacks what only this kind of data source knows."""

    def to_json(self) -> dict[str, object]:
        """Each mark shows the reason, and the Rollout as a tag."""
        more = {
            # Where newer versions of Grafana look for the query; older ones look for `expr` and `step`.
            "target": {"expr": self.expr, "interval": STEP, "refId": self.name},
            "step": STEP,
            "titleFormat": f"{{{{{metrics.REASON}}}}}",
            "textFormat": f"{{{{{metrics.NAMESPACE}}}}}/{{{{{metrics.NAME}}}}}",
            "tagKeys": metrics.NAME,
            "useValueForTime": False,
        }
        return {**super().to_json(), **more}


def _marks(
    name: str, color: str, reasons: Iterable[str], where: Mapping[str, str] | None, *more: str
) -> AnnotationQuery:
    labels = (metrics.NAMESPACE, metrics.NAME, metrics.REASON)
    return _PrometheusAnnotation(name, PROMETHEUS, icon_color=color, expr=events(labels, reasons, where, *more))
