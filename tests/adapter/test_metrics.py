"""The metrics contract, to the request."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.built_in import BUCKETS
from catalog.quantities import Duration
from observability import metrics
from tests.adapter import running
from tests.adapter.asking import ask, counted, samples, status_of
from tests.adapter.running import SERVICE, Adapter

ROUTES = '["/users/{id}", "/form", "/status"]'
LABELS = {metrics.SERVICE, metrics.METHOD, metrics.PATH, metrics.STATUS}


@pytest.fixture
def front(php: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapter]:
    with running.adapter(tmp_path_factory.mktemp("metrics"), php, {"ADAPTER_ROUTES": ROUTES}) as found:
        yield found


def test_every_request_is_counted_once_and_as_what_it_was(front: Adapter) -> None:
    kinds = [
        ("GET", "/users/{number}", "/users/{id}", 200),
        ("GET", "/users/{number}/", "/users/{id}", 200),
        ("HEAD", "/users/{number}", "/users/{id}", 200),
        ("POST", "/form", "/form", 200),
        ("GET", "/status?code=503", "/status", 503),
        ("GET", "/status?code=404", "/status", 404),
        ("PUT", "/body", "/body", 200),
        ("GET", "/redirect", "/redirect", 302),
        ("GET", "/error", "other", 500),
        ("GET", "/wp-login-{number}.php", "other", 404),
        ("PURGE", "/users/{number}", "/users/{id}", 501),
    ]
    requests = [(method, target.format(number=number)) for number in range(40) for method, target, _, _ in kinds]
    with ThreadPoolExecutor(8) as pool:
        answered = Counter(pool.map(lambda request: ask(front.port, request[1], request[0]).status, requests))
    assert answered == sum((Counter({status: 40}) for *_, status in kinds), Counter[int]())
    expected: Counter[tuple[str, str, str]] = Counter()
    for method, _, path, status in kinds:
        expected[("other" if method == "PURGE" else method, path, str(status))] += 40
    assert counted(front.port) == expected


def test_durations_are_observed_in_the_contracts_buckets(front: Adapter) -> None:
    for pause in (0, 0.4):
        assert status_of(front.port, f"/slow?seconds={pause}") == 200
    bounds = {
        float(labels["le"]): value
        for name, labels, value in samples(front.port)
        if name == metrics.DURATION_BUCKETS and (labels["path"], labels["status"]) == ("/slow", "200")
    }
    assert list(bounds) == [*(Duration.parse(bound) for bound in BUCKETS), float("inf")]
    assert (bounds[0.3], bounds[10]) == (1, 2)


def test_a_service_with_thresholds_of_its_own_has_buckets_of_its_own(php: int, tmp_path: Path) -> None:
    with running.adapter(tmp_path, php, {"ADAPTER_BUCKETS": "[0.5, 0.8, 2]"}) as adapter:
        bounds = {labels["le"] for name, labels, _ in samples(adapter.port) if name == metrics.DURATION_BUCKETS}
    assert bounds == {"0.5", "0.8", "2.0", "+Inf"}


def test_series_are_there_at_0_before_the_first_request(front: Adapter) -> None:
    present = {
        (labels["method"], labels["path"], labels["status"]): value
        for name, labels, value in samples(front.port)
        if name == metrics.REQUESTS
    }
    for path in ("/users/{id}", "/form", "other"):
        for method in ("GET", "POST"):
            assert {present[method, path, status] for status in ("200", "302", "404", "500", "502", "504")} == {0}


def test_a_path_that_is_learned_has_its_errors_at_0_too(front: Adapter) -> None:
    assert status_of(front.port, "/gzip") == 200
    found = [labels for name, labels, value in samples(front.port) if name == metrics.REQUESTS and value == 0]
    assert {labels["status"] for labels in found if labels["path"] == "/gzip"} >= {"500", "502", "504"}


def test_no_label_but_the_contracts_and_no_metric_but_its_own_and_the_process(front: Adapter) -> None:
    ask(front.port, "/users/1", headers=[("traceparent", f"00-{'a' * 32}-{'b' * 16}-01"), ("Cookie", "user_id=7")])
    for name, labels, _ in samples(front.port):
        if name.startswith("process_"):
            assert not labels
        else:
            assert name == metrics.REQUESTS or name.startswith(metrics.DURATION_BUCKETS.removesuffix("bucket"))
            assert set(labels) - {metrics.LE} == LABELS
            assert labels[metrics.SERVICE] == SERVICE


def test_prometheus_may_ask_for_its_own_format(front: Adapter) -> None:
    accept = [("Accept", "application/openmetrics-text;version=1.0.0")]
    answer = ask(front.port, "/metrics", headers=accept)
    assert str(answer.header("Content-Type")).startswith("application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")
