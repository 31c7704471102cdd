"""The application in one pod exposes what the contract asks for, and nothing of it is left to chance."""

import re
from functools import cache

import pytest
from prometheus_client.parser import text_string_to_metric_families

from catalog.built_in import BUCKETS
from catalog.quantities import Duration
from local.simulator.application import TICK_SECONDS, Application
from local.simulator.behaviour import BEHAVIOURS, Behaviour
from local.simulator.routes import ROUTES
from observability import metrics

GOOD = BEHAVIOURS["good"]
OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.2"

Counters = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def counters(application: Application) -> Counters:
    """Every sample of the contract's metrics but the times at which they were born."""
    text = application.exposition("text/plain")[0].decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("http_") and not sample.name.endswith("_created")
    }


def ran(seconds: int, rate: float = 50.0, behaviour: Behaviour = GOOD, pod: str = "a", seed: int = 0) -> Application:
    application = Application("a-api", pod, seed)
    for _ in range(int(seconds / TICK_SECONDS)):
        application.tick(rate, behaviour)
    return application


@cache
def found_after(seconds: int, rate: float = 50.0, behaviour: Behaviour = GOOD) -> Counters:
    """The counters of an application that ran so."""
    return counters(ran(seconds, rate, behaviour))


def requests(found: Counters, **labels: str) -> float:
    return sum(
        value
        for (name, series), value in found.items()
        if name == metrics.REQUESTS and labels.items() <= dict(series).items()
    )


def duration_ratio(found: Counters, bound: float) -> float:
    """The share of the requests that took no longer than `bound` seconds."""
    below = sum(
        value
        for (name, series), value in found.items()
        if name == metrics.DURATION_BUCKETS and float(dict(series)["le"]) == bound
    )
    return below / requests(found)


def test_the_same_seed_pod_and_ticks_come_to_the_same_counters() -> None:
    assert counters(ran(100)) == counters(ran(100))


@pytest.mark.parametrize("other", [ran(100, seed=1), ran(100, pod="b"), ran(100, rate=51.0), ran(101)])
def test_another_seed_pod_rate_or_time_comes_to_others(other: Application) -> None:
    assert counters(other) != counters(ran(100))


def test_a_change_of_behaviour_leaves_the_number_of_requests_as_it_was() -> None:
    assert requests(counters(ran(100, behaviour=BEHAVIOURS["bad-errors"]))) == requests(counters(ran(100)))


def test_every_series_is_there_from_the_start_at_0() -> None:
    fresh = counters(ran(0))
    assert set(fresh.values()) == {0.0}
    assert fresh.keys() == counters(ran(500)).keys()
    for route in ROUTES:
        statuses = {dict(series)["status"] for name, series in fresh if ("path", route.path) in series}
        assert {route.success, "500"} <= statuses


def test_the_metrics_are_the_contracts_with_its_labels_and_no_others() -> None:
    found = counters(ran(10))
    assert {name for name, _ in found if not re.fullmatch(metrics.CONTRACT_METRICS, name)} == set()
    labels = {label for _, series in found for label, _ in series}
    assert labels == {metrics.SERVICE, "method", "path", metrics.STATUS, "le"}
    assert not labels & set(metrics.FORBIDDEN_LABELS)


def test_the_buckets_are_those_of_the_contract() -> None:
    bounds = {dict(series)["le"] for name, series in counters(ran(0)) if name == metrics.DURATION_BUCKETS}
    assert {float(bound) for bound in bounds} - {float("inf")} == {float(Duration.parse(each)) for each in BUCKETS}


def test_shares_of_routes_add_up_and_leave_the_quantiles_alone() -> None:
    assert sum(route.share for route in ROUTES) == pytest.approx(1)
    assert sum(route.share * route.lean for route in ROUTES) == pytest.approx(0)


def test_requests_come_at_the_rate_that_is_asked_for() -> None:
    assert requests(found_after(400)) == pytest.approx(20_000, rel=0.02)
    assert requests(found_after(400, rate=0)) == 0


@pytest.mark.parametrize(("name", "ratio"), [("good", 0.001), ("bad-errors", 0.1)])
def test_errors_come_in_the_ratio_that_is_asked_for(name: str, ratio: float) -> None:
    found = found_after(400, behaviour=BEHAVIOURS[name])
    assert requests(found, status="500") / requests(found) == pytest.approx(ratio, rel=0.5)


@pytest.mark.parametrize(("p95", "bound"), [(0.15, 0.15), (0.3, 0.3), (0.75, 0.75)])
def test_one_request_in_twenty_is_slower_than_the_p95_that_is_asked_for(p95: float, bound: float) -> None:
    behaviour = Behaviour(p50_seconds=0.05, p95_seconds=p95)
    assert duration_ratio(found_after(400, behaviour=behaviour), bound) == pytest.approx(0.95, abs=0.01)


def test_slow_routes_are_slower() -> None:
    found = found_after(400)

    def mean(path: str) -> float:
        total = sum(
            value
            for (name, series), value in found.items()
            if name == "http_request_duration_seconds_sum" and ("path", path) in series
        )
        return total / requests(found, path=path)

    assert mean("/reports/{id}") > 1.3 * mean("/courses")


@pytest.mark.parametrize(
    ("accept", "content_type"), [(OPEN_METRICS, "application/openmetrics-text"), ("", "text/plain")]
)
def test_prometheus_gets_the_format_it_asks_for(accept: str, content_type: str) -> None:
    body, told = ran(1).exposition(accept)
    assert told.startswith(content_type)
    assert body.endswith(b"# EOF\n") is (content_type != "text/plain")


def test_its_process_shows_what_the_requests_cost() -> None:
    def cpu(application: Application) -> float:
        value = application.registry.get_sample_value("process_cpu_seconds_total")
        assert value is not None
        return value

    assert cpu(ran(100)) > 2 * cpu(ran(100, rate=10)) > 0
