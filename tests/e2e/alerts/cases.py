"""Every alert of the program, and what makes it fire: a real cause here, or samples that promtool is given."""

from collections.abc import Mapping
from typing import Any

from tests.e2e.alerts.causes import Cause, controller_stopped, deleted, playing, refused, unready

NOTHING = Cause("nothing is wrong with it", ())

CAUSES: Mapping[str, Cause] = {
    "well-api": NOTHING,
    "burning-api": Cause(
        "half of its requests fail, and most are slow",
        (
            *("AvailabilityBudgetBurn 1h", "AvailabilityBudgetBurn 6h"),
            *("LatencyBudgetBurn 1h", "LatencyBudgetBurn 6h"),
        ),
        playing(stable={"error_ratio": 0.5, "p50_seconds": 1, "p95_seconds": 3}),
    ),
    "down-api": Cause("nothing listens in its pod", ("ServiceTargetDown critical",), playing(stable="down")),
    "unready-api": Cause(
        "one of its pods is not ready, another one comes and goes",
        (
            *("RolloutReplicaMismatch warning", "ServiceTargetDown warning"),
            *("RolloutStuck Progressing", "RolloutStuck unfinished"),
        ),
        unready,
        entry={"replicas": 3},
    ),
    "gone-api": Cause(
        "its Rollout is deleted, and its pods with it",
        ("ServiceNoTargets critical", "RolloutMetricsAbsent warning"),
        deleted,
    ),
    "labels-api": Cause(
        "the user's number is a label of its metrics",
        ("ForbiddenLabelsDropped warning", "RequestMetricsMissing warning"),
        playing(stable="labelled-requests"),
    ),
    "unmeasured-api": Cause(
        "the durations it observes are no numbers",
        ("LatencySloUnmeasured warning",),
        playing(stable="nan-latency"),
    ),
    "wide-api": Cause(
        "its paths are not templated",
        ("ServiceSeriesBudget warning",),
        playing(stable={"distinct_ids": 2}),
        entry={"metrics": {"interval": "1m", "sampleLimit": 1250}},
    ),
    "failing-api": Cause(
        "a release of it has errors",
        ("AnalysisRunFailed warning", "RolloutFailed critical"),
        tag="bad-errors",
    ),
    "errored-api": Cause(
        "a release of it is measured by a Prometheus that is not there",
        ("AnalysisRunErrored warning",),
        tag="2",
        entry={"prometheusAddress": "http://127.0.0.1:9"},
    ),
    "blind-api": Cause(
        "a release of it gets no requests, and waits for somebody",
        ("AnalysisRunInconclusive warning", "RolloutPausedTooLong warning"),
        playing(requests_per_second=0),
        tag="2",
    ),
    "refused-api": Cause(
        "the cluster refuses what the controller wants to make of a release of it",
        ("RolloutHighErrorRate warning",),
        refused,
        tag="2",
    ),
}
"""By the service."""

PLATFORM_CAUSES: Mapping[str, Cause] = {
    "argo-rollouts": Cause("its controller does not run", ("ArgoRolloutsDown critical",), controller_stopped),
}
"""What is wrong for every service at once, and so comes when the others are over."""

_DAYS = "over a day or more, which is the better part of an hour even here"

BY_PROMTOOL: Mapping[str, str] = {
    "ServiceNoTraffic critical": "looks back at yesterday and at a week ago",
    "AvailabilityBudgetBurn 1d": _DAYS,
    "AvailabilityBudgetBurn 3d": _DAYS,
    "LatencyBudgetBurn 1d": _DAYS,
    "LatencyBudgetBurn 3d": _DAYS,
    "ArgoRolloutsSeriesBudget warning": "needs 40,000 names of objects that the controller has asked for",
}
"""The rules that no cause is provoked for, and why; tests/rules has cases of each."""

PLAN: Mapping[str, Any] = {
    "steps": [{"setWeight": 50}, {"analysis": True}],
    # It begins one window after the canary: twenty seconds, in which a busy machine finds the new pods too.
    "analysis": {"interval": "60s", "window": "10m", "count": 3, "errorRate": "2%", "p95": "300ms"},
    "background": False,
    "minReady": "30s",
}


def entries() -> dict[str, dict[str, Any]]:
    """The services as services.yaml has them, each of one pod that is scraped every two seconds here."""
    return {
        name: {
            "project": "Alerts",
            "port": 8300 + at,
            "image": f"registry.example.com/{name}:1",
            "replicas": 1,
            "canary": dict(PLAN),
            "metrics": {"interval": "1m"},
            **cause.entry,
        }
        for at, (name, cause) in enumerate(CAUSES.items())
    }
