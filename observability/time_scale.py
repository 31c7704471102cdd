"""Everything that takes time, so many times faster: the same objects with shorter durations, for tests and showing.

What is played must be faster too: requests then come as many times as often, and whatever counts the requests of a
window (`minimumRequests`, errors of an objective) counts as many as before, so that it means the same and is as sure.
Limits that are ratios, latencies or requests per second stay. What is written in texts stays too: names of records,
summaries and descriptions tell the times of an unscaled stack.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from catalog.quantities import Duration
from observability import metrics
from observability.dashboard_rules import MINIMUM_REQUESTS
from observability.queries import number
from observability.time_scale_promql import DURATION, faster_expression, seconds_of

Change = Callable[[Any, float], Any]

_LEAST_CONTROLLER_SECONDS = 1.0
"""Timestamps in the status of Rollouts and AnalysisRuns are whole seconds: what is shorter is lost in them."""


def faster(manifest: Mapping[str, Any], scale: float) -> Mapping[str, Any]:
    """The manifest with each of its durations divided by `scale`; of a kind that holds none, as it is.

    Pods are left alone: how often kubelets probe and how long an application drains is not of this program's making.
    """
    changes = _KINDS.get(manifest.get("kind", ""))
    if scale == 1 or changes is None or "spec" not in manifest:
        return manifest
    return {**manifest, "spec": _changed(manifest["spec"], changes, scale)}


def _changed(node: Any, changes: Mapping[str, Change], scale: float) -> Any:
    """`node` with the values of those keys changed wherever they stand in it, but for pods."""
    if isinstance(node, list):
        return [_changed(each, changes, scale) for each in node]
    if not isinstance(node, Mapping):
        return node
    if node.get("record") and (node.get("labels") or {}).get(metrics.CHECK) == MINIMUM_REQUESTS:
        return _more_often(node, scale)
    return {
        key: changes[key](value, scale) if key in changes else value if key == _POD else _changed(value, changes, scale)
        for key, value in node.items()
    }


_POD = "template"


def _of_prometheus(value: Any, scale: float) -> Any:
    """A duration of Prometheus or Alertmanager, to the millisecond; what is none stays, such as the `{}` of a pause."""
    if not isinstance(value, str) or not DURATION.fullmatch(value):
        return value
    seconds = seconds_of(value)
    return str(Duration(max(seconds / scale, 0.001))) if seconds else value


def _of_the_controller(value: Any, scale: float) -> Any:
    """A duration of Argo Rollouts, as text or as seconds, of a second at least."""
    if isinstance(value, int | float):
        return math.ceil(value / scale)
    if not isinstance(value, str) or not DURATION.fullmatch(value):
        return value
    seconds = seconds_of(value)
    return str(Duration(max(seconds / scale, min(seconds, _LEAST_CONTROLLER_SECONDS))))


def _retries(limit: Any, scale: float) -> Any:
    """Measurements that ended in an error are repeated after 10 s at any scale: fewer of them last as long as meant."""
    return max(1, math.ceil(limit / scale))


def _arguments(arguments: Any, scale: float) -> Any:
    """Arguments of an analysis: those that are durations, such as the initial delay."""
    return [
        {**each, "value": _of_the_controller(each["value"], scale)} if "value" in each else each for each in arguments
    ]


def _more_often(record: Mapping[str, Any], scale: float) -> Mapping[str, Any]:
    """The fewest requests of a window, told as a rate for dashboards: the same number in a shorter time."""
    return {**record, "expr": f"{record['expr']} * {number(scale)}"}


_RULES: Mapping[str, Change] = {
    **dict.fromkeys(("interval", "query_offset", "for", "keep_firing_for"), _of_prometheus),
    "expr": faster_expression,
}
_SCRAPES: Mapping[str, Change] = dict.fromkeys(
    ("interval", "scrapeInterval", "scrapeTimeout", "refreshInterval"), _of_prometheus
)
_ANALYSIS: Mapping[str, Change] = {
    "interval": _of_the_controller,
    "initialDelay": _of_the_controller,
    "consecutiveErrorLimit": _retries,
    "query": faster_expression,
    "args": _arguments,
}
_ROLLOUT: Mapping[str, Change] = {
    **dict.fromkeys(("minReadySeconds", "progressDeadlineSeconds"), _of_the_controller),
    **dict.fromkeys(("scaleDownDelaySeconds", "abortScaleDownDelaySeconds"), _of_the_controller),
    "duration": _of_the_controller,
    "args": _arguments,
}
_KINDS: Mapping[str, Mapping[str, Change]] = {
    "PrometheusRule": _RULES,
    "AnalysisTemplate": _ANALYSIS,
    "ClusterAnalysisTemplate": _ANALYSIS,
    "Rollout": _ROLLOUT,
    "ServiceMonitor": _SCRAPES,
    "PodMonitor": _SCRAPES,
    "Probe": _SCRAPES,
    "ScrapeConfig": _SCRAPES,
    "AlertmanagerConfig": dict.fromkeys(("groupWait", "groupInterval", "repeatInterval"), _of_prometheus),
}
"""The kinds that hold durations, and under which keys: wherever such a key stands, it means the same."""
