"""How many pods a service has by itself, and how many may be missing."""

from pathlib import Path

import pytest

from tests.unit.api_workbench import manifest, recorded
from tests.unit.catalog_workbench import fault, service

SCALED = "autoscaling: {min: 3, max: 9, cpu: 70%}"


def test_the_autoscaler_scales_the_rollout_between_its_limits(tmp_path: Path, preview: bool) -> None:
    found = manifest(service(tmp_path, SCALED), "HorizontalPodAutoscaler", preview)
    assert found["spec"]["scaleTargetRef"] == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "name": "a-api",
    }
    assert (found["spec"]["minReplicas"], found["spec"]["maxReplicas"]) == (3, 9)


def test_use_is_held_in_whole_percent_of_what_the_services_own_container_requests(
    tmp_path: Path, preview: bool
) -> None:
    found = manifest(
        service(tmp_path, "autoscaling: {min: 1, max: 2, cpu: 66.6%, memory: 0.8}"), "HorizontalPodAutoscaler", preview
    )
    assert found["spec"]["metrics"] == [
        {
            "type": "ContainerResource",
            "containerResource": {
                "container": "api",
                "name": name,
                "target": {"type": "Utilization", "averageUtilization": percent},
            },
        }
        for name, percent in (("cpu", 67), ("memory", 80))
    ]


@pytest.mark.parametrize(
    ("labels", "selector"),
    [("", {}), (", labels: {service: a}", {"selector": {"matchLabels": {"service": "a"}}})],
    ids=["every series", "some series"],
)
def test_a_metric_of_the_cluster_is_held_at_an_average_for_each_pod(
    tmp_path: Path, labels: str, selector: dict[str, object], preview: bool
) -> None:
    external = f"external: {{name: requests_per_second, average: '1.5'{labels}}}"
    found = manifest(
        service(tmp_path, f"autoscaling: {{min: 1, max: 2, {external}}}"), "HorizontalPodAutoscaler", preview
    )
    assert found["spec"]["metrics"] == [
        {
            "type": "External",
            "external": {
                "metric": {"name": "requests_per_second", **selector},
                "target": {"type": "AverageValue", "averageValue": "1500m"},
            },
        }
    ]


def test_a_scaled_rollout_starts_at_the_least_and_is_then_left_to_the_autoscaler(tmp_path: Path, preview: bool) -> None:
    rollout = recorded(service(tmp_path, SCALED), preview).one("Rollout", "a-api")
    assert rollout.inputs["spec"]["replicas"] == 3
    assert rollout.ignore_changes == ("spec.replicas",)


def test_without_an_autoscaler_the_number_of_pods_is_the_catalogs(tmp_path: Path, preview: bool) -> None:
    recording = recorded(service(tmp_path, "replicas: 7"), preview)
    rollout = recording.one("Rollout", "a-api")
    assert rollout.inputs["spec"]["replicas"] == 7
    assert rollout.ignore_changes == ()
    assert recording.of("HorizontalPodAutoscaler") == []


def test_the_autoscaler_comes_after_the_rollout_it_scales(tmp_path: Path, preview: bool) -> None:
    recording = recorded(service(tmp_path, SCALED), preview)
    scaler = recording.one("HorizontalPodAutoscaler", "a-api")
    assert recording.one("Rollout", "a-api").urn in scaler.depends_on


@pytest.mark.parametrize("most", ["2", "25%"])
def test_only_so_many_pods_may_be_missing_and_broken_ones_never_hold_a_node(
    tmp_path: Path, most: str, preview: bool
) -> None:
    found = manifest(service(tmp_path, f"disruptionBudget: {{maxUnavailable: {most}}}"), "PodDisruptionBudget", preview)
    assert found["spec"] == {
        "maxUnavailable": int(most) if most.isdecimal() else most,
        "selector": {"matchLabels": {"app.kubernetes.io/name": "a-api", "app.kubernetes.io/instance": "a-api"}},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }


@pytest.mark.parametrize(
    ("more", "budgets"),
    [
        ("replicas: 1", 0),
        ("replicas: 2", 1),
        ("autoscaling: {min: 1, max: 1, cpu: 70%}", 0),
        ("autoscaling: {min: 1, max: 2, cpu: 70%}", 1),
        ("replicas: 3, disruptionBudget: null", 0),
    ],
)
def test_a_budget_is_made_where_more_than_one_pod_can_run(
    tmp_path: Path, more: str, budgets: int, preview: bool
) -> None:
    assert len(recorded(service(tmp_path, more), preview).of("PodDisruptionBudget")) == budgets


def test_a_patch_for_a_budget_that_a_single_pod_does_not_get_is_refused(tmp_path: Path) -> None:
    more = "replicas: 1, patch: {podDisruptionBudget: {metadata: {labels: {a: b}}}}"
    assert fault(tmp_path, more).startswith("patch.podDisruptionBudget: this service has no such object")
