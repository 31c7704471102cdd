"""What the real Prometheus makes of applications that are odd, on the ServiceMonitors that the program provisions."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.simulator.behaviour import Scenario
from local.simulator.control import play_one
from local.state import State
from local.waiting import wait_until
from observability import metrics
from observability.series import series
from tests.engine.monitored import Monitored, monitored
from tests.engine.stack import NAMESPACE, Stack, stack_of

ODD = ["forbidden-labels", "hangs", "labelled-requests", "nan", "nan-latency", "newborn-errors", "good"]
SECONDS = 240
SAMPLE_LIMIT = 1250
"""Two ids on each route that has one are within it (1,086 samples), five are not (1,950)."""


def name_of(tag: str) -> str:
    """The service that plays it."""
    return f"{tag}-api"


def odd_services(content: dict[str, Any]) -> None:
    """Instead of the nine, one for each tag, of one pod."""
    content["services"] = {
        name_of(tag): {
            "project": "Odd",
            "port": 8130 + number,
            "image": f"registry.example.com/odd:{tag}",
            "metrics": {"interval": "2s", "sampleLimit": SAMPLE_LIMIT},
            "environments": {"local": {"replicas": 1}},
        }
        for number, tag in enumerate(ODD)
    }


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = stack_of(embedded_cluster, tmp_path_factory.mktemp("odd"))
    stack.settings = {"alerting": {}}
    stack.up(odd_services)
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def seen(stack: Stack) -> Monitored:
    return monitored(stack.state)


def of(tag: str, metric: str, **labels: str) -> str:
    """The selector of a metric of that service."""
    return series(metric, {metrics.NAMESPACE: NAMESPACE, metrics.SERVICE: name_of(tag), **labels})


def wait_for(seen: Monitored, promql: str) -> float:
    """The value of a condition, once it holds."""
    wait_until(lambda: seen.value(promql) is not None, SECONDS, promql)
    value = seen.value(promql)
    assert value is not None
    return value


def wait_for_error(seen: Monitored, tag: str, error: str) -> None:
    """Until a scrape of the service's pod has failed so."""

    def failed() -> bool:
        own = (each for each in seen.targets() if each["labels"].get("service") == name_of(tag))
        return any(error in each["lastError"] for each in own)

    wait_until(failed, SECONDS, f"a scrape of {tag} to fail with {error!r}")


def dropped(tag: str) -> str:
    """How many samples of a scrape are thrown away."""
    return f"{of(tag, metrics.SAMPLES_SCRAPED)} - {of(tag, metrics.SAMPLES_KEPT)}"


def test_a_counter_by_user_is_dropped_and_the_requests_stay(seen: Monitored) -> None:
    assert wait_for(seen, f"{dropped('forbidden-labels')} > 10") <= 100
    assert seen.query(of("forbidden-labels", "http_requests_by_user_total")) == []
    assert wait_for(seen, f"sum(rate({of('forbidden-labels', metrics.REQUESTS)}[1m])) > 0") > 0


def test_requests_by_user_are_dropped_as_a_whole(seen: Monitored) -> None:
    assert wait_for(seen, f"{dropped('labelled-requests')} > 100") > 100
    assert seen.query(of("labelled-requests", metrics.REQUESTS)) == []


def test_a_target_that_hangs_is_down_once_the_scrape_gives_up(seen: Monitored) -> None:
    wait_for_error(seen, "hangs", "context deadline exceeded")
    assert wait_for(seen, f"{of('hangs', metrics.UP)} == 0") == 0


def test_samples_that_are_no_numbers_are_taken_as_they_are(seen: Monitored) -> None:
    total = f"sum({of('nan', metrics.REQUESTS)})"
    assert wait_for(seen, f"{total} != {total}") != 0  # NaN alone differs from itself


def test_durations_that_are_no_numbers_have_no_quantile(seen: Monitored) -> None:
    wait_for(seen, f"sum(rate({of('nan-latency', metrics.REQUESTS)}[1m])) > 0")
    buckets = f"sum by (le) (rate({of('nan-latency', metrics.DURATION_BUCKETS)}[1m]))"
    quantile = f"histogram_quantile(0.95, {buckets})"
    assert seen.value(f"{quantile} >= 0") is None
    assert seen.query(quantile)


def test_newborn_errors_are_series_of_one_route_each_that_rate_does_not_see(seen: Monitored) -> None:
    errors = of("newborn-errors", metrics.REQUESTS, status="500")
    assert wait_for(seen, f"count({errors}) >= 5") >= 5
    assert seen.value(f"count({errors} < 1)") is None


def test_an_explosion_of_paths_uses_the_budget_of_samples_up_and_then_no_scrape_succeeds(
    stack: Stack, seen: Monitored
) -> None:
    service = f"{NAMESPACE}/{name_of('good')}"
    try:
        play_one(stack.state, service, Scenario.model_validate({"stable": {"distinct_ids": 2}}))
        share = f"{of('good', metrics.SAMPLES_KEPT)} / {SAMPLE_LIMIT}"
        assert wait_for(seen, f"{share} > 0.8 and {share} <= 1") > 0.8
        play_one(stack.state, service, Scenario.model_validate({"stable": {"distinct_ids": 5}}))
        wait_for_error(seen, "good", "sample limit exceeded")
    finally:
        play_one(stack.state, service, None)
