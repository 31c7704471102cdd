"""The dashboard *Argo Rollouts Monitoring*: Rollouts as the controller sees them, and the controller itself.

Its metrics know neither weight nor step; the dashboard *Canary analysis* has those. What several controllers tell of
one Rollout, of which only the leader should, counts once.
"""

from grafana_foundation_sdk.models.common import BigValueTextMode
from grafana_foundation_sdk.models.dashboard import Dashboard

from observability import metrics, records
from observability.dashboards import variables
from observability.dashboards.argo_controller import (
    NOT_SCRAPED,
    SELDOM,
    controller_cpu,
    controller_memory,
    counted_in_namespaces,
    leader,
    notifications,
    queue_depth,
    queue_retries,
    queue_wait,
    version,
)
from observability.dashboards.board import board
from observability.dashboards.events import counted, marks
from observability.dashboards.layout import Line, Row
from observability.dashboards.look import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    PanelBuilder,
    Query,
    Says,
    bars,
    drawn_at_thresholds,
    gauge,
    stacked,
    stat,
    states,
    thresholds,
    timeseries,
)
from observability.dashboards.navigation import links_of_a_rollout
from observability.dashboards.phases import OF_INFO, numbered
from observability.dashboards.requests import mean
from observability.dashboards.tables import Column, Key, table
from observability.dashboards.variables import IN_NAMESPACES, OF_ROLLOUTS
from observability.links import ARGO_ROLLOUTS_DASHBOARD
from observability.series import by, one_of, series

_NO_ROLLOUT = "The controller tells of no such Rollout: there is none, no controller leads, or it is not scraped"
_NAME = "{{namespace}}/{{name}}"
_LAST_BUCKET_SECONDS = 1


def argo_rollouts() -> Dashboard:
    """The dashboard."""
    return board(
        ARGO_ROLLOUTS_DASHBOARD,
        "All Rollouts and their controller: phases, pods, errors, analyses, and how the controller keeps up.",
        [variables.datasource(), variables.namespaces_of_rollouts(), variables.rollouts()],
        marks(None, *OF_ROLLOUTS),
        [
            Row(
                "Rollouts",
                [
                    Line(4, [rollouts_by_phase(), failed_rollouts(), total_rollout_errors(), version()], [9, 5, 5, 5]),
                    Line(9, [rollout_status(), rollout_phase()]),
                    Line(9, [rollout_replicas_status()]),
                ],
            ),
            Row(
                "Reconciliation",
                [Line(9, [reconcile_duration(), reconcile_errors(), kubernetes_api_request_rate()])],
            ),
            Row("Analyses and experiments", [Line(8, [analysis_runs(), experiments(), run_errors()])]),
            Row(
                "Controller",
                [
                    Line(8, [queue_depth(), queue_wait(), queue_retries()]),
                    Line(8, [leader(), notifications()]),
                    Line(8, [controller_memory(), controller_cpu()]),
                ],
            ),
        ],
    )


def rollouts_by_phase() -> PanelBuilder:
    """How many Rollouts are in which phase."""
    says = Says("Rollouts by phase", "Rollouts in each phase, as alerts see them.", "none", _NO_ROLLOUT)
    once = by("max", (*metrics.OF_A_ROLLOUT, metrics.PHASE), series(metrics.ROLLOUT_INFO, None, *OF_ROLLOUTS))
    panel = stat(says, Query(by("sum", (metrics.PHASE,), once), "{{phase}}"))
    return panel.text_mode(BigValueTextMode.VALUE_AND_NAME).thresholds(thresholds(BLUE))


def failed_rollouts() -> PanelBuilder:
    """How many of them failed."""
    says = Says(
        "Failed Rollouts",
        "Rollouts that were aborted, ran out of time, have an error, or whose spec is not valid.",
        "none",
        _NO_ROLLOUT,
    )
    told = series(metrics.ROLLOUT_INFO, None, *OF_ROLLOUTS)
    failed = series(metrics.ROLLOUT_INFO, None, *OF_ROLLOUTS, one_of(metrics.PHASE, metrics.FAILED_PHASES))
    return stat(says, Query(f"{_how_many(failed)} or 0 * {_how_many(told)}", "failed")).thresholds(
        thresholds(GREEN, (1, RED))
    )


def total_rollout_errors() -> PanelBuilder:
    """All errors."""
    says = Says(
        "Total Rollout Errors",
        "How often the controller has failed to bring a Rollout to where it should be, since it started.",
        "none",
        _NO_ROLLOUT,
    )
    failed = f"sum({series(metrics.RECONCILE_ERRORS, None, *OF_ROLLOUTS)})"
    none = f"0 * {_how_many(series(metrics.ROLLOUT_INFO, None, *OF_ROLLOUTS))}"
    panel = gauge(says, Query(f"{failed} or {none}", "errors")).max(100)
    return panel.thresholds(thresholds(GREEN, (1, ORANGE), (50, RED)))


def rollout_status() -> PanelBuilder:
    """A line for each Rollout."""
    says = Says(
        "Rollout Status",
        "Each Rollout: its phase, its pods, and how often the controller has failed on it since it started.",
        "none",
        _NO_ROLLOUT,
    )
    return table(
        says,
        [Key(metrics.NAME, "Rollout", links_of_a_rollout()), Key(metrics.NAMESPACE, "Namespace")],
        Column("Phase", _phases(), "none", phases=OF_INFO),
        Column("Desired", _pods(metrics.ROLLOUT_INFO_DESIRED), "none", 0),
        Column("Available", _pods(metrics.ROLLOUT_INFO_AVAILABLE), "none", 0),
        Column("Updated", _pods(metrics.ROLLOUT_INFO_UPDATED), "none", 0),
        Column("Errors", _errors(), "none", 0, thresholds(GREEN, (1, ORANGE))),
    )


def rollout_phase() -> PanelBuilder:
    """What each was at."""
    says = Says(
        "Rollout Phase",
        "The phase of each Rollout over time, as the controller's metric has it: Completed is healthy, and what failed "
        "is Abort, Timeout, Error or InvalidSpec.",
        "none",
        _NO_ROLLOUT,
    )
    return states(says, OF_INFO, Query(_phases(), _NAME))


def rollout_replicas_status() -> PanelBuilder:
    """The pods of each."""
    says = Says(
        "Rollout Replicas Status",
        "Pods of each Rollout: desired, available, and updated to the newest version. During a routed canary more than "
        "desired are available.",
        "none",
        _NO_ROLLOUT,
    )
    return timeseries(
        says,
        Query(_pods(metrics.ROLLOUT_INFO_AVAILABLE), f"{_NAME} available"),
        Query(_pods(metrics.ROLLOUT_INFO_DESIRED), f"{_NAME} desired"),
        Query(_pods(metrics.ROLLOUT_INFO_UPDATED), f"{_NAME} updated"),
    ).decimals(0)


def reconcile_duration() -> PanelBuilder:
    """How long the controller takes over a Rollout."""
    says = Says(
        "Reconcile Duration",
        "How long the controller takes to look at a Rollout and do what is to be done: the mean, and what 95 % of "
        f"the times took at most. The histogram ends at {_LAST_BUCKET_SECONDS} s, dashed: there, it may be any time.",
        "s",
        _NO_ROLLOUT,
    )

    def rate(metric: str) -> str:
        return f"rate({series(metric, None, *OF_ROLLOUTS)}[$__rate_interval])"

    mean_time = f"sum({rate(metrics.RECONCILE_SUM)}) / (sum({rate(metrics.RECONCILE_COUNT)}) > 0)"
    p95 = f"histogram_quantile(0.95, {by('sum', (metrics.LE,), rate(metrics.RECONCILE_BUCKETS))}) >= 0"
    panel = timeseries(says, Query(p95, "p95"), Query(mean_time, "mean")).interval(SELDOM)
    return panel.thresholds(thresholds(GREEN, (_LAST_BUCKET_SECONDS, RED))).thresholds_style(drawn_at_thresholds())


def reconcile_errors() -> PanelBuilder:
    """When it failed."""
    says = Says(
        "Reconcile Errors",
        "How often the controller failed to bring each Rollout to where it should be. One that always fails is tried "
        "again every 10 seconds at last.",
        "none",
        _NO_ROLLOUT,
    )
    failed = by("sum", metrics.OF_A_ROLLOUT, counted(series(metrics.RECONCILE_ERRORS, None, *OF_ROLLOUTS)))
    none = f"0 * {by('max', metrics.OF_A_ROLLOUT, series(metrics.ROLLOUT_INFO, None, *OF_ROLLOUTS))}"
    return bars(says, Query(f"{failed} or {none}", _NAME))


def kubernetes_api_request_rate() -> PanelBuilder:
    """What it asks of Kubernetes."""
    says = Says(
        "Kubernetes API Request Rate",
        "Requests per second of the controller to the API server, by verb, kind and status; of all Rollouts together.",
        "reqps",
        "The controller asked nothing, is not scraped, or its rules are not loaded",
    )
    return stacked(says, Query(mean(records.API_REQUEST_RATE), "{{verb}} {{kind}} {{status_code}}"))


def analysis_runs() -> PanelBuilder:
    """How many AnalysisRuns there are."""
    says = Says(
        "AnalysisRuns",
        "AnalysisRuns that exist, by phase; a Rollout keeps its last ones.",
        "none",
        "There is no AnalysisRun, or the series of single runs are not kept (platform.argoRollouts.runMetrics)",
    )
    return stacked(says, Query(_by_phase(metrics.ANALYSIS_RUN_INFO), "{{phase}}")).decimals(0)


def experiments() -> PanelBuilder:
    """How many Experiments there are."""
    says = Says(
        "Experiments",
        "Experiments that exist, by phase.",
        "none",
        "There is no Experiment, or the series of single runs are not kept (platform.argoRollouts.runMetrics)",
    )
    return stacked(says, Query(_by_phase(metrics.EXPERIMENT_INFO), "{{phase}}")).decimals(0)


def run_errors() -> PanelBuilder:
    """When the controller failed over them."""
    says = Says(
        "Errors with AnalysisRuns and Experiments",
        "How often the controller failed over an AnalysisRun or an Experiment itself, whatever was measured.",
        "none",
        NOT_SCRAPED,
    )
    found = {"AnalysisRuns": metrics.ANALYSIS_RECONCILE_ERRORS, "Experiments": metrics.EXPERIMENT_RECONCILE_ERRORS}
    return bars(says, *(Query(counted_in_namespaces(metric), kind) for kind, metric in found.items()))


def _errors() -> str:
    """How often the controller has failed on each; there is no counter before the first time."""
    failed = by("sum", metrics.OF_A_ROLLOUT, series(metrics.RECONCILE_ERRORS, None, *OF_ROLLOUTS))
    return f"{failed} or 0 * {_pods(metrics.ROLLOUT_INFO_DESIRED)}"


def _phases() -> str:
    return numbered(OF_INFO, metrics.OF_A_ROLLOUT, metrics.ROLLOUT_INFO, None, *OF_ROLLOUTS)


def _pods(metric: str) -> str:
    return by("max", metrics.OF_A_ROLLOUT, series(metric, None, *OF_ROLLOUTS))


def _how_many(rollouts: str) -> str:
    return f"count({by('max', metrics.OF_A_ROLLOUT, rollouts)})"


def _by_phase(metric: str) -> str:
    """How many there are in each phase; an AnalysisRun is named after its Rollout, and more."""
    once = by("max", (*metrics.OF_A_ROLLOUT, metrics.PHASE), series(metric, None, IN_NAMESPACES))
    return by("sum", (metrics.PHASE,), once)
