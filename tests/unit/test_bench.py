"""The parts of `make bench`: each can run alone, and what is only reckoned is reckoned rightly."""

from itertools import pairwise
from pathlib import Path
from statistics import fmean, pstdev

import pytest

from catalog.patch import patched
from observability import metrics
from observability.analysis import template_spec
from observability.dashboards import DASHBOARDS
from observability.links import API_DASHBOARD
from tests.bench.__main__ import main
from tests.bench.backfill import Series
from tests.bench.dashboards import STEP_SECONDS, refreshes
from tests.bench.disk import by_chance
from tests.bench.exposure import Exposed, as_the_guide, rows
from tests.bench.false_rollbacks import outcomes
from tests.bench.machine import machine
from tests.bench.parts import PARTS, part
from tests.bench.releases_by_chance import Canary
from tests.unit.catalog_workbench import service


@pytest.mark.parametrize("name", PARTS)
def test_a_part_has_a_title_and_measures(name: str) -> None:
    found = part(name)
    assert found.title.endswith(".")
    assert callable(found.measure)


def test_a_part_that_there_is_not_is_told_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard"]) == 2
    assert f"there are {', '.join(PARTS)}" in capsys.readouterr().err


def test_the_machine_is_named_in_one_line() -> None:
    assert "cores of " in machine()
    assert "\n" not in machine()


GOOD, FAIR = Canary(100, 0.001, 0.05, 0.15), Canary(100, 0.005, 0.07, 0.2)
BAD, SLOW = Canary(100, 0.1, 0.05, 0.15), Canary(100, 0.001, 0.25, 0.6)


@pytest.mark.parametrize(
    ("canary", "outcome"),
    [
        (GOOD, "promoted"),
        (FAIR, "promoted"),
        (BAD, "rolled back"),
        (SLOW, "rolled back"),
        (Canary(0, 0, 1, 2), "paused"),
    ],
)
def test_a_release_that_is_played_ends_as_a_real_one_would(tmp_path: Path, canary: Canary, outcome: str) -> None:
    assert outcomes(service(tmp_path, "replicas: 2"), canary, 20) == {outcome: 20}


def test_the_same_releases_are_played_at_every_run(tmp_path: Path) -> None:
    few = Canary(1.2, 0.005, 0.07, 0.2)
    assert outcomes(service(tmp_path, "replicas: 2"), few, 50) == outcomes(service(tmp_path, "replicas: 2"), few, 50)


def test_a_stricter_service_takes_back_more(tmp_path: Path) -> None:
    strict = service(tmp_path, "canary: {analysis: {errorRate: 0.1%}}")
    assert outcomes(strict, FAIR, 20)["rolled back"] == 20


def test_the_share_of_slow_requests_follows_from_the_quantiles() -> None:
    assert Canary(1, 0, 0.05, 0.15).slower_than(0.15) == pytest.approx(0.05)
    assert Canary(1, 0, 0.05, 0.15).slower_than(0.05) == pytest.approx(0.5)


def test_the_guides_settings_are_laid_over_the_template_as_they_are(tmp_path: Path) -> None:
    spec = template_spec(service(tmp_path, "replicas: 2"), "apis", "http://prometheus")
    patch = as_the_guide("a-api")["patch"]["analysisTemplate"]["spec"]
    for metric in patched(spec, patch)["metrics"]:
        assert (metric["failureLimit"], metric["count"], metric["interval"]) == (1, 5, "60s")
        assert metric["provider"]["prometheus"]["address"] == "http://prometheus"
        assert not {"initialDelay", "failureCondition", "inconclusiveLimit"} & metric.keys()


@pytest.mark.parametrize("rate", [0.011, 2.0, 135.0])
def test_counters_by_chance_grow_as_fast_and_never_evenly(rate: float) -> None:
    even = [number * rate for number in range(2_000)]
    found = by_chance(Series({"__name__": metrics.REQUESTS}, even), 7)
    steps = [later - earlier for earlier, later in pairwise(found.values)]
    assert all(value.is_integer() for value in found.values)
    assert min(steps) >= 0
    assert fmean(steps) == pytest.approx(rate, rel=0.2)
    assert pstdev(steps) == pytest.approx(rate**0.5, rel=0.2)
    assert found == by_chance(Series({"__name__": metrics.REQUESTS}, even), 7)


def test_what_does_not_grow_stays_as_it_is() -> None:
    constant = Series({"__name__": metrics.UP}, [1.0] * 5)
    assert by_chance(constant, 1) == constant


def test_exposures_are_compared_by_their_means() -> None:
    first, second = rows(
        {
            "the Helm-chart guide's settings": [Exposed(1000, 100, 120), Exposed(1000, 140, 120)],
            "this program's defaults": [Exposed(300, 30, 35)],
        }
    )
    assert first.figure.startswith("120 failed (0.182% ")
    assert second.ratio.startswith("0.25 ")


def test_a_refresh_asks_what_grafana_would_ask() -> None:
    shown = refreshes(DASHBOARDS[API_DASHBOARD]())
    assert len(shown) > 25
    assert not [each for each in shown if "$__" in each.asked.expression]
    tables = [each for each in shown if each.asked.panel.startswith("Top Endpoints")]
    assert {each.step for each in tables} == {300}
    (rates,) = [each for each in shown if each.asked.panel == "Request Rate"]
    assert rates.step >= STEP_SECONDS
    assert f"[{rates.step}s]" in rates.asked.expression
