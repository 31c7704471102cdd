"""The two lines that the FastAPI services add, in a real server: one process, and several workers."""

import http.client
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.built_in import BUCKETS
from catalog.quantities import Duration
from local.waiting import wait_until
from observability import metrics
from observability.conformance import Expected, Finding, findings
from observability.exposition import Exposition, read
from tests.adapter import serving
from tests.adapter.asking import Counted, ask, counted, samples, status_of


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with serving.instrumented(tmp_path_factory.mktemp("application")) as port:
        yield port


@pytest.fixture
def before(application: int) -> Counted:
    """What had been counted before the test."""
    return counted(application)


def scraped(port: int) -> Exposition:
    return read(ask(port, "/metrics").body.decode())


def breaches(now: Exposition, *earlier: Exposition) -> list[Finding]:
    return findings(now, earlier, Expected("a-api"))


def test_its_metrics_keep_the_contract_before_and_after_requests(application: int) -> None:
    first = scraped(application)
    for target in ("/users/1", "/users/x", "/api/v1/7/reports/a/b", "/fails", "/static/asking.py", "/no/such/page"):
        assert status_of(application, target) in (200, 404, 422, 500)
        assert status_of(application, target, "DELETE") in (404, 405)
    second = scraped(application)
    assert breaches(first) == []
    assert breaches(second, first) == []


def test_its_buckets_are_the_contracts(application: int) -> None:
    bounds = {float(sample.labels["le"]) for sample in scraped(application).named(metrics.DURATION_BUCKETS)}
    assert bounds == {*(Duration.parse(bound) for bound in BUCKETS), float("inf")}


def test_the_errors_of_each_route_are_at_0_before_its_first_request(application: int) -> None:
    errors = {
        (sample.labels["method"], sample.labels["path"])
        for sample in scraped(application).named(metrics.REQUESTS)
        if sample.labels["status"] in ("500", "503") and sample.value == 0
    }
    assert {("POST", "/users"), ("GET", "/sub/items/{item}"), ("GET", "/api/v1/{tenant}/reports/{name}")} <= errors


@pytest.mark.parametrize(
    "request_and_count",
    [
        ("GET", "/users/12", "/users/{user_id}", 200),
        ("GET", "/users/x", "/users/{user_id}", 422),
        ("POST", "/users", "/users", 201),
        ("DELETE", "/users", "/users", 405),
        ("GET", "/api/v1/7/reports/2026/11.pdf", "/api/v1/{tenant}/reports/{name}", 200),
        ("GET", "/api/v1/old", "/api/v1/old", 302),
        ("GET", "/fails", "/fails", 500),
        ("GET", "/overloaded", "/overloaded", 503),
        ("GET", "/sub/items/a", "/sub/items/{item}", 200),
        ("GET", "/sub/none", "/sub/{path}", 404),
        ("GET", "/static/asking.py", "/static/{path}", 200),
        ("GET", "/static/none.css", "/static/{path}", 404),
        ("GET", "/users/12/", "other", 307),
        ("GET", "/wp-login.php", "other", 404),
        ("PURGE", "/users", "/users", 405),
    ],
)
def test_a_request_is_counted_once_under_its_routes_template(
    application: int, before: Counted, request_and_count: tuple[str, str, str, int]
) -> None:
    method, target, path, status = request_and_count
    assert status_of(application, target, method) == status
    name = method if method in ("GET", "POST", "DELETE") else "other"
    assert counted(application) - before == {(name, path, str(status)): 1}


def test_an_answer_that_breaks_off_is_an_error(application: int, before: Counted) -> None:
    with pytest.raises(http.client.IncompleteRead):
        ask(application, "/breaks-off")
    assert counted(application) - before == {("GET", "/breaks-off", "500"): 1}


def test_a_client_that_leaves_is_none(application: int, before: Counted) -> None:
    with socket.create_connection(("127.0.0.1", application)) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(15) == b"HTTP/1.1 200 OK"
    expected = {("GET", "/endless", "499"): 1}
    wait_until(lambda: counted(application) - before == expected, 60, "the client that left to be counted")


def test_what_goes_on_after_the_answer_is_not_measured(application: int, before: Counted) -> None:
    assert ask(application, "/afterwards").body == b'"done"'
    assert counted(application) - before == {("GET", "/afterwards", "200"): 1}
    (seconds,) = (
        value
        for name, labels, value in samples(application)
        if name == metrics.DURATION_SUM and (labels["path"], labels["status"]) == ("/afterwards", "200")
    )
    assert seconds < 1


def test_its_metrics_are_not_counted(application: int, before: Counted) -> None:
    assert [status_of(application, "/metrics") for _ in range(3)] == [200, 200, 200]
    assert not counted(application) - before


def test_several_workers_answer_as_one(tmp_path: Path) -> None:
    with serving.instrumented(tmp_path, "--workers", "3") as port:
        asked = 0

        def all_answer() -> bool:
            nonlocal asked
            asked += 30
            return len(answering(port, range(30))) == 3

        wait_until(all_answer, 60, "all workers to answer")
        before = scraped(port)
        assert len(answering(port, range(200))) > 1
        # A worker counts after it has answered, and another one may be asked for the metrics meanwhile.
        expected = Counter({("GET", "/users/{user_id}", "200"): asked + 200})
        wait_until(lambda: counted(port) == expected, 60, f"{asked + 200} requests to be counted, and no more")
        for _ in range(10):
            assert breaches(scraped(port), before) == []


def test_workers_that_each_count_their_own_are_told_apart(tmp_path: Path) -> None:
    with serving.instrumented(tmp_path, "--workers", "3", together=False) as port:
        wait_until(lambda: len(answering(port, range(30))) == 3, 60, "all workers to answer")
        found: list[Finding] = []

        def contradictory() -> bool:
            """Whether two of the workers were asked, which is the kernel's choice."""
            found[:] = findings(scraped(port), [scraped(port) for _ in range(30)])
            return bool(found)

        wait_until(contradictory, 60, "several workers to be asked for their metrics")
    assert [each.breach.partition(":")[0] for each in found] == ["went back from one scrape to the next"]


def answering(port: int, users: Sequence[int]) -> set[bytes]:
    """The workers that answer so many requests."""
    with ThreadPoolExecutor(8) as pool:
        bodies = pool.map(lambda user: ask(port, f"/users/{user}").body, users)
        return {body.partition(b'"worker":')[2] for body in bodies}
