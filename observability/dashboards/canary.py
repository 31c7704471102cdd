"""The dashboard *Canary analysis*: a release of one service, the canary beside what runs already, and the verdicts."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from observability import metrics
from observability.dashboards import variables
from observability.dashboards.board import board
from observability.dashboards.canary_checks import error_ratios, latencies, request_rates
from observability.dashboards.canary_release import (
    message,
    phase_now,
    phases,
    pods,
    step_now,
    waits_since,
    weight_and_step,
    weight_now,
)
from observability.dashboards.events import TROUBLES, TURNS, events, marks
from observability.dashboards.layout import Line, Row
from observability.dashboards.look import PanelBuilder, Query, Says, bars, states
from observability.dashboards.phases import OF_RUNS, numbered
from observability.dashboards.variables import NAMESPACE, ROLLOUT_OF_SERVICE, SERVICE
from observability.links import CANARY_DASHBOARD

_IN_NAMESPACE = {metrics.NAMESPACE: f"${NAMESPACE}"}
_RUN_NAME = f"${{{SERVICE}}}-[2-9b-z]+-([0-9]+(-.+)?)"
"""AnalysisRuns are named rollout, hash, revision, and the step; the background's has none (rollout/analysis.go)."""

_RUNS = f'{metrics.NAME}=~"{_RUN_NAME}"'
_RUN = "run"
_NO_RUNS = "There was no AnalysisRun, or the series of single runs are not kept (platform.argoRollouts.runMetrics)"
_REASON = f"{{{{{metrics.REASON}}}}}"


def canary() -> Dashboard:
    """The dashboard."""
    return board(
        CANARY_DASHBOARD,
        "A release of one service: how far it is, the canary beside stable for each check, and what analyses found.",
        [variables.datasource(), variables.namespace(), variables.service()],
        marks(ROLLOUT_OF_SERVICE),
        [
            Row(
                "Release",
                [
                    Line(4, [phase_now(), weight_now(), step_now(), waits_since(), message()], [4, 4, 3, 4, 9]),
                    Line(7, [phases(), weight_and_step(), pods()]),
                ],
            ),
            Row(
                "Canary beside stable",
                [
                    Line(9, [error_ratios(), latencies(95)]),
                    Line(9, [latencies(99), request_rates()]),
                ],
            ),
            Row("Analysis", [Line(8, [analysis_runs(), checks_of_runs()])]),
            Row("Events", [Line(8, [troubles(), turns()])]),
        ],
    )


def analysis_runs() -> PanelBuilder:
    """What became of each AnalysisRun."""
    says = Says(
        "AnalysisRuns",
        "The phase of each AnalysisRun of this service, named by the revision and the step that it was for; without a "
        "step it is the background's, which measures all along.",
        "none",
        _NO_RUNS,
    )
    phase = numbered(OF_RUNS, metrics.OF_A_ROLLOUT, metrics.ANALYSIS_RUN_INFO, _IN_NAMESPACE, _RUNS)
    return states(says, OF_RUNS, Query(_shortly(phase), f"revision {{{{{_RUN}}}}}"))


def checks_of_runs() -> PanelBuilder:
    """What each check of them found."""
    says = Says(
        "Checks of AnalysisRuns",
        "The phase of each check in each AnalysisRun; which one failed is why a release was taken back.",
        "none",
        _NO_RUNS,
    )
    labels = (*metrics.OF_A_ROLLOUT, metrics.METRIC)
    phase = numbered(OF_RUNS, labels, metrics.ANALYSIS_RUN_METRIC_PHASE, _IN_NAMESPACE, _RUNS)
    return states(says, OF_RUNS, Query(_shortly(phase), f"{{{{{_RUN}}}}} {{{{{metrics.METRIC}}}}}"))


def _shortly(runs: str) -> str:
    """AnalysisRuns without the service and the hash in their names, which leave no room for what they found."""
    return f'label_replace({runs}, "{_RUN}", "$1", "{metrics.NAME}", "{_RUN_NAME}")'


def troubles() -> PanelBuilder:
    """Aborts and failed analyses."""
    says = Says(
        "Aborts and failures",
        "Events of the Rollout by their reason: that it was aborted, and the analysis or the failure before.",
        "none",
        "Nothing went wrong with this Rollout in the time shown",
    )
    return bars(says, Query(events((metrics.REASON,), TROUBLES, ROLLOUT_OF_SERVICE), _REASON))


def turns() -> PanelBuilder:
    """How releases went on."""
    says = Says(
        "Progress",
        "Events of the Rollout by their reason: a new version, each step, pauses, and the end.",
        "none",
        "There was no release in the time shown",
    )
    return bars(says, Query(events((metrics.REASON,), TURNS, ROLLOUT_OF_SERVICE), _REASON))
