"""The configuration by which kube-state-metrics tells the status of Rollouts."""

from typing import Any

import pytest

from observability import metrics, rollout_state

(RESOURCE,) = rollout_state.custom_resource_state()["spec"]["resources"]
TOLD: dict[str, dict[str, Any]] = {each["name"]: each["each"] for each in RESOURCE["metrics"]}

STATUS_METRICS = [value for name, value in vars(metrics).items() if str(value).startswith("rollout_status_")]


def test_every_metric_of_a_status_that_queries_may_name_is_told() -> None:
    assert sorted(TOLD) == sorted(STATUS_METRICS)
    assert len(STATUS_METRICS) == 12


def test_series_carry_the_labels_by_which_the_controllers_own_metrics_are_joined() -> None:
    assert set(RESOURCE["labelsFromPath"]) == {metrics.NAMESPACE, metrics.NAME}
    assert RESOURCE["metricNamePrefix"] == ""


@pytest.mark.parametrize("name", [metrics.ROLLOUT_REPLICAS, metrics.ROLLOUT_REPLICAS_UPDATED, metrics.ROLLOUT_ABORTED])
def test_what_a_status_leaves_out_at_nought_is_nought(name: str) -> None:
    assert TOLD[name]["gauge"]["nilIsZero"] is True


@pytest.mark.parametrize("name", [metrics.ROLLOUT_WEIGHT, metrics.ROLLOUT_STEP])
def test_what_a_status_does_not_know_is_no_series(name: str) -> None:
    assert "nilIsZero" not in TOLD[name]["gauge"]


def test_kube_state_metrics_may_see_rollouts_and_definitions_and_change_neither() -> None:
    assert {verb for rule in rollout_state.RBAC_RULES for verb in rule["verbs"]} == {"list", "watch"}
    resources = {resource for rule in rollout_state.RBAC_RULES for resource in rule["resources"]}
    assert resources == {"rollouts", "customresourcedefinitions"}
