"""Recorded numbers are those that were reckoned by hand, evaluated by Prometheus itself."""

from collections.abc import Mapping

import pytest

from tests.rules.promtool import Series
from tests.rules.rule_cases import Case, verdicts
from tests.rules.rule_sets import rule_sets
from tests.rules.slo_cases import sli

_OF = 'namespace="apis",service="a-api"'
_CANARY, _STABLE = 'version="canary"', 'version="stable"'


def _requests(more: str, samples: str) -> Series:
    return {f'http_requests_total{{{_OF},path="/",{more}}}': samples}


def _durations(version: str, **per_scrape: int) -> Series:
    """Requests of each scrape by the bucket, in milliseconds, that they are within."""
    bounds = {name: "+Inf" if name == "inf" else f"{int(name[1:]) / 1000:g}" for name in per_scrape}
    name = "http_request_duration_seconds_bucket"
    return {f'{name}{{{_OF},{version},le="{bounds[each]}"}}': f"0+{count}x40" for each, count in per_scrape.items()}


def _records(
    when: str,
    groups: tuple[str, ...],
    series: Series,
    answers: Mapping[str, Mapping[str, float]],
    at: str,
    *,
    under: str = "usual",
    step: str = "15s",
    every: str = "30s",
) -> Case:
    expected = {(at, expression): samples for expression, samples in answers.items()}
    return Case("records", "are right", when, groups, series, answers=expected, under=under, every=every, step=step)


def _of_each(record: str, of: str, canary: float, stable: float) -> tuple[str, Mapping[str, float]]:
    return f"{record}{{{of}}}", {f"{{{_OF},{_CANARY}}}": canary, f"{{{_OF},{_STABLE}}}": stable}


_BUSY = {
    # Per second: the canary 1.8 good ones and 0.2 errors, the two stable pods 4 good ones each.
    **_requests(f'{_CANARY},status="200",pod="1"', "0+27x40"),
    **_requests(f'{_CANARY},status="503",pod="1"', "0+3x40"),
    **_requests(f'{_STABLE},status="200",pod="2"', "0+60x40"),
    **_requests(f'{_STABLE},status="404",pod="3"', "0+60x40"),
    **_durations(_CANARY, _100=15, _300=24, _500=30, inf=30),
    **_durations(_STABLE, _100=120, _300=120, _500=120, inf=120),
    # Another service, as it is recorded.
    **{f'service:http_requests:rate{window}{{namespace="apis",service="b-api"}}': "5x40" for window in ("1m", "5m")},
    **{f'service:http_requests:rate{window}{{namespace="else",service="a-api"}}': "9x40" for window in ("1m", "5m")},
}
_LATENCY = "http_request_duration_seconds"

_RATES = [
    _records(
        f"for rates over {window} by version, service and namespace",
        ("requests", "fleet.requests"),
        _BUSY,
        {
            f"service_version:http_requests:rate{window}": {f"{{{_OF},{_CANARY}}}": 2, f"{{{_OF},{_STABLE}}}": 8},
            f"service_version:http_request_errors:rate{window}": {
                f"{{{_OF},{_CANARY}}}": 0.2,
                f"{{{_OF},{_STABLE}}}": 0,
            },
            f"service:http_requests:rate{window}{{{_OF}}}": {f"{{{_OF}}}": 10},
            f"service:http_request_errors:rate{window}": {f"{{{_OF}}}": 0.2},
            f"namespace:http_requests:rate{window}": {'{namespace="apis"}': 15},
            f"namespace:http_request_errors:rate{window}": {'{namespace="apis"}': 0.2},
            f'service_version_le:{_LATENCY}_bucket:rate{window}{{le="0.3"}}': {
                f'{{{_OF},{_CANARY},le="0.3"}}': 1.6,
                f'{{{_OF},{_STABLE},le="0.3"}}': 8,
            },
            f'service_le:{_LATENCY}_bucket:rate{window}{{le="0.3"}}': {f'{{{_OF},le="0.3"}}': 9.6},
            f'namespace_le:{_LATENCY}_bucket:rate{window}{{le="0.3"}}': {'{namespace="apis",le="0.3"}': 9.6},
        },
        "10m",
    )
    for window in ("1m", "5m")
]

_QUANTILES = [
    _records(
        f"for latencies over {window}, between the buckets they lie in",
        ("requests", "fleet.requests"),
        _BUSY,
        {
            # Of the canary's 2 requests per second, half are within 100 ms; 1.9 are 0.3 of the 0.4 above 300 ms.
            f"service_version:{_LATENCY}:p50_rate{window}{{{_CANARY}}}": {f"{{{_OF},{_CANARY}}}": 0.1},
            f"service_version:{_LATENCY}:p95_rate{window}{{{_CANARY}}}": {f"{{{_OF},{_CANARY}}}": 0.45},
            f"service_version:{_LATENCY}:p99_rate{window}{{{_CANARY}}}": {f"{{{_OF},{_CANARY}}}": 0.49},
            f"service_version:{_LATENCY}:p95_rate{window}{{{_STABLE}}}": {f"{{{_OF},{_STABLE}}}": 0.095},
            # Of all 10, 9 are within 100 ms, and 9.5 are 0.5 of the 0.6 above that.
            f"service:{_LATENCY}:p95_rate{window}": {f"{{{_OF}}}": 0.266667},
            f"service:{_LATENCY}:p99_rate{window}": {f"{{{_OF}}}": 0.45},
            f"namespace:{_LATENCY}:p50_rate{window}": {'{namespace="apis"}': 0.055556},
        },
        "10m",
    )
    for window in ("1m", "5m")
]

_GET = 'kind="pods",verb="Get",status_code="200"'
_NOTHING = [
    _records(
        "for a service that nobody asks: no errors, and no latency",
        ("requests",),
        {**_requests(f'{_STABLE},status="200",pod="2"', "7x40"), **_durations(_STABLE, _300=0, inf=0)},
        {
            "service:http_requests:rate1m": {f"{{{_OF}}}": 0},
            "service:http_request_errors:rate1m": {f"{{{_OF}}}": 0},
            f"service:{_LATENCY}:p95_rate1m": {},
        },
        "10m",
    ),
    _records(
        "for a service that Prometheus knows nothing of",
        ("requests",),
        {},
        {"service:http_requests:rate1m": {}, "service:http_request_errors:rate1m": {}},
        "10m",
    ),
    _records(
        "for a service that is scraped once a minute, over four scrapes",
        ("requests",),
        _requests(f'{_STABLE},status="500",pod="2"', "0+60x5 300 300 300+60x5"),
        # Between the last four scrapes there were 120, in three minutes.
        {"service:http_request_errors:rate1m": {f"{{{_OF}}}": round(120 / 180, 6)}},
        "10m",
        under="a slow scrape",
        step="1m",
    ),
    _records(
        "for requests to Kubernetes, whichever objects they are about",
        ("argo-rollouts.requests",),
        {f'controller_clientset_k8s_request_total{{{_GET},name="{name}"}}': "0+30x40" for name in ("a", "b")},
        {"kind_verb_status_code:controller_clientset_k8s_request:rate5m": {f"{{{_GET}}}": 4}},
        "10m",
    ),
]

_AVAILABILITY = f'{_OF},slo="availability"'
_SLO = [
    _records(
        "for windows that are weighted by traffic",
        ("slo",),
        # A quarter of an hour of 10 requests a second with 1 error, then one of 1 without: 30 × 1 / (30 × 10 + 30 × 1).
        sli("availability", "1x29 0x29", "10x29 1x29"),
        {
            f"slo:sli_error:ratio_rate{window}": {f"{{{_AVAILABILITY}}}": each}
            for window, each in {"5m": 0, "30m": 0.090909, "1h": 0.090909, "2h": 0.090909, "6h": 0.090909}.items()
        },
        "29m30s",
        step="30s",
    ),
    _records(
        "for windows that end",
        ("slo", "slo-days"),
        # Two hours of 10 % errors and one of none.
        sli("availability", "1x239 0x120", "10x360"),
        {
            f"slo:sli_error:ratio_rate{window}": {f"{{{_AVAILABILITY}}}": each}
            for window, each in {"30m": 0, "1h": 0, "2h": 0.05, "6h": 0.066667, "1d": 0.066667, "3d": 0.066667}.items()
        },
        "179m30s",
        step="30s",
        every="179m30s",
    ),
    _records(
        "for the speed at which a budget is spent",
        ("slo",),
        sli("availability", "1x20", "10x20"),
        {
            "slo:current_burn_rate:ratio": {f"{{{_AVAILABILITY}}}": 20},
            "slo:objective:ratio": {f"{{{_AVAILABILITY}}}": 0.995, f'{{{_OF},slo="latency"}}': 0.95},
            "slo:error_budget:ratio": {f"{{{_AVAILABILITY}}}": 0.005, f'{{{_OF},slo="latency"}}': 0.05},
        },
        "5m",
        step="30s",
    ),
    _records(
        "for what is left of two budgets after thirty days, one of them overspent",
        ("slo", "slo-days"),
        {**sli("availability", "0.02x8640", "10x8640"), **sli("latency", "0.6x8640", "10x8640")},
        {
            "slo:sli_error:ratio_rate30d": {f"{{{_AVAILABILITY}}}": 0.002, f'{{{_OF},slo="latency"}}': 0.06},
            "slo:period_burn_rate:ratio": {f"{{{_AVAILABILITY}}}": 0.4, f'{{{_OF},slo="latency"}}': 1.2},
            "slo:period_error_budget_remaining:ratio": {f"{{{_AVAILABILITY}}}": 0.6, f'{{{_OF},slo="latency"}}': -0.2},
        },
        "30d",
        step="5m",
        every="30d",
    ),
    _records(
        "for a time without requests, of which no share is known",
        ("slo", "slo-days"),
        sli("availability", "0x60", "0x60"),
        {f"slo:sli_error:ratio_rate{window}": {} for window in ("5m", "1h", "30d")}
        | {"slo:current_burn_rate:ratio": {}, "slo:period_error_budget_remaining:ratio": {}},
        "30m",
        step="30s",
    ),
    _records(
        "for latency, of those requests alone whose bucket is known",
        ("requests", "slo"),
        _durations(_STABLE, _250=30, inf=150),
        {
            'slo:sli_requests:rate5m{slo="latency"}': {},
            'slo:sli_errors:rate5m{slo="latency"}': {},
            'slo:sli_error:ratio_rate1h{slo="latency"}': {},
        },
        "10m",
    ),
    _records(
        "for latency, from the bucket of the threshold",
        ("requests", "slo"),
        _durations(_STABLE, _250=30, _300=120, inf=150),
        {
            'slo:sli_requests:rate5m{slo="latency"}': {f'{{{_OF},slo="latency"}}': 10},
            'slo:sli_errors:rate5m{slo="latency"}': {f'{{{_OF},slo="latency"}}': 2},
            'slo:sli_error:ratio_rate5m{slo="latency"}': {f'{{{_OF},slo="latency"}}': 0.2},
        },
        "10m",
    ),
]

CASES = [*_RATES, *_QUANTILES, *_NOTHING, *_SLO]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("records")
    return verdicts(folder, CASES, rule_sets(folder))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_records(case: Case, told: Mapping[str, str]) -> None:
    assert told[str(case)] == ""
