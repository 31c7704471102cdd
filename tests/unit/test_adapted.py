"""What the catalog says of a service with an adapter is what the adapter itself would say."""

import json
from pathlib import Path

import legacy_php_adapter.metrics as adapter_metrics
import legacy_php_adapter.paths as adapter_paths
import pytest
from hypothesis import given
from hypothesis import strategies as st
from legacy_php_adapter.application import ALIVE_PATH, METRICS_PATH
from legacy_php_adapter.settings import SettingsError, read_settings

from catalog import adapted, routes
from components.containers import containers
from tests.unit.catalog_workbench import fault, service

ADAPTER = "adapter: {image: 'a:1', upstreamPort: 8080"

segment = st.text("ab0{}_:.%-가 ?#\t\u00a0", max_size=6) | st.sampled_from(
    ["", "{id}", "{file:path}", "{1}", "{a-b}", "x{id}", "{", "}", "{}", "{id:int}", "a.php"]
)
written = st.lists(segment, max_size=5).map("/".join) | st.lists(segment, max_size=5).map(
    lambda parts: "/" + "/".join(parts)
)


def verdict_of_the_catalog(route: object) -> str | None:
    try:
        routes.checked_route(route)
    except ValueError:
        return None
    return str(route)


def verdict_of_the_adapter(route: object) -> str | None:
    try:
        return adapter_paths.checked_route(route)
    except adapter_paths.WrongRouteError:
        return None


@given(written | st.text(max_size=12) | st.integers() | st.none())
def test_a_route_is_one_for_the_catalog_where_it_is_one_for_the_adapter(route: object) -> None:
    assert verdict_of_the_catalog(route) == verdict_of_the_adapter(route)


@pytest.mark.parametrize(
    "route", ["/", "/users/{id}", "/assets/{file:path}", "//a//", "/강의/{번호}", "/a b", "/{a:path}/b"]
)
def test_and_so_it_is_for_these(route: str) -> None:
    assert verdict_of_the_catalog(route) == verdict_of_the_adapter(route)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (", routes: [users]}", "adapter.routes[0]: 'users' is not a path that begins with '/' (such as /users/{id})"),
        (", routes: ['/a?b']}", "adapter.routes[0]: '/a?b' is not a path that begins with '/' (such as /users/{id})"),
        (", routes: ['/a{b}']}", "adapter.routes[0]: '/a{b}': 'a{b}' is not a whole segment such as {id}"),
        (
            ", routes: [/, '/{a:path}/b']}",
            "adapter.routes[1]: '/{a:path}/b': '{a:path}' takes all that follows, so it must be the last segment",
        ),
        (", connections: 0}", "adapter.connections: 0 is not a number of connections (1–100000)"),
        (", responseTimeout: 1500ms}", "adapter.responseTimeout: 1s500ms is not a whole number of seconds of at most"),
        (", maxBody: 100}", "adapter.maxBody: 100 has no unit"),
        (", logLevel: debug}", "adapter.logLevel: 'debug' is not one of 'info', 'warning' or 'error'"),
        (", timeout: 5s}", "adapter.timeout: unknown key"),
        ("}, metrics: {path: /stats}", "metrics.path: the adapter serves the metrics at /metrics; leave it out"),
        ("}, metrics: {buckets: [300ms, 25h]}", "metrics.buckets: the adapter measures by 100 buckets of 24h at most"),
        (
            "}, shutdown: {drain: 5s, grace: 10s}",
            "shutdown.grace: 10s leaves the adapter no time to finish requests: after shutdown.drain it needs a second "
            "or more, and the application behind it 5 s; make it 11s or longer",
        ),
        ("}, shutdown: {drain: 10s, grace: 10s}", "shutdown.grace: 10s is over before shutdown.drain 10s is"),
        (
            "}, metrics: {sampleLimit: 600}",
            "metrics.sampleLimit: 600 has no room for 0 adapter.routes, of which each is 14 series of 22 samples from "
            "the start; raise it to 616 at least, or list fewer routes",
        ),
    ],
)
def test_an_adapter_that_would_not_start_is_refused_with_what_would_mend_it(
    tmp_path: Path, more: str, told: str
) -> None:
    assert fault(tmp_path, f"{ADAPTER}{more}").startswith(told)


@pytest.mark.parametrize("count", [47, 48])
def test_more_routes_than_there_are_series_for_are_refused_by_both(tmp_path: Path, count: int) -> None:
    listed = json.dumps([f"/page-{number}" for number in range(count)])
    entry = f"{ADAPTER}, routes: {listed}}}"
    if count == 48:
        assert "has no room for 48 adapter.routes" in fault(tmp_path, entry)
        entry = f"{entry}, metrics: {{sampleLimit: 20328}}"
    service(tmp_path, entry)


@pytest.mark.parametrize("limit", [20_000, 616, 1_000_000])
def test_the_adapter_never_exposes_more_than_prometheus_takes_and_no_alert_warns(tmp_path: Path, limit: int) -> None:
    found = service(tmp_path, f"{ADAPTER}}}, metrics: {{sampleLimit: {limit}}}")
    (container,) = [each for each in containers(found) if each["name"] == "adapter"]
    settings = read_settings({each["name"]: each["value"] for each in container["env"]})
    assert settings.max_series * (adapted.SAMPLES_BESIDE_BUCKETS + len(settings.buckets)) < 0.8 * limit


def test_what_both_must_agree_on_is_the_same() -> None:
    assert (adapted.METRICS_PATH, adapted.HEALTH_PATH) == (METRICS_PATH, ALIVE_PATH)
    assert adapted.SERIES_OF_A_ROUTE == adapter_metrics.SERIES_OF_A_ROUTE
    assert adapted.SERIES_OF_OTHER == adapter_metrics.SERIES_OF_OTHER


@pytest.mark.parametrize("more", [0, 1])
def test_the_most_buckets_are_the_adapters(more: int) -> None:
    bounds = json.dumps([number + 1 for number in range(adapted.MOST_BUCKETS + more - 1)] + [86_400])
    needed = {"ADAPTER_PORT": "1", "ADAPTER_UPSTREAM": "http://a:1", "ADAPTER_SERVICE": "a"}
    if more:
        with pytest.raises(SettingsError, match="is not a list of 1–100 times"):
            read_settings({**needed, "ADAPTER_BUCKETS": bounds})
    else:
        assert max(read_settings({**needed, "ADAPTER_BUCKETS": bounds}).buckets) == adapted.LONGEST_BUCKET_SECONDS
