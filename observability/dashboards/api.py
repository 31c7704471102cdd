"""The dashboard *API monitoring*: one service, canary and stable apart or together."""

from grafana_foundation_sdk.builders import heatmap
from grafana_foundation_sdk.builders.common import HideSeriesConfig
from grafana_foundation_sdk.models.dashboard import Dashboard
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from observability import metrics, records
from observability.dashboard_rules import LATENCY_OBJECTIVE
from observability.dashboards import variables
from observability.dashboards.api_endpoints import by_errors, by_slowness, by_traffic
from observability.dashboards.api_saturation import cpu, cpu_throttling, memory, pods
from observability.dashboards.board import board
from observability.dashboards.budget import budget_left, budget_spent_over_time, burn_rate, misses
from observability.dashboards.events import marks
from observability.dashboards.layout import Line, Row
from observability.dashboards.look import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    PanelBuilder,
    Query,
    Says,
    as_limit,
    asking,
    by_version,
    colored,
    compared,
    saying,
    stacked,
    stat,
    thresholds,
)
from observability.dashboards.requests import error_ratio, latency, mean, request_rate
from observability.dashboards.variables import OF_SERVICE, OF_VERSIONS, ROLLOUT_OF_SERVICE
from observability.links import API_DASHBOARD
from observability.series import by, series

_VERSION = f"{{{{{metrics.VERSION}}}}}"
_NO_REQUESTS = "No requests are recorded: none of its pods is scraped, or they do not count requests"
_NO_TRAFFIC = "Nobody asks this service"
_OBJECTIVE = "objective"


def api() -> Dashboard:
    """The dashboard."""
    return board(
        API_DASHBOARD,
        "One service: its requests, errors and latency, its worst endpoints, its pods, and its error budget.",
        [variables.datasource(), variables.namespace(), variables.service(), variables.version()],
        marks(ROLLOUT_OF_SERVICE),
        [
            Row(
                "Requests",
                [
                    Line(4, [requests_now(), errors_now(), p95_now(), budget_left()]),
                    Line(9, [request_rates(), error_rate()]),
                    Line(9, [latencies(), status_classes()]),
                    Line(9, [latency_distribution()]),
                ],
            ),
            Row("Top endpoints", [Line(9, [by_traffic(), by_errors(), by_slowness()])]),
            Row("Saturation", [Line(8, [cpu(), memory()]), Line(8, [cpu_throttling(), pods()])]),
            Row("Error budget", [Line(8, [burn_rate(), misses()]), Line(8, [budget_spent_over_time()])]),
        ],
    )


def requests_now() -> PanelBuilder:
    """How many requests there are."""
    says = Says("Requests", "Requests per second in the last minute.", "reqps", _NO_REQUESTS)
    rate = series(records.request_rate("service_version", "1m"), OF_SERVICE, OF_VERSIONS)
    return stat(says, Query(f"sum({rate})", "requests")).thresholds(thresholds(BLUE))


def errors_now() -> PanelBuilder:
    """What share of them fails."""
    says = Says(
        "Errors",
        "The share of the requests that ended in a server error (5xx) in the last minute. Orange at 1 %, red at 5 %; "
        "what is promised is the objective in the graph below.",
        "percentunit",
        _NO_TRAFFIC,
    )
    errors, rate = (
        f"sum({series(record('service_version', '1m'), OF_SERVICE, OF_VERSIONS)})"
        for record in (records.error_rate, records.request_rate)
    )
    panel = stat(says, Query(f"{errors} / ({rate} > 0)", "errors")).decimals(2)
    return panel.thresholds(thresholds(GREEN, (0.01, ORANGE), (0.05, RED)))


def p95_now() -> PanelBuilder:
    """How long requests take."""
    says = Says(
        "p95 latency",
        "Of the requests in the last minute, 95 % took no longer; where canary and stable are shown, the slower one.",
        "s",
        _NO_TRAFFIC,
    )
    recorded = series(records.latency("service_version", "1m", 95), OF_SERVICE, OF_VERSIONS)
    return stat(says, Query(f"max({recorded})", "p95")).thresholds(thresholds(BLUE))


def request_rates() -> PanelBuilder:
    """Requests over time."""
    says = Says("Request Rate", "Requests per second by version.", "reqps", _NO_REQUESTS)
    return by_version(compared(says, Query(request_rate("service_version", "1m", OF_SERVICE, OF_VERSIONS), _VERSION)))


def error_rate() -> PanelBuilder:
    """Errors over time."""
    says = Says(
        "Error Rate (5xx)",
        "The share of the requests that ended in a server error, by version; dashed, what the objective leaves for "
        "errors over 30 days.",
        "percentunit",
        _NO_TRAFFIC,
    )
    budget = series(records.ERROR_BUDGET, {**OF_SERVICE, metrics.SLO: "availability"})
    panel = compared(
        says,
        Query(error_ratio("service_version", "1m", OF_SERVICE, OF_VERSIONS), _VERSION),
        Query(f"max({budget})", _OBJECTIVE),
    )
    return by_version(panel).override_by_name(_OBJECTIVE, as_limit())


def latencies() -> PanelBuilder:
    """Latency over time."""
    says = Says(
        "p95 / p99 Latency",
        "Of the requests of each version, 95 % and 99 % took no longer: means of recorded quantiles, which never "
        "exceed the last bucket of the histogram. Dashed, the threshold of the latency objective.",
        "s",
        f"{_NO_TRAFFIC}, or it has no histogram of durations",
    )
    objective = series(records.LIMIT, {**OF_SERVICE, metrics.CHECK: LATENCY_OBJECTIVE})
    panel = compared(
        says,
        Query(latency("service_version", "1m", 95, OF_SERVICE, OF_VERSIONS), f"p95 {_VERSION}"),
        Query(latency("service_version", "1m", 99, OF_SERVICE, OF_VERSIONS), f"p99 {_VERSION}"),
        Query(f"max({objective})", _OBJECTIVE),
    )
    panel = by_version(by_version(panel, "p95 {}"), "p99 {}", shade="light-")
    return panel.override_by_name(_OBJECTIVE, as_limit())


def status_classes() -> PanelBuilder:
    """What requests were answered with."""
    says = Says(
        "Status Classes",
        "Requests per second by the class of their status: 2xx succeeded, 4xx were the caller's fault, 5xx the "
        "service's own.",
        "reqps",
        _NO_REQUESTS,
    )
    rates = mean(records.STATUS_RATE, OF_SERVICE, OF_VERSIONS)
    classes = f'label_replace({rates}, "class", "${{1}}xx", "{metrics.STATUS}", "(.).*")'
    panel = stacked(says, Query(by("sum", ("class",), classes), "{{class}}"))
    for name, color in {"2xx": GREEN, "3xx": BLUE, "4xx": ORANGE, "5xx": RED}.items():
        panel = panel.override_by_name(name, colored(color))
    return panel


def latency_distribution() -> PanelBuilder:
    """How many requests took how long."""
    says = Says(
        "Latency Distribution",
        "Requests per second in each bucket of the latency histogram: the darker, the more requests took that long.",
        "s",
        f"{_NO_TRAFFIC}, or it has no histogram of durations",
    )
    rates = by("sum", (metrics.LE,), mean(records.bucket_rate("service_version", "1m"), OF_SERVICE, OF_VERSIONS))
    panel = asking(saying(heatmap.Panel(), says), [Query(rates, "{{le}}")], format_as=PromQueryFormat.HEATMAP)
    colors = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Blues").steps(64)
    return (
        panel.calculate(False)
        .color(colors.scale(HeatmapColorScale.EXPONENTIAL).exponent(0.5))
        .y_axis(heatmap.YAxisConfig().unit("s"))
        .cell_values(heatmap.CellValues().unit("reqps"))
        .hide_from(HideSeriesConfig().legend(False).tooltip(False).viz(False))
        .exemplars_color("purple")
        .show_tooltip()
        .show_legend()
    )
