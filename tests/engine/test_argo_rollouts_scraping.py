"""What the real Prometheus takes from the real controller of Argo Rollouts, and what it loses beyond the budget."""

from collections.abc import Iterator
from typing import Any

import lightkube
import pytest
from lightkube.types import PatchType

from local.state import State
from observability import metrics
from tests.engine.monitored import Monitored, monitored
from tests.engine.operated import ServiceMonitor
from tests.engine.stack import NAMESPACE, Stack, stack_of

NAMES = "count by (__name__) ({{job={!r}}})"
SYNTHETIC = {metrics.UP} | {
    f"scrape_{what}"
    for what in ("duration_seconds", "samples_scraped", "samples_post_metric_relabeling", "series_added")
}
"""What Prometheus itself says of each target."""


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of a single service."""
    stack = stack_of(embedded_cluster, tmp_path_factory.mktemp("scraped"))
    entry = {"project": "A", "port": 8060, "image": "registry.example.com/scraped-api:1"}
    stack.up(lambda document: document.update(services={"scraped-api": entry}))
    stack.wait_for_phase("scraped-api", "Healthy")
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def seen(stack: Stack) -> Monitored:
    """Prometheus, once it has read of the service by both jobs of the controller."""
    seen = monitored(stack.state)
    for job in (metrics.ARGO_ROLLOUTS_JOB, metrics.ARGO_ROLLOUTS_REQUESTS_JOB):
        seen.wait_for(f'{metrics.UP}{{{metrics.JOB}="{job}"}} == 1')
    # Since the service is there: it comes after what watches it.
    own = f'{metrics.NAMESPACE}="{NAMESPACE}"'
    for metric in (f'{metrics.ROLLOUT_INFO}{{{own},{metrics.NAME}="scraped-api"}}', f"{metrics.API_REQUESTS}{{{own}}}"):
        seen.wait_for(f"count({metric}) > 0")
    return seen


def names(seen: Monitored, job: str) -> set[str]:
    """The metrics that a job has brought."""
    return {labels["__name__"] for labels, _ in seen.query(NAMES.format(job))} - SYNTHETIC


def test_each_metric_of_the_controller_is_taken_once(seen: Monitored) -> None:
    of_releases = names(seen, metrics.ARGO_ROLLOUTS_JOB)
    assert {metrics.ROLLOUT_INFO, metrics.ROLLOUT_EVENTS, metrics.RECONCILE_BUCKETS} <= of_releases
    assert metrics.API_REQUESTS not in of_releases
    assert names(seen, metrics.ARGO_ROLLOUTS_REQUESTS_JOB) == {metrics.API_REQUESTS}


def test_namespaces_are_those_of_the_objects(seen: Monitored) -> None:
    for metric in (metrics.ROLLOUT_INFO, metrics.API_REQUESTS):
        found = [labels for labels, _ in seen.query(metric)]
        assert NAMESPACE in {labels.get(metrics.NAMESPACE) for labels in found}
        assert [labels for labels in found if f"{metrics.EXPORTED}{metrics.NAMESPACE}" in labels] == []


def test_beyond_the_budget_requests_are_not_counted_any_more_and_releases_are_still_watched(
    seen: Monitored, client: lightkube.Client
) -> None:
    name = metrics.ARGO_ROLLOUTS_REQUESTS_JOB
    where: dict[str, Any] = {"namespace": "argo-rollouts", "patch_type": PatchType.MERGE}
    budget = dict(client.get(ServiceMonitor, name, namespace="argo-rollouts"))["spec"]["sampleLimit"]
    client.patch(ServiceMonitor, name, {"spec": {"sampleLimit": 1}}, **where)
    try:
        seen.wait_for(f'{metrics.UP}{{{metrics.JOB}="{name}"}} == 0')
        assert seen.value(f'{metrics.UP}{{{metrics.JOB}="{metrics.ARGO_ROLLOUTS_JOB}"}}') == 1
        assert metrics.ROLLOUT_INFO in names(seen, metrics.ARGO_ROLLOUTS_JOB)
    finally:
        client.patch(ServiceMonitor, name, {"spec": {"sampleLimit": budget}}, **where)
