"""What an application's owner is told of metrics that break the contract."""

import pytest
from legacy_php_adapter.metrics import Metrics

from local.simulator.application import Application
from local.simulator.behaviour import Behaviour
from observability.conformance import UnreadableError, findings, read

LABELS = 'method="GET",path="/users/{id}"'


def exposition(labels: str = LABELS, bound: str = "0.3", error: str = "500", requests: int = 0) -> str:
    """Both metrics, of one route, with a success and an error."""
    lines = ["# TYPE http_requests_total counter", "# TYPE http_request_duration_seconds histogram"]
    for status in ("200", error):
        each = f'{labels},status="{status}"'
        lines += [
            f"http_requests_total{{{each}}} {requests}",
            f'http_request_duration_seconds_bucket{{{each},le="{bound}"}} {requests}',
            f'http_request_duration_seconds_bucket{{{each},le="+Inf"}} {requests}',
            f"http_request_duration_seconds_sum{{{each}}} 0",
            f"http_request_duration_seconds_count{{{each}}} {requests}",
        ]
    return "\n".join(lines) + "\n"


def told(text: str, before: str = "", service: str = "") -> list[str]:
    return findings(read(text), [read(before)] if before else [], service=service)


def test_nothing_is_told_of_metrics_that_keep_the_contract() -> None:
    assert told(exposition()) == []


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_nothing_is_told_of_the_simulated_application(accept: str) -> None:
    application = Application("a-api", "a-pod", seed=1)
    for _ in range(10):
        application.tick(50, Behaviour())
    body, _ = application.exposition(accept)
    assert told(body.decode(), service="a-api") == []


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_nothing_is_told_of_the_legacy_adapter(accept: str) -> None:
    adapter = Metrics("a-api", ("/users/{id}", "/assets/{file:path}"), 800)
    adapter.count("PUT", "/users/{id}", 204, 0.1)
    body, _ = adapter.exposition(accept)
    assert told(body.decode(), service="a-api") == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "other_total 1\n",
            "http_requests_total is missing: a counter of the requests served, by method, path, status",
        ),
        (
            exposition().replace("http_requests_total counter", "http_requests_total gauge"),
            "http_requests_total is gauge, and should be a counter",
        ),
        (
            exposition(f'{LABELS},user_id="7"'),
            "http_requests_total has the label user_id, of which nearly every request has another value: take it out",
        ),
        (
            exposition(f'{LABELS},handler="x"'),
            "http_request_duration_seconds has the label handler, which is not the contract's"
            " (method, path, status, service, version): take it out",
        ),
        (exposition('method="GET"'), "http_requests_total lacks the label path"),
        (exposition(error="5xx"), "status is 5xx, and should be the code itself, such as 200"),
        (exposition(LABELS.replace("GET", "get")), "method is get, and should be in capitals, such as GET"),
        (exposition(f'{LABELS},service="b-api"'), "service is b-api, and Prometheus calls it a-api"),
        (
            exposition(LABELS.replace("{id}", "12")),
            "path is /users/12, and should be the route's template, such as /users/{id}",
        ),
        (
            exposition(LABELS.replace("{id}", "3f2504e0-4f89-11d3-9a0c-0305e82c3301")),
            "path is /users/3f2504e0-4f89-11d3-9a0c-0305e82c3301, and should be the route's template,"
            " such as /users/{id}",
        ),
        (
            exposition(LABELS.replace("{id}", "?page=a")),
            "path is /users/?page=a, with a query, of which every request may have another",
        ),
        (
            exposition(bound="0.25"),
            "http_request_duration_seconds has no bucket of 0.3 s: what is compared with it would be guessed",
        ),
        (
            exposition(bound="3000"),
            "http_request_duration_seconds has a bucket of 3000 s: are its durations in milliseconds?",
        ),
        (
            exposition(error="404"),
            "http_requests_total has no series of a server error for GET /users/{id}: have it there at 0 from the"
            " start, or the first error of each is not seen",
        ),
        (
            exposition().replace('http_requests_total{method="GET"', 'http_requests_total{method="PUT"'),
            "http_requests_total and http_request_duration_seconds have not the same series:"
            ' {method="GET",path="/users/{id}",status="200"}, {method="GET",path="/users/{id}",status="500"},'
            ' {method="PUT",path="/users/{id}",status="200"} and 1 more only in one of them',
        ),
    ],
)
def test_each_breach_is_told_with_what_would_mend_it(text: str, finding: str) -> None:
    assert finding in told(text, service="a-api")


def test_every_threshold_in_use_needs_a_bucket() -> None:
    found = findings(read(exposition(bound="0.8")), thresholds=(0.8, 0.5))
    assert [line for line in found if "bucket" in line] == [
        "http_request_duration_seconds has no bucket of 0.5 s: what is compared with it would be guessed"
    ]


STARTED = "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {}\n"


def test_a_counter_that_goes_back_in_the_same_process_is_told() -> None:
    (line,) = told(exposition(requests=3), before=exposition(requests=10))
    assert line.startswith("went back from one scrape to the next: http_request_duration_seconds_bucket{")
    assert "} from 10 to 3" in line and line.endswith("; do several workers each count their own?")


def test_a_series_that_is_gone_is_told() -> None:
    (line,) = told(exposition(), before=exposition() + exposition(LABELS.replace("GET", "PUT")))
    assert line.startswith("were gone from one scrape to the next: http_request_duration_seconds_bucket{")
    assert 'method="PUT"' in line and "and 7 more" in line


def test_a_counter_may_begin_anew_with_its_process() -> None:
    later = STARTED.format(200) + exposition(requests=3)
    assert told(later, before=STARTED.format(100) + exposition(requests=10)) == []


def test_processes_that_answer_in_turn_are_told() -> None:
    one, other = (read(STARTED.format(start) + exposition()) for start in (100, 101))
    assert findings(one, [one, other]) == [
        "went back from one scrape to the next: process_start_time_seconds from 101 to 100;"
        " do several workers each count their own?"
    ]


def test_more_paths_than_routes_can_be_are_told() -> None:
    paths = [
        LABELS.replace("users/{id}", f"page-{chr(97 + number % 26)}{chr(97 + number // 26)}") for number in range(201)
    ]
    assert "path has 201 values, more than 200: are they the routes' templates?" in told(
        "".join(map(exposition, paths))
    )


@pytest.mark.parametrize("text", ["<!doctype html><p>Not found", "http_requests_total{method=GET} 1\n", "", "# EOF\n"])
def test_what_is_no_exposition_is_told_in_one_line(text: str) -> None:
    with pytest.raises(UnreadableError, match=r"^is (no exposition of metrics|empty)[^\n]*$"):
        read(text)
