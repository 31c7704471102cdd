"""The dashboard *Fleet*: all services at a glance, and the way to each of them."""

from grafana_foundation_sdk.models.common import BigValueTextMode
from grafana_foundation_sdk.models.dashboard import Dashboard

from observability import metrics, records
from observability.dashboards import variables
from observability.dashboards.board import board
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
    stat,
    states,
    thresholds,
    timeseries,
)
from observability.dashboards.navigation import links_of_a_service
from observability.dashboards.phases import OF_STATUS
from observability.dashboards.requests import as_service, error_ratio, latency, request_rate
from observability.dashboards.rollouts import NO_STATE, canary_weight, status_phase
from observability.dashboards.tables import Column, Key, table
from observability.dashboards.variables import IN_NAMESPACES
from observability.links import FLEET_DASHBOARD
from observability.series import by, one_of, series

_NO_RECORDS = "No service is recorded: its rules are not loaded, or no pod is scraped"
_BY_SERVICE = "{{service}}"


def fleet() -> Dashboard:
    """The dashboard."""
    return board(
        FLEET_DASHBOARD,
        "The services at a glance: traffic, errors, latency, error budgets and releases.",
        [variables.datasource(), variables.namespaces_of_services()],
        marks(None, IN_NAMESPACES),
        [
            Row(
                "Now",
                [
                    Line(
                        4,
                        [services(), traffic(), error_share(), slowest(), budgets_spent(), releases(), alerts()],
                        [3, 3, 3, 4, 4, 3, 4],
                    ),
                    Line(12, [every_service()]),
                ],
            ),
            Row("Traffic", [Line(8, [traffic_by_service(), errors_by_service(), latency_by_service()])]),
            Row("Releases", [Line(9, [phase_by_service(), weight_by_service()])]),
        ],
    )


def services() -> PanelBuilder:
    """How many services there are."""
    says = Says("Services watched", "Services that count their requests.", "none", _NO_RECORDS)
    rates = series(records.request_rate("service", "5m"), None, IN_NAMESPACES)
    return stat(says, Query(f"count({rates})", "services")).thresholds(thresholds(BLUE))


def traffic() -> PanelBuilder:
    """All requests."""
    says = Says("Requests", "Requests per second to all services, over 5 minutes.", "reqps", _NO_RECORDS)
    rates = series(records.request_rate("namespace", "5m"), None, IN_NAMESPACES)
    return stat(says, Query(f"sum({rates})", "requests")).thresholds(thresholds(BLUE))


def error_share() -> PanelBuilder:
    """The share of all requests that fail."""
    says = Says(
        "Errors",
        "The share of all requests that ended in a server error (5xx), over 5 minutes. Services are held against "
        "objectives of their own; the colors here are a rule of thumb.",
        "percentunit",
        "No service has traffic",
    )
    errors, rates = (
        f"sum({series(record('namespace', '5m'), None, IN_NAMESPACES)})"
        for record in (records.error_rate, records.request_rate)
    )
    ratio = f"{errors} / ({rates} > 0)"
    return stat(says, Query(ratio, "errors")).decimals(2).thresholds(thresholds(GREEN, (0.01, ORANGE), (0.05, RED)))


def slowest() -> PanelBuilder:
    """The service whose requests take longest."""
    says = Says(
        "Slowest service",
        "The service with the highest p95 of the last 5 minutes: of its requests, 95 % took no longer.",
        "s",
        "No service has traffic",
    )
    latencies = series(records.latency("service", "5m", 95), None, IN_NAMESPACES)
    panel = stat(says, Query(f"topk(1, {latencies})", _BY_SERVICE)).thresholds(thresholds(BLUE))
    return panel.text_mode(BigValueTextMode.VALUE_AND_NAME)


def budgets_spent() -> PanelBuilder:
    """How many services have nothing left of an error budget."""
    says = Says(
        "Error budgets spent",
        "Services that have spent all of an error budget of 30 days.",
        "none",
        "No service has an objective (`slo` in services.yaml)",
    )
    left = series(records.BUDGET_REMAINING, None, IN_NAMESPACES)
    spent = f"count({by('min', metrics.OF_A_SERVICE, left)} <= 0) or 0 * count({left})"
    return stat(says, Query(spent, "services")).thresholds(thresholds(GREEN, (1, RED)))


def releases() -> PanelBuilder:
    """How many releases are under way."""
    says = Says("Releases under way", "Rollouts that progress or wait.", "none", NO_STATE)
    told = series(metrics.ROLLOUT_PHASE, None, IN_NAMESPACES, one_of(metrics.PHASE, ("Progressing", "Paused")))
    return stat(says, Query(f"sum({by('max', metrics.OF_A_ROLLOUT, told)})", "releases")).thresholds(
        thresholds(GREEN, (1, BLUE))
    )


def alerts() -> PanelBuilder:
    """How many alerts fire."""
    says = Says("Alerts", "Alerts that fire for the services and their releases.", "none", "No service is recorded")
    rates = series(records.request_rate("namespace", "5m"), None, IN_NAMESPACES)
    firing = f"sum({_firing()}) or 0 * count({rates})"
    return stat(says, Query(firing, "alerts")).thresholds(thresholds(GREEN, (1, RED)))


def every_service() -> PanelBuilder:
    """A line for each service."""
    says = Says(
        "Services",
        "Each service over the last 5 minutes; a click on one leads to its dashboards. The budget is the least that is "
        "left of its objectives for 30 days, the weight the share of the traffic that its canary gets.",
        "short",
        f"{_NO_RECORDS}, and no Rollout is known",
    )
    return table(
        says,
        [
            Key(metrics.SERVICE, "Service", links_of_a_service()),
            Key(metrics.NAMESPACE, "Namespace"),
        ],
        Column("Requests", _newest("sum", records.request_rate("service", "5m")), "reqps", 1),
        Column("Errors", _newest_error_ratio(), "percentunit", 2, thresholds(GREEN, (0.01, ORANGE), (0.05, RED))),
        Column("p95", _newest("max", records.latency("service", "5m", 95)), "s"),
        Column(
            "Budget left",
            _newest("min", records.BUDGET_REMAINING),
            "percentunit",
            1,
            thresholds(RED, (0, ORANGE), (0.25, GREEN)),
        ),
        Column("Release", as_service(status_phase(None, IN_NAMESPACES)), "none", phases=OF_STATUS),
        Column("Canary", as_service(canary_weight(None, IN_NAMESPACES)), "percentunit", 0),
        Column("Alerts", _alerts_by_service(), "none", 0, thresholds(GREEN, (1, RED))),
    )


def traffic_by_service() -> PanelBuilder:
    """Requests of each service."""
    says = Says("Requests by service", "Requests per second to each service.", "reqps", _NO_RECORDS)
    return timeseries(says, Query(request_rate("service", "5m", None, IN_NAMESPACES), _BY_SERVICE))


def errors_by_service() -> PanelBuilder:
    """Errors of each service."""
    says = Says(
        "Errors by service",
        "The share of the requests to each service that ended in a server error (5xx).",
        "percentunit",
        "No service has traffic",
    )
    return timeseries(says, Query(error_ratio("service", "5m", None, IN_NAMESPACES), _BY_SERVICE))


def latency_by_service() -> PanelBuilder:
    """The latency of each service."""
    says = Says(
        "p95 by service",
        "Of the requests to each service, 95 % took no longer; the mean of recorded quantiles.",
        "s",
        "No service has traffic, or none has a histogram of durations",
    )
    return timeseries(says, Query(latency("service", "5m", 95, None, IN_NAMESPACES), _BY_SERVICE))


def phase_by_service() -> PanelBuilder:
    """What the releases were at."""
    says = Says("Releases", "The phase of each Rollout, as in its status.", "none", NO_STATE)
    return states(says, OF_STATUS, Query(status_phase(None, IN_NAMESPACES), "{{name}}"))


def weight_by_service() -> PanelBuilder:
    """How much of the traffic canaries had."""
    says = Says(
        "Traffic of canaries",
        "The share of the traffic that the canary of each service gets: the router's weight, or the share of the pods.",
        "percentunit",
        NO_STATE,
    )
    return timeseries(says, Query(canary_weight(None, IN_NAMESPACES), "{{name}}")).max(1)


def _newest(operator: str, record: str) -> str:
    """A record's newest values by service, without its name: a line of the table is of several records."""
    return by(operator, metrics.OF_A_SERVICE, series(record, None, IN_NAMESPACES))


def _newest_error_ratio() -> str:
    errors, rates = (_newest("sum", record("service", "5m")) for record in (records.error_rate, records.request_rate))
    return f"{errors} / ({rates} > 0)"


def _alerts_by_service() -> str:
    """How many alerts fire for each; 0 where none does."""
    none = f"0 * {_newest('sum', records.request_rate('service', '5m'))}"
    return f"{by('sum', metrics.OF_A_SERVICE, _firing())} or {none}"


def _firing() -> str:
    return series(metrics.ALERTS, {metrics.ALERT_STATE: "firing"}, IN_NAMESPACES, f'{metrics.SERVICE}!=""')
