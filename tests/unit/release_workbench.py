"""A Rollout in the middle of a release, its ReplicaSets and AnalysisRuns, as the API server gives them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.release_state import ReleaseState, Seen, state_of
from observability.analysis_checks import checks
from tests.unit.catalog_workbench import service

NAME = "a-api"
OLD, NEW = "registry.example.com/a-api:1.0.0", "registry.example.com/a-api:1.1.0"
STABLE, CANARY = "87f77fbdf", "789fcb88f5"
NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
PAUSED_AT = "2026-03-01T12:00:15Z"

STEPS = [
    {"setWeight": 10},
    {"pause": {"duration": "1m"}},
    {"analysis": {}},
    {"setWeight": 50},
    {"pause": {}},
    {"analysis": {}},
]


def rollout(*, image: str = NEW, generation: int = 2, paused: bool = False, **status: Any) -> dict[str, Any]:
    """A Rollout of four pods, whose second revision has begun."""
    return {
        "metadata": {
            "name": NAME,
            "generation": generation,
            "annotations": {"rollout.argoproj.io/revision": "2"},
        },
        "spec": {
            "replicas": 4,
            "strategy": {"canary": {"steps": STEPS}},
            "template": {"spec": {"containers": [{"image": image}]}},
            **({"paused": True} if paused else {}),
        },
        "status": {"observedGeneration": "2", "stableRS": STABLE, "currentPodHash": CANARY, **status},
    }


def replica_set(pod_hash: str, image: str, ready: int, wanted: int) -> dict[str, Any]:
    return {
        "metadata": {"labels": {"rollouts-pod-template-hash": pod_hash}},
        "spec": {"replicas": wanted, "template": {"spec": {"containers": [{"image": image}]}}},
        "status": {"readyReplicas": ready} if ready else {},
    }


def run(
    results: dict[str, Any], *, step: int | None = 2, phase: str = "Running", revision: str = "2", at: str = "12:00:20"
) -> dict[str, Any]:
    """An AnalysisRun of a step (counted from 0), or that beside them; results by the name of the metric."""
    count = "0" if step is None else "5"
    labels = {"rollout-type": "Background"} if step is None else {"rollout-type": "Step", "step-index": str(step)}
    return {
        "metadata": {
            "name": f"{NAME}-{CANARY}-2",
            "labels": {"rollouts-pod-template-hash": CANARY, **labels},
            "annotations": {"rollout.argoproj.io/revision": revision},
            "creationTimestamp": f"2026-03-01T{at}Z",
        },
        "spec": {
            "args": [
                {"name": "canary-hash", "value": CANARY},
                {"name": "count", "value": count},
            ],
            "metrics": [{"name": name, "count": "{{args.count}}"} for name in ("error-rate", "p95-latency")],
        },
        "status": {"phase": phase, "metricResults": [{"name": name, **result} for name, result in results.items()]},
    }


def measured(value: str, verdict: str = "Successful", *, phase: str = "Running", **counts: int) -> dict[str, Any]:
    return {
        "phase": phase,
        "measurements": [{"phase": verdict, "value": value}],
        **(counts or {verdict.lower(): 1}),
    }


GOOD = {"error-rate": measured("[0.00123]", successful=3), "p95-latency": measured("[0.1514]", successful=3)}


def state(
    tmp_path: Path,
    of: dict[str, Any],
    *runs: dict[str, Any],
    canary: tuple[int, int] = (1, 1),
    stable: tuple[int, int] = (4, 4),
    alerts: list[str] | None = None,
) -> ReleaseState:
    """What is made of it all, at `NOW`."""
    replica_sets = [replica_set(STABLE, OLD, *stable), replica_set(CANARY, NEW, *canary)]
    seen = Seen(of, replica_sets, runs, alerts, NOW)
    return state_of(NAME, NEW, checks(service(tmp_path, "team: a"), "apis"), seen)
