"""Whether pods that run can stay as they are through an adoption."""

from pathlib import Path
from typing import Any

import pytest

from cli.adopting.workloads import restless, scaled_elsewhere, unlike, unsafe
from components.adoption import template_of
from tests.unit.catalog_workbench import service
from tests.unit.settings_workbench import from_engine, minimal

SETTINGS = from_engine(minimal())
SETTLED = {"phase": "Healthy", "stableRS": "a", "currentPodHash": "a", "observedGeneration": "3"}


def rollout(**status: str) -> dict[str, Any]:
    return {"metadata": {"generation": 3}, "spec": {"template": {"a": 1}}, "status": {**SETTLED, **status}}


def test_a_rollout_at_rest_may_be_touched() -> None:
    assert list(restless(rollout())) == []
    assert list(restless(None)) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Paused"}, "is Paused: other steps would begin its canary anew"),
        ({"currentPodHash": "b"}, "is Healthy"),
        ({"observedGeneration": "2"}, "is Healthy"),
        ({"phase": ""}, "is not seen by its controller"),
    ],
)
def test_a_canary_under_way_is_waited_for(status: dict[str, str], expected: str) -> None:
    (line,) = restless(rollout(**status))
    assert line.startswith(expected)


def deployment(ready: int = 2, **labels: str) -> dict[str, Any]:
    spec = {"replicas": 2, "selector": {"matchLabels": labels or {"app": "a"}}, "template": {"b": 2}}
    return {"spec": spec, "status": {"readyReplicas": ready}}


def test_a_deployment_gives_way_to_a_rollout_that_chooses_the_same_pods(tmp_path: Path) -> None:
    alike = service(tmp_path, "selectorLabels: {app: a}")
    assert list(unlike(deployment(), alike)) == []
    assert list(unlike(None, alike)) == []
    (other,) = unlike(deployment(), service(tmp_path, "replicas: 2"))
    assert other.startswith("chooses pods by app=a, and the Rollout would by app.kubernetes.io/instance=a-api,")
    (unready,) = unlike(deployment(ready=1), alike)
    assert unready.startswith("has 1 of 2 pods ready")


def test_a_deployment_that_was_left_behind_is_no_workload(tmp_path: Path) -> None:
    empty = deployment()
    empty["spec"]["replicas"] = 0
    assert list(unlike(empty, service(tmp_path, "replicas: 2"))) == []


def test_the_pods_that_run_are_the_rollouts_or_those_it_follows() -> None:
    assert template_of(rollout(), deployment()) == {"a": 1}
    assert template_of({"spec": {"workloadRef": {}}}, deployment()) == {"b": 2}
    assert template_of(None, deployment()) == {"b": 2}
    assert template_of(None, None) is None


def autoscaler(name: str, target: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"scaleTargetRef": {"kind": "Rollout", "name": target}}}


def test_two_that_decide_about_the_number_of_pods_are_one_too_many(tmp_path: Path) -> None:
    fixed = service(tmp_path, "replicas: 2")
    assert list(scaled_elsewhere([autoscaler("a", "b-api")], fixed)) == []
    (line,) = scaled_elsewhere([autoscaler("a-api", "a-api")], fixed)
    assert line.startswith("a-api scales Rollout a-api, and so would the stack; give the service `autoscaling`")
    scaling = service(tmp_path, "autoscaling: {min: 2, max: 4, cpu: 70%}")
    assert list(scaled_elsewhere([autoscaler("a-api", "a-api")], scaling)) == []
    (line,) = scaled_elsewhere([autoscaler("other", "a-api")], scaling)
    assert "name its autoscaler like the service" in line


def test_pods_of_the_chart_are_not_locked_out_of_their_namespace() -> None:
    def namespace(**labels: str) -> dict[str, Any]:
        return {"metadata": {"labels": labels}}

    (line,) = unsafe(SETTINGS, namespace())
    assert line.startswith("would enforce restricted (now: nothing)")
    assert list(unsafe(SETTINGS, namespace(**{"pod-security.kubernetes.io/enforce": "restricted"}))) == []
    assert list(unsafe(SETTINGS, None)) == []
    assert list(unsafe(from_engine(minimal(podSecurity="as it is")), namespace())) == []
