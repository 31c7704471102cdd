"""Which series there are, by who produces them: the metrics, and the labels each may have.

Queries are held against this, and against the recording rules, whose own labels follow from their expressions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from observability import metrics

Labels = frozenset[str]


@dataclass(frozen=True)
class Source:
    """Who produces series, and what they have in common: `labels` come on top of those of each metric."""

    name: str
    labels: Labels
    own: Mapping[str, Iterable[str]]

    @property
    def series(self) -> dict[str, Labels]:
        """The labels that the series of each metric may have."""
        return {metric: self.labels | frozenset(own) for metric, own in self.own.items()}


_TARGET = frozenset(
    {metrics.JOB, metrics.INSTANCE, metrics.NAMESPACE, metrics.POD, metrics.SERVICE, metrics.CONTAINER, "endpoint"}
)
"""What the operator has Prometheus put on every sample of a pod that is found through its Service."""

_OF_A_VERSION = frozenset({metrics.VERSION, metrics.POD_HASH})
_ENDPOINT = (metrics.METHOD, metrics.PATH)

APPLICATIONS = Source(
    "the applications (metrics contract)",
    _TARGET | _OF_A_VERSION,
    {
        metrics.REQUESTS: (*_ENDPOINT, metrics.STATUS),
        metrics.DURATION_BUCKETS: (*_ENDPOINT, metrics.LE),
        metrics.DURATION_SUM: _ENDPOINT,
        metrics.DURATION_COUNT: _ENDPOINT,
    },
)

PROMETHEUS = Source(
    "Prometheus",
    _TARGET | _OF_A_VERSION,
    {
        metrics.UP: (),
        metrics.SAMPLES_SCRAPED: (),
        metrics.SAMPLES_KEPT: (),
        metrics.ALERTS: (
            metrics.ALERT_NAME,
            metrics.ALERT_STATE,
            metrics.SEVERITY,
            metrics.TEAM,
            metrics.NAME,
            metrics.SLO,
        ),
    },
)

ARGO_ROLLOUTS = Source(
    "Argo Rollouts (controller/metrics/prommetrics.go; process and queues: Kubernetes' component-base)",
    _TARGET,
    {
        metrics.ROLLOUT_INFO: (*metrics.OF_A_ROLLOUT, metrics.PHASE, metrics.STRATEGY, metrics.TRAFFIC_ROUTER),
        metrics.ROLLOUT_INFO_AVAILABLE: metrics.OF_A_ROLLOUT,
        metrics.ROLLOUT_INFO_DESIRED: metrics.OF_A_ROLLOUT,
        metrics.ROLLOUT_INFO_UPDATED: metrics.OF_A_ROLLOUT,
        metrics.ROLLOUT_INFO_UNAVAILABLE: metrics.OF_A_ROLLOUT,
        metrics.RECONCILE_BUCKETS: (*metrics.OF_A_ROLLOUT, metrics.LE),
        metrics.RECONCILE_SUM: metrics.OF_A_ROLLOUT,
        metrics.RECONCILE_COUNT: metrics.OF_A_ROLLOUT,
        metrics.RECONCILE_ERRORS: metrics.OF_A_ROLLOUT,
        metrics.ANALYSIS_RECONCILE_ERRORS: metrics.OF_A_ROLLOUT,
        metrics.EXPERIMENT_RECONCILE_ERRORS: metrics.OF_A_ROLLOUT,
        metrics.ROLLOUT_EVENTS: (*metrics.OF_A_ROLLOUT, metrics.TYPE, metrics.REASON),
        metrics.ANALYSIS_RUN_INFO: (*metrics.OF_A_ROLLOUT, metrics.PHASE),
        metrics.EXPERIMENT_INFO: (*metrics.OF_A_ROLLOUT, metrics.PHASE),
        metrics.ANALYSIS_RUN_METRIC_PHASE: (
            *(*metrics.OF_A_ROLLOUT, metrics.METRIC, metrics.TYPE),
            *(metrics.DRY_RUN, metrics.PHASE),
        ),
        metrics.API_REQUESTS: (*metrics.OF_A_ROLLOUT, metrics.KIND, metrics.VERB, metrics.STATUS_CODE),
        metrics.NOTIFICATIONS_SENT: (*metrics.OF_A_ROLLOUT, metrics.TYPE, metrics.REASON),
        metrics.NOTIFICATIONS_FAILED: (*metrics.OF_A_ROLLOUT, metrics.TYPE, metrics.REASON),
        metrics.CONTROLLER_INFO: (metrics.VERSION,),
        metrics.QUEUE_DEPTH: (metrics.NAME,),
        metrics.QUEUE_RETRIES: (metrics.NAME,),
        metrics.QUEUE_WAIT_BUCKETS: (metrics.NAME, metrics.LE),
        metrics.PROCESS_START: (),
        metrics.MEMORY: (),
        metrics.CPU: (),
    },
)

ROLLOUT_STATE = Source(
    "kube-state-metrics, of Rollouts (rollout_state.py)",
    _TARGET | frozenset(metrics.OF_A_ROLLOUT),
    {
        metrics.ROLLOUT_WEIGHT: (),
        metrics.ROLLOUT_STEP: (),
        metrics.ROLLOUT_ABORTED: (),
        metrics.ROLLOUT_PHASE: (metrics.PHASE,),
        metrics.ROLLOUT_PAUSED_SINCE: (metrics.REASON,),
        metrics.ROLLOUT_MESSAGE: (metrics.MESSAGE,),
        metrics.ROLLOUT_REPLICAS: (),
        metrics.ROLLOUT_REPLICAS_UPDATED: (),
        metrics.ROLLOUT_REPLICAS_READY: (),
        metrics.ROLLOUT_REPLICAS_AVAILABLE: (),
        metrics.ROLLOUT_STABLE: (metrics.POD_HASH,),
        metrics.ROLLOUT_NEWEST: (metrics.POD_HASH,),
    },
)

PODS = Source(
    "kube-state-metrics and the kubelet's cAdvisor, as kube-prometheus-stack scrapes them",
    _TARGET,
    {
        metrics.CONTAINER_REQUESTS: (metrics.RESOURCE,),
        metrics.CONTAINER_LIMITS: (metrics.RESOURCE,),
        metrics.CONTAINER_CPU: (),
        metrics.CONTAINER_MEMORY: (),
        metrics.CPU_PERIODS: (),
        metrics.CPU_THROTTLED: (),
    },
)

SOURCES = (APPLICATIONS, PROMETHEUS, ARGO_ROLLOUTS, ROLLOUT_STATE, PODS)


def produced() -> dict[str, Labels]:
    """All metrics that somebody else than a recording rule produces, with the labels each may have."""
    return {metric: labels for source in SOURCES for metric, labels in source.series.items()}
