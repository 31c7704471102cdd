"""What an application's owner is told of metrics that break the contract."""

import pytest
from legacy_php_adapter.metrics import Metrics

from local.simulator.application import Application
from local.simulator.behaviour import Behaviour
from observability.conformance import Expected, findings
from observability.exposition import UnreadableError, read

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
    found = findings(read(text), [read(before)] if before else [], Expected(service))
    return [str(each) for each in found]


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
            "http_requests_total is missing: count the requests served, by method, path, status",
        ),
        (
            exposition().replace("http_requests_total counter", "http_requests_total gauge"),
            "http_requests_total is gauge: make it a counter",
        ),
        (
            exposition(f'{LABELS},user_id="7"'),
            "http_requests_total has the label user_id, of which nearly every request has another value: take it out:"
            " Prometheus drops each of these series; logs and traces are the place for it",
        ),
        (
            exposition(f'{LABELS},handler="x"'),
            "http_request_duration_seconds has the label handler, which is not the contract's: take it out; there are"
            " method, path, status, service, version",
        ),
        (
            exposition(LABELS.replace("path", "handler")),
            "http_requests_total has the label handler, which is not the contract's: call it path",
        ),
        (exposition('method="GET"'), "http_requests_total lacks the label path: add it to each of its samples"),
        (exposition(error="5xx"), "status is 5xx: say the code itself, such as 200"),
        (exposition(LABELS.replace("GET", "get")), "method is get: spell it in capitals, such as GET"),
        (
            exposition(f'{LABELS},service="b-api"'),
            "service is b-api, and Prometheus calls it a-api: say the name of its Kubernetes Service, or leave the"
            " label out",
        ),
        (
            exposition(LABELS.replace("{id}", "12")),
            "path is /users/12: say the route's template, such as /users/{id}",
        ),
        (
            exposition(LABELS.replace("{id}", "3f2504e0-4f89-11d3-9a0c-0305e82c3301")),
            "path is /users/3f2504e0-4f89-11d3-9a0c-0305e82c3301: say the route's template, such as /users/{id}",
        ),
        (
            exposition(LABELS.replace("{id}", "?page=a")),
            "path is /users/?page=a, with a query: leave the query out",
        ),
        (
            exposition(bound="0.25"),
            "http_request_duration_seconds has no bucket of 0.3 s: add it; what is compared with it would be guessed",
        ),
        (
            exposition().replace('status="500",le="0.3"', 'status="500",le="0.4"'),
            "http_request_duration_seconds has no bucket of 0.3 s: add it; what is compared with it would be guessed",
        ),
        (
            exposition(bound="3000"),
            "http_request_duration_seconds has a bucket of 3000 s: observe seconds; these look like milliseconds",
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
            ' {method="PUT",path="/users/{id}",status="200"} and 1 more only in one of them: count and observe each'
            " request once, with the same labels",
        ),
        (
            exposition() + f'http_requests_total{{{LABELS},status="200"}} 0\n',
            'http_requests_total{method="GET",path="/users/{id}",status="200"} stands there twice: expose one'
            " registry, once",
        ),
        (
            exposition().replace(
                'status="200"} 0\nhttp_request_duration_seconds_b', 'status="200"} NaN\nhttp_request_duration_seconds_b'
            ),
            'http_requests_total{method="GET",path="/users/{id}",status="200"} is no count: expose numbers that begin'
            " at 0 and only rise",
        ),
    ],
)
def test_each_breach_is_told_with_what_would_mend_it(text: str, finding: str) -> None:
    assert finding in told(text, service="a-api")


def test_every_threshold_in_use_needs_a_bucket() -> None:
    found = findings(read(exposition(bound="0.8")), expected=Expected(thresholds=(0.8, 0.5), buckets=(0.8, 2)))
    assert [str(each) for each in found] == [
        "http_request_duration_seconds has no bucket of 0.5 s: add it; what is compared with it would be guessed",
        "http_request_duration_seconds has no bucket of 2 s: add it; metrics.buckets of its entry says that there is"
        " one",
    ]


def test_a_scrape_near_the_limit_is_told() -> None:
    (found,) = findings(read(exposition()), expected=Expected(sample_limit=12))
    assert found.breach == "there are 10 samples, and a scrape may have 12"
    assert findings(read(exposition()), expected=Expected(sample_limit=13)) == []


@pytest.mark.parametrize(
    ("content_type", "told"),
    [
        ("text/plain; version=0.0.4; charset=utf-8", []),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", []),
        ("", ["there is no Content-Type, and Prometheus refuses to read it"]),
        ("application/json", ["Content-Type is application/json, and Prometheus refuses to read it"]),
    ],
)
def test_a_content_type_that_prometheus_does_not_read_is_told(content_type: str, told: list[str]) -> None:
    body, _ = Metrics("a-api", ("/users/{id}",), 680).exposition(content_type)
    assert [each.breach for each in findings(read(body.decode(), content_type))] == told


def test_openmetrics_that_ends_too_early_is_no_exposition() -> None:
    with pytest.raises(UnreadableError, match="Missing # EOF at end"):
        read("# TYPE a gauge\na 1\n", "application/openmetrics-text; version=1.0.0")


STARTED = "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {}\n"


def test_a_counter_that_goes_back_in_the_same_process_is_told() -> None:
    (line,) = told(exposition(requests=3), before=exposition(requests=10))
    assert line.startswith("went back from one scrape to the next: http_request_duration_seconds_bucket{")
    assert "} from 10 to 3" in line
    assert line.endswith(": have all workers count together, or run one a pod (docs/instrumenting.md)")


def test_a_series_that_is_gone_is_told() -> None:
    (line,) = told(exposition(), before=exposition() + exposition(LABELS.replace("GET", "PUT")))
    assert line.startswith("were gone from one scrape to the next: http_request_duration_seconds_bucket{")
    assert 'method="PUT"' in line and "and 7 more" in line


def test_a_counter_may_begin_anew_with_its_process() -> None:
    later = STARTED.format(200) + exposition(requests=3)
    assert told(later, before=STARTED.format(100) + exposition(requests=10)) == []


def test_processes_that_answer_in_turn_are_told() -> None:
    one, other = (read(STARTED.format(start) + exposition()) for start in (100, 101))
    assert [each.breach for each in findings(one, [one, other])] == [
        "went back from one scrape to the next: process_start_time_seconds from 101 to 100"
    ]


def test_more_paths_than_routes_can_be_are_told() -> None:
    paths = [
        LABELS.replace("users/{id}", f"page-{chr(97 + number % 26)}{chr(97 + number // 26)}") for number in range(201)
    ]
    assert (
        "path has 201 values, more than 200: say the routes' templates; other for all addresses that are no route"
        in told("".join(map(exposition, paths)))
    )


@pytest.mark.parametrize("text", ["<!doctype html><p>Not found", "http_requests_total{method=GET} 1\n", "", "# EOF\n"])
def test_what_is_no_exposition_is_told_in_one_line(text: str) -> None:
    with pytest.raises(UnreadableError, match=r"^is (no exposition of metrics|empty)[^\n]*$"):
        read(text)
