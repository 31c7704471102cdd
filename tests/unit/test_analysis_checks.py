"""What an analysis counts as a measurement, and over which time."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.canary import AnalysisCriteria
from catalog.quantities import Ratio
from catalog.services import Service
from observability.analysis_checks import checks, minimum_requests
from tests.unit.catalog_workbench import service as service_with


def criteria(service: Service, **said: object) -> AnalysisCriteria:
    return service.canary.analysis.model_copy(update=said)


def query(tmp_path: Path, said: str, scrape: str = "15s") -> str:
    service = service_with(tmp_path, f"canary: {{analysis: {{{said}}}}}, metrics: {{interval: {scrape}}}")
    return checks(service, "apis")[0].query


@given(st.integers(1, 10_000))
def test_the_default_minimum_is_the_fewest_requests_of_which_one_may_fail(service: Service, basis_points: int) -> None:
    limit = Ratio.parse(f"{basis_points / 100}%")
    least = minimum_requests(criteria(service, error_rate=limit))
    assert 1 / least < limit <= 1 / (least - 1)


def test_the_minimum_is_what_was_asked_for(service: Service) -> None:
    assert minimum_requests(criteria(service, minimum_requests=7)) == 7


def test_without_an_error_rate_a_single_request_is_a_measurement(service: Service) -> None:
    assert minimum_requests(criteria(service, error_rate=None)) == 1


@pytest.mark.parametrize(
    ("said", "window"), [("", "1m"), ("interval: 5m", "5m"), ("interval: 15s", "1m"), ("window: 10m", "10m")]
)
def test_a_measurement_spans_the_interval_or_what_was_asked_for_but_never_fewer_than_four_scrapes(
    tmp_path: Path, said: str, window: str
) -> None:
    found = query(tmp_path, said)
    assert found.count(f"[{window}]") == found.count("[") > 0


@pytest.mark.parametrize(
    ("said", "scrape", "least"), [("", "15s", 4), ("", "10s", 6), ("window: 10m", "15s", 36), ("window: 10m", "1m", 9)]
)
def test_a_canary_is_idle_only_where_its_counters_were_read_throughout_the_window(
    tmp_path: Path, said: str, scrape: str, least: int
) -> None:
    assert query(tmp_path, said, scrape).endswith(f">= {least})")


@pytest.mark.parametrize(
    ("said", "scrape", "share"), [("", "15s", "0.75"), ("", "10s", "0.8333333333"), ("window: 5m", "15s", "0.95")]
)
def test_the_requests_of_a_measurement_are_those_between_its_scrapes(
    tmp_path: Path, said: str, scrape: str, share: str
) -> None:
    assert f") * {share}) >= 51" in query(tmp_path, said, scrape)


def test_a_service_without_any_error_has_a_ratio_of_zero_and_not_of_nothing(tmp_path: Path) -> None:
    assert 'status=~"5.."}[1m])) or vector(0))' in query(tmp_path, "")
