"""Phases as numbers, which is how a graph can have them: what they are called, and in which color."""

from collections.abc import Iterable, Mapping

from observability import metrics
from observability.dashboards.look import BLUE, GREEN, GREY, ORANGE, PURPLE, RED
from observability.series import by, series

Phases = Mapping[str, str]
"""The color of each phase; queries number them in this order from 0."""

OF_STATUS: Phases = {"Healthy": GREEN, "Progressing": BLUE, "Paused": ORANGE, "Degraded": RED}
"""The phases in the status of a Rollout, which `kubectl argo rollouts` shows too."""

OF_INFO: Phases = {
    metrics.COMPLETED: GREEN,
    metrics.PROGRESSING: BLUE,
    metrics.PAUSED: ORANGE,
    **dict.fromkeys(metrics.FAILED_PHASES, RED),
}
"""The phases of the controller's own metric, which alerts go by."""

OF_RUNS: Phases = {
    **dict.fromkeys(metrics.RUN_PHASES, GREY),
    "Running": BLUE,
    "Successful": GREEN,
    "Inconclusive": ORANGE,
    "Failed": RED,
    "Error": PURPLE,
}
"""The phases of AnalysisRuns, of their metrics, and of Experiments."""

LEADS: Phases = {"": GREY, "leads": GREEN}


def numbered(
    phases: Phases, labels: Iterable[str], metric: str, where: Mapping[str, str] | None = None, *more: str
) -> str:
    """The number of the phase that each is in; `labels` are those that tell one from another.

    `metric` is 1 for the phase that something is in, and 0 or missing for the others.
    """

    def those_in(phase: str) -> str:
        found = series(metric, where, *more, f'{metrics.PHASE}="{phase}"')
        # Where two processes tell of it, which a change of the leader may bring about, it counts once.
        return by("max", labels, f"{found} == 1")

    return " or ".join(f"{number} * {those_in(phase)}" for number, phase in enumerate(phases))
