"""What the alerts on objectives do, against burns reckoned by hand.

`a-api` promises 99.5 % of answers without a server error, and 95 % within 300 ms: budgets of 0.5 % and 5 %. An alert at
a factor of 14.4 needs 7.2 % and 72 %; at 6, 3 % and 30 %; at 3, 1.5 % and 15 %; at 1, 0.5 % and 5 %.
"""

from collections.abc import Sequence

from tests.rules.promtool import Series
from tests.rules.rule_cases import Case, Kind, Labels
from tests.rules.service_cases import CRITICAL, WARNING, buckets, requests

_SLO = ("slo", "slo-days", "slo-alerts")
_FROM_REQUESTS = ("requests", *_SLO)
_DASHBOARD = "/d/api-observability-api?var-namespace=apis&var-service=a-api"


def sli(slo: str, errors: str, served: str) -> Series:
    """Requests per second that missed an objective, and all, as they are recorded each 30 s."""
    labels = f'namespace="apis",service="a-api",slo="{slo}"'
    return {f"slo:sli_errors:rate5m{{{labels}}}": errors, f"slo:sli_requests:rate5m{{{labels}}}": served}


def _firing(slo: str, *windows: str) -> list[Labels]:
    severities = {"1h": CRITICAL, "6h": CRITICAL, "1d": WARNING, "3d": WARNING}
    return [{**severities[window], "slo": slo, "window": window} for window in windows]


def _availability(kind: Kind, when: str, series: Series, firing: dict[str, Sequence[str]], every: str = "30s") -> Case:
    """From what is recorded of the objective each 30 s."""
    expected = {time: _firing("availability", *windows) for time, windows in firing.items()}
    return Case("AvailabilityBudgetBurn", kind, when, _SLO, series, expected, every=every, step="30s")


def _steady(percent: float, samples: int) -> Series:
    """Ten requests per second, of which so many percent fail."""
    return sli("availability", f"{percent / 10:g}x{samples}", f"10x{samples}")


_AVAILABILITY = [
    Case(
        "AvailabilityBudgetBurn",
        "fires",
        "from the pods' own counters, where one request in ten fails",
        _FROM_REQUESTS,
        {
            'http_requests_total{namespace="apis",service="a-api",pod="a-api-1",status="200"}': "0+135x40",
            'http_requests_total{namespace="apis",service="a-api",pod="a-api-1",status="503"}': "0+15x40",
        },
        # A rate over five minutes begins slowly: 3 errors at 30 s, 9 at 60 s, 18 at 90 s; then two minutes.
        {"3m": [], "3m30s": _firing("availability", "1h")},
        (
            "a-api spends its error budget of 30 days 14.4 times too fast",
            "Over the last 1h, 10% of the requests to a-api in apis missed the objective that 99.5 % are answered "
            "without a server error; more than 7.2 % is 14.4 times the budget.",
            _DASHBOARD,
        ),
    ),
    _availability(
        "fires",
        "once an hour has spent 2 % of the budget",
        # An hour without errors, then 20 %. Of the last hour's 120 samples n are at 20 %: n × 20 % / 120 > 7.2 % from
        # the 44th on, which is the one at 1h21m30s; then two minutes.
        sli("availability", "0x119 2x60", "10x180"),
        {"83m": [], "83m30s": ["1h"]},
    ),
    _availability(
        "fires",
        "weighted by traffic",
        # 30 minutes at 100 requests per second without errors, then 10 of which half fail: the mean of the ratios would
        # be above 3 % after two minutes. Sums are from the 39th sample on, at 49 m: 38 × 5 / (6000 + 38 × 10) = 2.98 %,
        # 39 × 5 / (6000 + 39 × 10) = 3.05 %; then a quarter of an hour.
        sli("availability", "0x59 5x90", "100x59 10x90"),
        {"63m30s": [], "64m": ["6h"]},
    ),
    _availability("fires", "for 6 hours at 4 %", _steady(4, 40), {"14m30s": [], "15m": ["6h"]}),
    _availability(
        "fires",
        "for a day at 2 % and for three days at 0.6 %",
        # A day at 0.6 %, then 2 %. Of the last day's 2880 samples n are at 2 %: (n × 2 + (2880 - n) × 0.6) / 2880 > 1.5
        # from n = 1852 on, 15.43 hours later; at full hours 40 h, and then one hour. Three days are above 0.5 %
        # at once, but not with ten errors at 0 h.
        sli("availability", "0.06x2879 0.2x2880", "10x5760"),
        {"3h": [], "4h": ["3d"], "40h": ["3d"], "41h": ["1d", "3d"]},
        every="1h",
    ),
    _availability("stays quiet", "within its budget", _steady(0.4, 1440), {"12h": []}, every="1h"),
    _availability(
        "stays quiet",
        "as soon as the short window is over",
        # All fail for ten minutes: 9 of 120 samples are 7.5 % of an hour, at 64 m; 20 are 17 % of it, at 70 m too.
        sli("availability", "0x119 10x19 0x60", "10x190"),
        {"65m30s": [], "66m": ["1h"], "69m30s": ["1h"], "70m": []},
    ),
    _availability(
        "fires",
        "with the tenth failed request of an hour",
        # All fail, one in 345 s: n × 30 × 0.0029 is 10 from the 115th sample on, at 57 m; then two minutes.
        sli("availability", "0.0029x160", "0.0029x160"),
        {"58m30s": [], "59m": ["1h"]},
    ),
    _availability(
        "stays quiet",
        "where an hour has seen nine fail, but six hours more",
        # All fail, nine an hour; the tenth is there at 66 m 30 s, and so are those of a day.
        sli("availability", "0.0025x260", "0.0025x260"),
        {"81m": [], "81m30s": ["6h"], "2h": ["6h"]},
    ),
    _availability(
        "stays quiet",
        "where six hours have seen nine fail, but a day more",
        # All fail, three in two hours; the tenth is there before 6 h 50 m, which is told one hour, or three, later.
        sli("availability", "0.00041x1440", "0.00041x1440"),
        {"6h": [], "7h40m": [], "8h": ["1d"], "11h": ["1d", "3d"]},
        every="10m",
    ),
    _availability("has no data", "without requests", sli("availability", "0x120", "0x120"), {"1h": []}),
    _availability("has no data", "at all", {}, {"1h": []}),
]


def _latency(kind: Kind, when: str, histogram: Series, firing: dict[str, Sequence[str]], under: str = "usual") -> Case:
    """From ten requests per second."""
    expected = {time: _firing("latency", *windows) for time, windows in firing.items()}
    return Case(
        "LatencyBudgetBurn", kind, when, _FROM_REQUESTS, {**requests("0+150x80"), **histogram}, expected, under=under
    )


def _within_a_second(le: str) -> Series:
    """Of ten requests per second, six take a second at most; client libraries write that bound in two ways."""
    labels = 'namespace="apis",service="a-api",pod="a-api-1"'
    bucket = f"http_request_duration_seconds_bucket{{{labels},le="
    return {f'{bucket}"{le}"}}': "0+90x80", f'{bucket}"+Inf"}}': "0+150x80"}


_LATENCY = [
    _latency(
        "fires",
        "where four requests in five take longer",
        buckets(_250="0+15x80", _300="0+30x80", _400="0+135x80", inf="0+150x80"),
        {"2m": [], "2m30s": ["1h"], "15m": ["1h"], "15m30s": ["1h", "6h"]},
    ),
    Case(
        "LatencyBudgetBurn",
        "fires",
        "where two requests in five take longer",
        _FROM_REQUESTS,
        {**requests("0+150x80"), **buckets(_300="0+90x80", inf="0+150x80")},
        {"15m": [], "15m30s": _firing("latency", "6h")},
        (
            "a-api spends its error budget of 30 days 6 times too fast",
            "Over the last 6h, 40% of the requests to a-api in apis missed the objective that 95 % are answered within "
            "300ms; more than 30 % is 6 times the budget.",
            _DASHBOARD,
        ),
    ),
    _latency("fires", "by a bucket of 1", _within_a_second("1"), {"15m30s": ["6h"]}, "whole seconds"),
    _latency("fires", "by a bucket of 1.0", _within_a_second("1.0"), {"15m30s": ["6h"]}, "whole seconds"),
    Case(
        "LatencyBudgetBurn",
        "fires",
        "for a day at 20 % and for three days at 6 %",
        _SLO,
        sli("latency", "0.6x2879 2x2880", "10x5760"),
        # (n × 20 + (2880 − n) × 6) / 2880 > 15 from n = 1852 on.
        {
            "2h": [],
            "3h": _firing("latency", "3d"),
            "40h": _firing("latency", "3d"),
            "41h": _firing("latency", "1d", "3d"),
        },
        every="1h",
        step="30s",
    ),
    _latency("stays quiet", "where few take longer", buckets(_300="0+148x80", inf="0+150x80"), {"18m": []}),
    _latency("has no data", "without such a bucket", buckets(_250="0+15x80", inf="0+150x80"), {"18m": []}),
    _latency("has no data", "without a histogram", {}, {"18m": []}),
]

CASES = [*_AVAILABILITY, *_LATENCY]
