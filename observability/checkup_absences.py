"""What may be missing from a Prometheus though all is well, and why."""

from collections.abc import Mapping

from observability import known_series, metrics
from observability.links import API_DASHBOARD, ARGO_ROLLOUTS_DASHBOARD, CANARY_DASHBOARD, FLEET_DASHBOARD

_NO_ERROR = "the counter begins with the first error, and there has been none"
_NO_RUN = "no AnalysisRun is kept: no release has been measured, or its runs were removed"
_NOBODY_TOLD = "nobody has been notified since the controller started"
_NO_EVENT = "no release has moved since the controller started"
_NO_EXPERIMENT = "nobody has made an Experiment"
_NO_LIMIT = "no container has a CPU limit"

METRICS: Mapping[str, str] = {
    metrics.RECONCILE_ERRORS: _NO_ERROR,
    metrics.ANALYSIS_RECONCILE_ERRORS: _NO_ERROR,
    metrics.EXPERIMENT_RECONCILE_ERRORS: _NO_ERROR,
    metrics.ANALYSIS_RUN_INFO: _NO_RUN,
    metrics.ANALYSIS_RUN_METRIC_PHASE: _NO_RUN,
    metrics.EXPERIMENT_INFO: _NO_EXPERIMENT,
    metrics.NOTIFICATIONS_SENT: _NOBODY_TOLD,
    metrics.NOTIFICATIONS_FAILED: _NOBODY_TOLD,
    metrics.ROLLOUT_EVENTS: _NO_EVENT,
    metrics.ROLLOUT_WEIGHT: "no router splits its traffic, or none has yet",
    metrics.ROLLOUT_PAUSED_SINCE: "it does not wait",
    metrics.ROLLOUT_MESSAGE: "its status has no message",
    metrics.ALERTS: "no alert is pending or firing",
    metrics.CPU_PERIODS: _NO_LIMIT,
    metrics.CPU_THROTTLED: _NO_LIMIT,
}
"""Metrics that are there only at times."""

PLAYED_PODS = dict.fromkeys(known_series.PODS.own, "the pods of the embedded cluster are played: nothing runs in them")
"""Metrics that no cluster without a kubelet has."""

IDLE = "nobody asks this service now"
"""Why what is reckoned from requests may be missing."""

PANELS: Mapping[tuple[str, str], str] = {
    (API_DASHBOARD, "Top Endpoints by errors"): "no request ended in a server error",
    (CANARY_DASHBOARD, "Waits for"): "it does not wait",
    (CANARY_DASHBOARD, "Message"): "its status has no message",
    (CANARY_DASHBOARD, "p99: canary and stable"): "no check is about p99",
    (CANARY_DASHBOARD, "AnalysisRuns"): _NO_RUN,
    (CANARY_DASHBOARD, "Checks of AnalysisRuns"): _NO_RUN,
    (CANARY_DASHBOARD, "Aborts and failures"): "nothing was taken back",
    (CANARY_DASHBOARD, "Progress"): _NO_EVENT,
    (ARGO_ROLLOUTS_DASHBOARD, "Reconcile Errors"): _NO_ERROR,
    (FLEET_DASHBOARD, "Alerts"): "no alert fires",
}
"""Panels in which nothing is a good answer."""

LABELS = frozenset({metrics.TRAFFIC_ROUTER, metrics.TEAM, metrics.SLO})
"""Labels that are empty, and so not there, on series of whose kind not all have them."""
