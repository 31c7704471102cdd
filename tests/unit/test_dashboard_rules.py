"""Limits as series: what a dashboard draws beside what is measured of a service."""

from pathlib import Path

import pytest

from catalog.services import Service
from observability import records
from observability.dashboard_rules import LATENCY_OBJECTIVE, MINIMUM_REQUESTS, dashboard_records
from tests.unit.catalog_workbench import service as service_of
from tests.unit.dashboards_workbench import watched_service


def limits(service: Service) -> dict[str, str]:
    """The expressions of the limits, by what they are for."""
    rules = dashboard_records(service, "apis").manifest()["rules"]
    found = [rule for rule in rules if rule["record"] == records.LIMIT]
    for rule in found:
        assert (rule["labels"]["namespace"], rule["labels"]["service"]) == ("apis", service.name)
    return {rule["labels"]["check"]: rule["expr"] for rule in found}


def test_a_service_has_the_limits_of_its_own_checks(service: Service) -> None:
    found = limits(service)
    assert {check: found[check] for check in ("error-rate", "p95-latency")} == {
        "error-rate": "vector(0.02)",
        "p95-latency": "vector(0.3)",
    }
    assert set(found) - {LATENCY_OBJECTIVE} == {"error-rate", "p95-latency", MINIMUM_REQUESTS}


def test_against_stable_the_limit_moves_with_what_stable_has(tmp_path: Path) -> None:
    found = limits(watched_service(tmp_path))
    assert found["p95-latency-against-stable"].endswith(") * 1.5 + 0.01")
    assert found["p99-latency-against-stable"].endswith(") * 2 + 0")
    assert found["error-rate-against-stable"].endswith(") * 2 + 0.005")
    assert all('version="stable"' in expression for check, expression in found.items() if "against" in check)


@pytest.mark.parametrize(
    ("criteria", "per_second"),
    [
        ("minimumRequests: 90", 90 / 45),
        ("minimumRequests: 90, window: 2m", 90 / 105),
        ("errorRate: 1%", 101 / 45),
    ],
)
def test_the_fewest_requests_are_those_between_the_scrapes_of_a_window(
    tmp_path: Path, criteria: str, per_second: float
) -> None:
    found = limits(service_of(tmp_path, f"canary: {{analysis: {{{criteria}}}}}"))
    assert float(found[MINIMUM_REQUESTS].removeprefix("vector(").removesuffix(")")) == pytest.approx(per_second)


def test_the_threshold_of_the_latency_objective_is_a_limit(tmp_path: Path) -> None:
    assert limits(watched_service(tmp_path))[LATENCY_OBJECTIVE] == "vector(0.3)"


def test_a_service_that_is_scraped_rarely_is_recorded_over_four_scrapes(tmp_path: Path) -> None:
    (rule,) = [
        rule
        for rule in dashboard_records(service_of(tmp_path, "metrics: {interval: 30s}"), "apis").manifest()["rules"]
        if rule["record"] == records.STATUS_RATE
    ]
    assert rule["expr"].endswith("[2m]))")
