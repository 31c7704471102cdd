"""Panels of the checks that an analysis makes: the canary, the stable pods, and the limit.

An analysis looks at its own window and tells pods apart by their hash; these show the last minute by the label
`version`, so that they agree in what they show and not to the last digit.
"""

from observability import metrics, records
from observability.dashboard_rules import MINIMUM_REQUESTS
from observability.dashboards.look import PURPLE, PanelBuilder, Query, Says, as_limit, by_version, compared
from observability.dashboards.requests import error_ratio, latency, mean, request_rate
from observability.dashboards.variables import OF_SERVICE
from observability.records import Percentile

_VERSION = f"{{{{{metrics.VERSION}}}}}"
_CHECK = f"{{{{{metrics.CHECK}}}}}"
_AGAINST_STABLE = "-against-stable"
_NO_TRAFFIC = "Nobody asks this service"


def error_ratios() -> PanelBuilder:
    """Errors of both versions."""
    says = Says(
        "Errors: canary and stable",
        "The share of the requests to each version that ended in a server error (5xx). Dashed, what a canary must stay "
        "below, and what stable allows it.",
        "percentunit",
        _NO_TRAFFIC,
    )
    return _check(says, Query(error_ratio("service_version", "1m", OF_SERVICE), _VERSION), "error-rate")


def latencies(percentile: Percentile) -> PanelBuilder:
    """Latency of both versions."""
    says = Says(
        f"p{percentile}: canary and stable",
        f"Of the requests to each version, {percentile} % took no longer. Dashed, what a canary must stay below, and "
        "what stable allows it; without such a line this is not checked.",
        "s",
        f"{_NO_TRAFFIC}, or it has no histogram of durations",
    )
    found = latency("service_version", "1m", percentile, OF_SERVICE)
    return _check(says, Query(found, _VERSION), f"p{percentile}-latency")


def request_rates() -> PanelBuilder:
    """Requests of both versions."""
    says = Says(
        "Requests: canary and stable",
        "Requests per second to each version. A canary that gets fewer than the dashed line has too little traffic to "
        "be judged.",
        "reqps",
        "No requests are recorded: none of its pods is scraped, or they do not count requests",
    )
    return _check(says, Query(request_rate("service_version", "1m", OF_SERVICE), _VERSION), MINIMUM_REQUESTS)


def _check(says: Says, measured: Query, check: str) -> PanelBuilder:
    """What is measured of both versions, and the limits of the check, each in its own color."""
    limits = mean(records.LIMIT, OF_SERVICE, f'{metrics.CHECK}=~"{check}({_AGAINST_STABLE})?"')
    panel = by_version(compared(says, measured, Query(limits, f"limit {_CHECK}")))
    panel = panel.override_by_regexp("/^limit/", as_limit())
    return panel.override_by_regexp(f"/^limit.*{_AGAINST_STABLE}/", as_limit(PURPLE))
