"""Objectives become burn-rate alerts by exact arithmetic; what cannot be exceeded is no alert."""

from decimal import Decimal
from pathlib import Path

import pytest

from observability.links import Links
from observability.rule import Alert, RuleGroup
from observability.slo import BURN_WINDOWS, objectives, slo_groups
from observability.watched import Watched
from tests.unit.catalog_workbench import service, warnings

_DAYS = {"1h": Decimal(1) / 24, "6h": Decimal(6) / 24, "1d": Decimal(1), "3d": Decimal(3)}


def groups(tmp_path: Path, slo: str) -> list[RuleGroup]:
    return slo_groups(Watched(service(tmp_path, f"slo: {{{slo}}}"), "apis", Links()))


def alerts(tmp_path: Path, slo: str) -> list[Alert]:
    return [rule for group in groups(tmp_path, slo) for rule in group.rules if isinstance(rule, Alert)]


def thresholds(tmp_path: Path, slo: str) -> dict[str, str]:
    """The share that an alert begins at, by its long window; the short one has the same."""
    found = {}
    for alert in alerts(tmp_path, slo):
        long, short, _ = alert.expression.split(" and ")
        assert long.split(" > ")[1] == short.split(" > ")[1]
        found[alert.labels["window"]] = long.split(" > ")[1]
    return found


def test_the_windows_spend_two_five_ten_and_ten_percent_of_the_budget() -> None:
    spent = [window.factor * _DAYS[window.long] / 30 for window in BURN_WINDOWS]
    assert [round(share, 6) for share in spent] == [Decimal(each) for each in ("0.02", "0.05", "0.1", "0.1")]


def test_the_short_window_is_a_twelfth_of_the_long_one() -> None:
    pairs = [(window.long, window.short) for window in BURN_WINDOWS]
    assert pairs == [("1h", "5m"), ("6h", "30m"), ("1d", "2h"), ("3d", "6h")]


def test_a_burn_is_told_sooner_the_faster_it_is(tmp_path: Path) -> None:
    found = alerts(tmp_path, "availability: 99.5%, latency: null")
    assert [(alert.severity, alert.labels["window"], str(alert.held)) for alert in found] == [
        ("critical", "1h", "2m"),
        ("critical", "6h", "15m"),
        ("warning", "1d", "1h"),
        ("warning", "3d", "3h"),
    ]


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("99.9%", {"1h": "0.0144", "6h": "0.006", "1d": "0.003", "3d": "0.001"}),
        ("99.5%", {"1h": "0.072", "6h": "0.03", "1d": "0.015", "3d": "0.005"}),
        # In binary fractions 14.4 × (1 − 0.99) is 0.14400000000000013.
        ("99%", {"1h": "0.144", "6h": "0.06", "1d": "0.03", "3d": "0.01"}),
        ("99.99%", {"1h": "0.00144", "6h": "0.0006", "1d": "0.0003", "3d": "0.0001"}),
    ],
)
def test_thresholds_are_factor_times_budget_to_the_last_digit(
    tmp_path: Path, objective: str, expected: dict[str, str]
) -> None:
    assert thresholds(tmp_path, f"availability: {objective}, latency: null") == expected


@pytest.mark.parametrize(
    ("objective", "windows"),
    [
        ("94%", ["1h", "6h", "1d", "3d"]),
        ("93%", ["6h", "1d", "3d"]),
        ("80%", ["1d", "3d"]),
        ("50%", ["3d"]),
    ],
)
def test_a_burn_that_even_an_outage_does_not_reach_is_no_alert(
    tmp_path: Path, objective: str, windows: list[str]
) -> None:
    assert list(thresholds(tmp_path, f"availability: {objective}, latency: null")) == windows


def test_the_catalog_warns_of_an_objective_whose_fastest_alert_is_left_out(tmp_path: Path) -> None:
    slo = "availability: null, latency: {threshold: 300ms, objective: 93%}"
    assert list(thresholds(tmp_path, slo)) == ["6h", "1d", "3d"]
    assert len(warnings(tmp_path, f"slo: {{{slo}}}")) == 1


def test_a_service_that_promises_nothing_has_no_objectives(tmp_path: Path) -> None:
    assert groups(tmp_path, "availability: null, latency: null") == []


@pytest.mark.parametrize(
    ("slo", "names"),
    [
        ("latency: null", ["availability"]),
        ("availability: null", ["latency"]),
        ("availability: 99.5%", ["availability", "latency"]),
    ],
)
def test_a_service_has_the_objectives_it_promises(tmp_path: Path, slo: str, names: list[str]) -> None:
    watched = Watched(service(tmp_path, f"slo: {{{slo}}}"), "apis", Links())
    assert [objective.name for objective in objectives(watched)] == names


def test_long_windows_read_records_and_never_what_pods_expose(tmp_path: Path) -> None:
    for group in groups(tmp_path, "availability: 99.5%"):
        for rule in group.rules:
            assert "http_requests_total" not in rule.expression
            assert "rate(" not in rule.expression
