"""Rules about the controller of Argo Rollouts itself: whether it is there, and what it asks of Kubernetes."""

from collections.abc import Iterator

from catalog.quantities import Duration
from observability import metrics, records
from observability.links import ARGO_ROLLOUTS_DASHBOARD, Links
from observability.rule import Alert, Record, RuleGroup, Severity
from observability.series import by, series

SERIES_BUDGET = 50_000
"""The samples that a scrape of the controller's request counter may have. It counts requests to Kubernetes by the names
of objects, of which each release brings new ones, and forgets none until it restarts."""

_NEAR_THE_BUDGET = 0.8

_SERVICE = "argo-rollouts"
"""The label `service` of these alerts. Alerts without one would be taken for alerts about the same service."""

_CONTROLLER = {metrics.JOB: metrics.ARGO_ROLLOUTS_JOB}
_REQUESTS = {metrics.JOB: metrics.ARGO_ROLLOUTS_REQUESTS_JOB}


def controller_groups(namespace: str, links: Links) -> list[RuleGroup]:
    """The rules about the controller in `namespace`."""
    return [
        RuleGroup("argo-rollouts.requests", [_api_requests()]),
        RuleGroup("argo-rollouts.alerts", list(_alerts(namespace, links))),
    ]


def _api_requests() -> Record:
    # Without names and namespaces: each AnalysisRun of each release would be a series of its own.
    labels = (metrics.KIND, metrics.VERB, metrics.STATUS_CODE)
    return Record(records.API_REQUEST_RATE, by("sum", labels, f"rate({metrics.API_REQUESTS}[5m])"))


def _alerts(namespace: str, links: Links) -> Iterator[Alert]:
    def alert(name: str, severity: Severity, expression: str, *texts: str, held: str) -> Alert:
        labels = {metrics.NAMESPACE: namespace, metrics.SERVICE: _SERVICE}
        summary, description = texts
        to = links.dashboard(ARGO_ROLLOUTS_DASHBOARD), links.runbook(name)
        return Alert(name, severity, expression, labels, summary, description, *to, Duration.parse(held))

    yield alert(
        "ArgoRolloutsDown",
        "critical",
        f"absent({series(metrics.UP, _CONTROLLER)} == 1)",
        "Argo Rollouts is down",
        "Prometheus has reached no controller of Argo Rollouts for 5 minutes. A release that is under way stays as it "
        "is: nothing measures it, and nothing takes it back.",
        held="5m",
    )
    yield alert(
        "ArgoRolloutsSeriesBudget",
        "warning",
        f"max({series(metrics.SAMPLES_KEPT, _REQUESTS)}) / {SERIES_BUDGET} > {_NEAR_THE_BUDGET}",
        "Argo Rollouts exposes too many series",
        "The counter of a controller's requests to Kubernetes has {{ $value | humanizePercentage }} of the "
        f"{SERIES_BUDGET} samples that it may: it has been counting the names of objects for long; a restart of the "
        "controller begins anew.",
        held="1h",
    )
