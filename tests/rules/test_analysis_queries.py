"""What the queries of an analysis answer: a number, NaN where there is no traffic, nothing where nobody knows."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from observability import analysis
from tests.rules.promtool import Answer, Series, otherwise
from tests.unit.catalog_workbench import service

CANARY, STABLE = "7c5ddbdf54", "54b55bb7c7"
NOW = 300
"""Twenty scrapes after the first; the window is the last minute, of four scrapes with three intervals between them."""

COMPARED = "compareWithStable: {errorRate: {factor: 2, margin: 0.5%}, p95: {factor: 1.5, margin: 10ms}}"
NO_LIMITS = "errorRate: null, p95: null, minimumRequests: 51"

Ask = Callable[..., str]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Whether a check of a service answers otherwise than expected."""

    def told(check: str, series: Series, answer: Answer, criteria: str = "p99: 500ms", at: int = NOW) -> str:
        found = analysis.checks(service(tmp_path, f"canary: {{analysis: {{{criteria}}}}}"), "apis")
        (query,) = [each.query for each in found if each.name == check]
        query = query.replace("{{args.canary-hash}}", CANARY).replace("{{args.stable-hash}}", STABLE)
        return otherwise(tmp_path, query, series, at, answer)

    return told


def labels(revision: str, more: str, of: str = "a-api", namespace: str = "apis") -> str:
    return f'{{namespace="{namespace}",service="{of}",rollouts_pod_template_hash="{revision}",{more}}}'


def requests(revision: str, of: str = "a-api", namespace: str = "apis", **samples: str) -> Series:
    """The samples of the request counters, by status: `_200="0+17x20"`."""
    counters = {name: labels(revision, f'path="/",status="{name[1:]}"', of, namespace) for name in samples}
    return {f"http_requests_total{counters[status]}": each for status, each in samples.items()}


def durations(revision: str, **samples: str) -> Series:
    """The samples of the latency histogram, by bucket in milliseconds: `_300="0+95x20"`."""
    bounds = {name: "+Inf" if name == "inf" else f"{int(name[1:]) / 1000:g}" for name in samples}
    buckets = {name: labels(revision, f'path="/",le="{bound}"') for name, bound in bounds.items()}
    return {f"http_request_duration_seconds_bucket{buckets[name]}": each for name, each in samples.items()}


BUSY = requests(CANARY, _200="0+100x20")


def test_the_error_rate_is_errors_over_requests(ask: Ask) -> None:
    good, bad = requests(CANARY, _200="0+99x20", _500="0+1x20"), requests(CANARY, _200="0+970x20", _503="0+30x20")
    assert ask("error-rate", good, 0.01) == ""
    assert ask("error-rate", bad, 0.03) == ""


def test_a_canary_without_any_5xx_has_an_error_rate_of_zero(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="0+90x20", _404="0+10x20"), 0) == ""


def test_only_the_canarys_own_requests_count(ask: Ask) -> None:
    others = {
        **requests(STABLE, _500="0+50x20"),
        **requests(CANARY, of="b-api", _500="0+50x20"),
        **requests(CANARY, namespace="elsewhere", _500="0+50x20"),
    }
    assert ask("error-rate", {**BUSY, **others}, 0) == ""


@pytest.mark.parametrize("check", ["error-rate", "p95-latency"])
def test_a_canary_that_nobody_asks_has_no_traffic(ask: Ask, check: str) -> None:
    assert ask(check, requests(CANARY, _200="0x20"), "NaN") == ""


def test_a_route_that_was_asked_for_the_first_time_does_not_make_an_idle_canary_unknown(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="0x20", _404="_x20 1"), "NaN") == ""


def test_the_fewest_requests_that_are_a_measurement_are_counted_between_the_scrapes(ask: Ask) -> None:
    enough, too_few = requests(CANARY, _200="0+17x20"), requests(CANARY, _200="0+17x19 339")
    assert ask("error-rate", enough, 0) == ""
    assert ask("error-rate", too_few, "NaN") == ""
    assert ask("error-rate", too_few, 0, criteria="minimumRequests: 50") == ""


def test_a_single_error_among_the_fewest_requests_is_below_the_limit(ask: Ask) -> None:
    one_of_51 = requests(CANARY, _200="0+17x19 339", _500="7x19 8")
    assert ask("error-rate", one_of_51, 1 / 51) == ""
    assert 1 / 51 < 0.02


def test_errors_over_the_limit_that_may_be_chance_are_no_verdict(ask: Ask) -> None:
    # Of 300 requests 12 errors are 4 %; 2 % and 2.33 √(2 % / 300) are 3.9 %.
    surely, perhaps = requests(CANARY, _200="0+96x20", _500="0+4x20"), requests(CANARY, _200="0+97x20", _500="0+3x20")
    assert ask("error-rate", surely, 0.04) == ""
    assert ask("error-rate", perhaps, "nothing") == ""


def test_slowness_over_the_limit_that_may_be_chance_is_no_verdict(ask: Ask) -> None:
    # The p95 of both is above 300 ms. Of 300 requests 27 slow ones are 9 %; 5 % and 2.33 √(5 % / 300) are 8 %.
    surely = durations(CANARY, _300="0+91x20", _500="0+100x20", inf="0+100x20")
    perhaps = durations(CANARY, _300="0+93x20", _500="0+100x20", inf="0+100x20")
    assert ask("p95-latency", {**BUSY, **surely}, 0.3 + 0.2 * 4 / 9) == ""
    assert ask("p95-latency", {**BUSY, **perhaps}, "nothing") == ""


@pytest.mark.parametrize("check", ["error-rate", "p95-latency"])
def test_without_any_series_nobody_knows(ask: Ask, check: str) -> None:
    assert ask(check, {}, "nothing") == ""
    assert ask(check, requests(STABLE, _200="0+100x20"), "nothing") == ""


def test_a_single_scrape_tells_nothing(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="_x20 1000"), "nothing") == ""


def test_two_scrapes_tell_the_error_rate_where_there_was_enough_between_them(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="_x19 50 125", _500="_x19 0 25"), 25 / 150) == ""


def test_what_young_pods_had_served_before_their_first_scrape_counts(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="_x19 60 120", _500="_x19 40 40"), 40 / 160) == ""


def test_pods_younger_than_the_window_are_not_taken_for_idle(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="_x18 0 0 0"), "nothing") == ""
    assert ask("error-rate", requests(CANARY, _200="_x17 0 0 0 0"), "NaN") == ""


def test_a_prometheus_that_was_just_restarted_does_not_take_a_canary_for_idle(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="0+17x16 _x2 323 340"), "nothing") == ""
    assert ask("error-rate", requests(CANARY, _200="0+17x10 _x9 340"), "nothing") == ""


def test_pods_that_can_no_longer_be_scraped_are_not_taken_for_idle(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="0+100x15 stale"), "nothing") == ""


def test_a_missed_scrape_among_many_requests_changes_nothing(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="0+75x17 _ 1425 1500", _500="0+25x17 _ 475 500"), 0.25) == ""


def test_of_a_long_window_a_tenth_of_the_scrapes_may_be_missed(ask: Ask) -> None:
    idle = requests(CANARY, _200="0x9 _ 0 0 0 _ 0x6")
    assert ask("error-rate", idle, "NaN", criteria="interval: 5m") == ""
    assert ask("error-rate", idle, "nothing", criteria="interval: 5m", at=NOW + 15) == ""


def test_a_restarted_container_loses_no_more_than_its_first_requests(ask: Ask) -> None:
    restarted = requests(CANARY, _200="0+100x18 50 150", _500="1000x18 0 50")
    assert ask("error-rate", restarted, 50 / 300) == ""


def test_errors_that_a_series_was_born_with_are_seen(ask: Ask) -> None:
    # Of the other requests a third of those counted is added, for the part of the window before its first scrape.
    assert ask("error-rate", requests(CANARY, _200="0+17x20", _500="_x20 17"), 17 / (17 + 68)) == ""
    assert ask("error-rate", requests(CANARY, _200="0+17x20", _500="_x19 17 34"), 34 / (34 + 68)) == ""


def test_errors_that_a_series_was_born_with_before_the_window_are_not_seen(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="0+17x20", _500="_x15 17x5"), 0) == ""


YOUNG = 60 + 2 * 15 + 60 + 5
"""Seconds for which a pod is young: the background's first measurement, one more, and the time it takes to be ready."""


@pytest.mark.parametrize(("age", "seen"), [(YOUNG - 5, True), (YOUNG + 10, False)])
def test_what_a_pod_served_first_is_seen_until_it_was_measured_well(ask: Ask, age: int, seen: bool) -> None:
    scrapes = age // 15
    birth = f"_x{20 - scrapes}"
    pod = requests(CANARY, _200=f"{birth} 0+30x{scrapes}", _500=f"{birth} 60x{scrapes}")
    assert ask("error-rate", pod, 60 / (60 + 30 * scrapes) if seen else 0) == ""


def test_an_old_pod_is_not_held_to_what_it_did_before_the_window(ask: Ask) -> None:
    old = requests(CANARY, _200="0+30x20")
    assert ask("error-rate", {**old, **requests(CANARY, _500="_x13 7x7")}, 0) == ""


def test_each_route_that_fails_once_in_each_pod_is_seen(ask: Ask) -> None:
    routes = {
        "http_requests_total" + labels(CANARY, f'path="/{route}",pod="{pod}",status="500"'): "_x18 1x2"
        for route in range(7)
        for pod in range(2)
    }
    assert ask("error-rate", {**requests(CANARY, _200="0+30x20"), **routes}, 14 / (14 + 120)) == ""


def test_the_first_errors_of_a_series_that_began_at_zero_are_seen_without_extrapolation(ask: Ask) -> None:
    assert ask("error-rate", requests(CANARY, _200="0+17x20", _500="0x19 17"), 17 / (17 + 68)) == ""


def test_a_quantile_at_a_bucket_is_exact(ask: Ask) -> None:
    timed = durations(CANARY, _250="0+90x20", _300="0+95x20", _500="0+99x20", inf="0+100x20")
    assert ask("p95-latency", {**BUSY, **timed}, 0.3, criteria="p95: 400ms") == ""
    assert ask("p99-latency", {**BUSY, **timed}, 0.5, criteria="p99: 750ms") == ""


def test_a_slow_canary_is_above_its_limit(ask: Ask) -> None:
    timed = durations(CANARY, _300="0+90x20", _400="0+100x20", inf="0+100x20")
    assert ask("p95-latency", {**BUSY, **timed}, 0.35) == ""


def test_requests_that_nobody_timed_are_no_verdict(ask: Ask) -> None:
    assert ask("p95-latency", BUSY, "nothing") == ""
    assert ask("p95-latency", {**BUSY, **durations(CANARY, _300="0x20", inf="0x20")}, "nothing") == ""


STABLE_WITH_3_PERCENT = requests(STABLE, _200="0+97x20", _500="0+3x20")


@pytest.mark.parametrize(("ok", "errors", "excess"), [(99, 1, -0.055), (92, 8, 0.015)])
def test_the_canary_may_have_the_errors_of_stable_by_factor_and_margin(
    ask: Ask, ok: int, errors: int, excess: float
) -> None:
    both = {**requests(CANARY, _200=f"0+{ok}x20", _500=f"0+{errors}x20"), **STABLE_WITH_3_PERCENT}
    assert ask("error-rate-against-stable", both, excess, criteria=COMPARED) == ""


def test_the_canary_may_be_slower_than_stable_by_factor_and_margin(ask: Ask) -> None:
    both = {**BUSY, **requests(STABLE, _200="0+100x20")}
    fast, slow = {"_100": "0+95x20", "inf": "0+100x20"}, {"_100": "0+0x20", "_200": "0+95x20", "inf": "0+100x20"}
    timed = {**both, **durations(CANARY, **slow), **durations(STABLE, **fast)}
    assert ask("p95-latency-against-stable", timed, 0.2 - (0.1 * 1.5 + 0.01), criteria=COMPARED) == ""


@pytest.mark.parametrize("stable", [{}, requests(STABLE, _200="0+16x20"), requests(STABLE, _200="_x20 1000")])
def test_stable_pods_without_enough_requests_allow_anything_where_a_limit_decides(ask: Ask, stable: Series) -> None:
    assert ask("error-rate-against-stable", {**BUSY, **stable}, -math.inf, criteria=COMPARED) == ""


def test_stable_pods_without_requests_are_no_verdict_where_no_limit_decides(ask: Ask) -> None:
    assert ask("error-rate-against-stable", BUSY, "nothing", criteria=f"{NO_LIMITS}, {COMPARED}") == ""
    both = {**BUSY, **STABLE_WITH_3_PERCENT}
    assert ask("error-rate-against-stable", both, -0.065, criteria=f"{NO_LIMITS}, {COMPARED}") == ""


@pytest.mark.parametrize("check", ["error-rate-against-stable", "p95-latency-against-stable"])
def test_an_idle_canary_is_not_better_than_stable(ask: Ask, check: str) -> None:
    idle = {**requests(CANARY, _200="0x20"), **STABLE_WITH_3_PERCENT}
    assert ask(check, idle, "NaN", criteria=COMPARED) == ""
    assert ask(check, STABLE_WITH_3_PERCENT, "nothing", criteria=COMPARED) == ""
