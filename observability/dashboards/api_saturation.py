"""Panels about a service's pods: what they use of what they may have.

What containers use is cAdvisor's to tell, and what they may have is kube-state-metrics'; both come with
kube-prometheus-stack. Neither knows services: a pod of a Rollout is named after it.
"""

from observability import metrics
from observability.dashboards.look import (
    GREEN,
    ORANGE,
    RED,
    PanelBuilder,
    Query,
    Says,
    as_limit,
    by_version,
    drawn_at_thresholds,
    stacked,
    thresholds,
    timeseries,
)
from observability.dashboards.variables import NAMESPACE, OF_SERVICE, OF_VERSIONS, SERVICE
from observability.series import by, series

_IN_NAMESPACE = {metrics.NAMESPACE: f"${NAMESPACE}"}
_PODS = f'{metrics.POD}=~"${{{SERVICE}}}-[2-9b-z]+-[a-z0-9]+"'
"""Rollout, pod-template hash, and what the ReplicaSet adds; the hash tells `a-api` and `a-api-v2` apart."""

_CONTAINERS = f'{metrics.CONTAINER}!=""'
"""cAdvisor counts pods as a whole too, without the name of a container."""

_HARMFUL = 0.25
"""The share of throttled periods (0–1) that kube-prometheus alerts at (`CPUThrottlingHigh`)."""

_POD = "{{pod}}"
_LIMIT, _REQUEST = "limit of a pod", "request of a pod"
_NO_CADVISOR = "No pod of this service is known to cAdvisor: there is none, or the kubelet is not scraped"


def cpu() -> PanelBuilder:
    """CPU of each pod."""
    says = Says(
        "CPU",
        "Cores that each pod uses; dashed, what a pod requests, and its limit where it has one.",
        "none",
        _NO_CADVISOR,
    )
    used = by("sum", (metrics.POD,), _rate(metrics.CONTAINER_CPU))
    return (
        timeseries(
            says,
            Query(used, _POD),
            Query(_most_of_a_pod(metrics.CONTAINER_REQUESTS, "cpu"), _REQUEST),
            Query(_most_of_a_pod(metrics.CONTAINER_LIMITS, "cpu"), _LIMIT),
        )
        .override_by_name(_REQUEST, as_limit(ORANGE))
        .override_by_name(_LIMIT, as_limit())
    )


def memory() -> PanelBuilder:
    """Memory of each pod."""
    says = Says(
        "Memory",
        "Memory of each pod that cannot be reclaimed (the working set). A container that reaches its limit, dashed, is "
        "killed.",
        "bytes",
        _NO_CADVISOR,
    )
    used = by("sum", (metrics.POD,), _containers(metrics.CONTAINER_MEMORY))
    return (
        timeseries(
            says,
            Query(used, _POD),
            Query(_most_of_a_pod(metrics.CONTAINER_REQUESTS, "memory"), _REQUEST),
            Query(_most_of_a_pod(metrics.CONTAINER_LIMITS, "memory"), _LIMIT),
        )
        .override_by_name(_REQUEST, as_limit(ORANGE))
        .override_by_name(_LIMIT, as_limit())
    )


def cpu_throttling() -> PanelBuilder:
    """Whether pods are made to wait for CPU."""
    says = Says(
        "CPU throttling",
        "The share of the periods of 100 ms in which a pod was made to wait, since it had used up its CPU limit.",
        "percentunit",
        "No pod of this service has a CPU limit, or the kubelet is not scraped",
    )
    throttled, periods = (
        by("sum", (metrics.POD,), _rate(metric)) for metric in (metrics.CPU_THROTTLED, metrics.CPU_PERIODS)
    )
    panel = timeseries(says, Query(f"{throttled} / ({periods} > 0)", _POD)).max(1)
    return panel.thresholds(thresholds(GREEN, (_HARMFUL, RED))).thresholds_style(drawn_at_thresholds())


def pods() -> PanelBuilder:
    """The pods that answer Prometheus."""
    says = Says(
        "Pods that Prometheus reads",
        "Pods of each version whose last scrape succeeded. What the others serve is in none of these graphs.",
        "none",
        "Prometheus has no target of this service",
    )
    scraped = by("sum", (metrics.VERSION,), series(metrics.UP, OF_SERVICE, OF_VERSIONS))
    return by_version(stacked(says, Query(scraped, "{{version}}"))).decimals(0)


def _containers(metric: str, *more: str) -> str:
    return series(metric, _IN_NAMESPACE, _PODS, _CONTAINERS, *more)


def _rate(metric: str) -> str:
    return f"rate({_containers(metric)}[$__rate_interval])"


def _most_of_a_pod(metric: str, resource: str) -> str:
    """What the containers of a pod may have together; pods of two versions may differ."""
    containers = series(metric, {**_IN_NAMESPACE, metrics.RESOURCE: resource}, _PODS)
    return f"max({by('sum', (metrics.POD,), containers)})"
