"""How far an error ratio over few requests can be trusted."""

import math

import pytest

from catalog.statistics import TOLERABLE_RISK, enough_requests, false_rollback_risk, surely_too_many


@pytest.mark.parametrize(("requests", "fewest"), [(51, 3.37), (300, 11.71), (30_000, 657.07)])
def test_the_more_requests_the_less_errors_may_come_by_chance(requests: int, fewest: float) -> None:
    assert surely_too_many(requests, 0.02) == pytest.approx(fewest, abs=0.01)


@pytest.mark.parametrize(("requests", "risk"), [(51, 0.017), (100, 0.005), (600, 0.000012)])
def test_few_requests_are_no_great_risk_to_a_healthy_canary(requests: int, risk: float) -> None:
    assert false_rollback_risk(requests, 0.02, measurements=5, failures=1, runs=2) == pytest.approx(risk, rel=0.35)


def test_the_risk_is_exact_where_it_can_be_counted_by_hand() -> None:
    # One measurement of 12 requests, true ratio 1/4, rolled back at 6 + 2.33 * √6 errors, which are 11.7.
    by_hand = 0.25**12
    assert false_rollback_risk(12, 0.5, measurements=1, failures=1, runs=1) == pytest.approx(by_hand)


def test_a_second_failure_makes_it_smaller_and_a_second_run_greater() -> None:
    once = false_rollback_risk(51, 0.02, 5, 1, 1)
    assert false_rollback_risk(51, 0.02, 5, 2, 1) < once < false_rollback_risk(51, 0.02, 5, 1, 2)


@pytest.mark.parametrize("limit", [0.0001, 0.001, 0.02, 0.5, 1.0])
def test_enough_requests_are_enough(limit: float) -> None:
    requests = enough_requests(limit, 5, 1, 2)
    assert false_rollback_risk(requests, limit, 5, 1, 2) <= TOLERABLE_RISK * 1.5
    assert false_rollback_risk(math.ceil(requests / 4), limit, 5, 1, 2) > TOLERABLE_RISK / 4 or requests <= 20


def test_many_requests_are_judged_at_once() -> None:
    """Term by term, a billion requests would take minutes, and the first of them is 0."""
    assert float(false_rollback_risk(10**9, 0.02, 5, 1, 2)) == 0
