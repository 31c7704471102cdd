"""Panels about the controller of Argo Rollouts itself."""

from grafana_foundation_sdk.models.common import BigValueTextMode

from observability import metrics
from observability.dashboards.events import counted
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
    stat,
    states,
    thresholds,
    timeseries,
)
from observability.dashboards.phases import LEADS
from observability.dashboards.variables import IN_NAMESPACES
from observability.series import by, series

_CONTROLLER = {metrics.JOB: metrics.ARGO_ROLLOUTS_JOB}
_POD = "{{pod}}"
_QUEUE = "{{name}}"
SELDOM = "5m"
"""The shortest time that a duration is told of: without a release the controller looks at Rollouts now and then."""

NOT_SCRAPED = "The controller is not scraped"


def version() -> PanelBuilder:
    """Which version runs."""
    says = Says("Controllers", "How many controllers run, by their version.", "none", NOT_SCRAPED)
    running = by("count", (metrics.VERSION,), series(metrics.CONTROLLER_INFO, _CONTROLLER))
    panel = stat(says, Query(running, "{{version}}"))
    return panel.text_mode(BigValueTextMode.VALUE_AND_NAME).thresholds(thresholds(BLUE))


def queue_depth() -> PanelBuilder:
    """What waits."""
    says = Says(
        "Work queues",
        "Objects that wait for the controller in each of its queues; more and more of them is a controller that does "
        "not keep up.",
        "none",
        NOT_SCRAPED,
    )
    return timeseries(says, Query(by("sum", (metrics.NAME,), series(metrics.QUEUE_DEPTH, _CONTROLLER)), _QUEUE))


def queue_wait() -> PanelBuilder:
    """For how long."""
    says = Says(
        "Wait in work queues",
        "What 95 % of the objects wait in a queue at most until the controller looks at them. The buckets are powers "
        "of ten: this tells milliseconds from seconds, and no more.",
        "s",
        "Nothing was queued, or the controller is not scraped",
    )
    waited = f"rate({series(metrics.QUEUE_WAIT_BUCKETS, _CONTROLLER)}[$__rate_interval])"
    p95 = f"histogram_quantile(0.95, {by('sum', (metrics.NAME, metrics.LE), waited)}) >= 0"
    colors = thresholds(GREEN, (1, ORANGE), (10, RED))
    panel = timeseries(says, Query(p95, _QUEUE)).interval(SELDOM)
    return panel.thresholds(colors).thresholds_style(drawn_at_thresholds())


def queue_retries() -> PanelBuilder:
    """What came back."""
    says = Says(
        "Retries",
        "Objects per second that were put back into a queue, since something went wrong or was not ready.",
        "ops",
        NOT_SCRAPED,
    )
    put_back = f"rate({series(metrics.QUEUE_RETRIES, _CONTROLLER)}[$__rate_interval])"
    return timeseries(says, Query(by("sum", (metrics.NAME,), put_back), _QUEUE))


def leader() -> PanelBuilder:
    """Which controller leads."""
    says = Says(
        "Leader",
        "The controller that leads: it alone knows Rollouts and tells of them. Gaps are times without a leader.",
        "none",
        "No controller leads, there is no Rollout, or it is not scraped",
    )
    leads = f"group by ({metrics.POD}, {metrics.INSTANCE}) ({series(metrics.ROLLOUT_INFO, _CONTROLLER)})"
    return states(says, LEADS, Query(leads, f"{_POD} {{{{instance}}}}"))


def notifications() -> PanelBuilder:
    """What it told people."""
    says = Says(
        "Notifications",
        "Notifications about releases that the controller sent, and those that it could not send.",
        "none",
        NOT_SCRAPED,
    )
    found = {"sent": metrics.NOTIFICATIONS_SENT, "failed": metrics.NOTIFICATIONS_FAILED}
    return bars(says, *(Query(counted_in_namespaces(metric), name) for name, metric in found.items()))


def controller_memory() -> PanelBuilder:
    """Memory of each controller."""
    says = Says(
        "Controller memory",
        "Resident memory of each controller. It counts its requests by the names of objects and forgets none, so some "
        "growth is its nature.",
        "bytes",
        NOT_SCRAPED,
    )
    return timeseries(says, Query(by("sum", (metrics.POD,), series(metrics.MEMORY, _CONTROLLER)), _POD))


def controller_cpu() -> PanelBuilder:
    """CPU of each controller."""
    says = Says("Controller CPU", "Cores that each controller uses.", "none", NOT_SCRAPED)
    used = f"rate({series(metrics.CPU, _CONTROLLER)}[$__rate_interval])"
    return timeseries(says, Query(by("sum", (metrics.POD,), used), _POD))


def counted_in_namespaces(counter: str) -> str:
    """By how much a counter of objects in the chosen namespaces has grown; 0, and not missing, before the first."""
    none = f"0 * max({series(metrics.UP, _CONTROLLER)} == 1)"
    return f"sum({counted(series(counter, None, IN_NAMESPACES))}) or {none}"
