"""The names of the recording rules, which alerts and dashboards read by these functions.

Named level:metric:operations: the level says which labels are left, besides the namespace that all of them have. A
record of rates is over the window in its name, or over four scrapes where a service is scraped too rarely for that.
"""

from typing import Literal, get_args

from catalog.quantities import Duration

Level = Literal["service_version", "service", "namespace"]
"""Canary and stable apart, a service as a whole, and all services of a namespace, which is the fleet."""

Window = Literal["1m", "5m"]
"""The shorter one shows a canary at once, the longer one is what objectives are reckoned from."""

Percentile = Literal[50, 95, 99]

LEVELS: tuple[Level, ...] = get_args(Level)
WINDOWS: tuple[Window, ...] = get_args(Window)
PERCENTILES: tuple[Percentile, ...] = get_args(Percentile)

INTERVAL = Duration(30)
"""How often rates, and what is reckoned from them over hours, are recorded, in seconds."""


def request_rate(level: Level, window: Window) -> str:
    """Requests per second."""
    return f"{level}:http_requests:rate{window}"


def error_rate(level: Level, window: Window) -> str:
    """Requests per second that ended in a server error; 0, and not missing, where none did."""
    return f"{level}:http_request_errors:rate{window}"


def bucket_rate(level: Level, window: Window) -> str:
    """Requests per second within each bucket of the latency histogram (`le`), for heat maps and other quantiles."""
    return f"{level}_le:http_request_duration_seconds_bucket:rate{window}"


def latency(level: Level, window: Window, percentile: Percentile) -> str:
    """The latency in seconds that so many percent of the requests stayed within; missing while nobody asks."""
    return f"{level}:http_request_duration_seconds:p{percentile}_rate{window}"


API_REQUEST_RATE = "kind_verb_status_code:controller_clientset_k8s_request:rate5m"
"""Requests per second of the Argo Rollouts controller to Kubernetes, without the unbounded names of objects."""

SloWindow = Literal["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]
SLO_WINDOWS: tuple[SloWindow, ...] = get_args(SloWindow)
"""The windows that burn rates are looked at over, and the period of every objective.

The names are Sloth's, and so are their meanings. The labels are `namespace`, `service` and `slo`, not sloth_service and
the like: as on every other series here, so that joins, routes and inhibitions need no second spelling.
"""


def sli_error(window: SloWindow) -> str:
    """The share (ratio, 0–1) of the requests that missed the objective; missing where there were none."""
    return f"slo:sli_error:ratio_rate{window}"


SLI_ERRORS, SLI_REQUESTS = "slo:sli_errors:rate5m", "slo:sli_requests:rate5m"
"""Requests per second that missed the objective, and all that it is about; what every window is summed up from."""

OBJECTIVE, ERROR_BUDGET = "slo:objective:ratio", "slo:error_budget:ratio"
"""What is promised (ratio, 0–1), and what that leaves for errors."""

CURRENT_BURN, PERIOD_BURN = "slo:current_burn_rate:ratio", "slo:period_burn_rate:ratio"
"""How many times as fast as the budget allows it is spent, over the last 5 minutes and over the last 30 days."""

BUDGET_REMAINING = "slo:period_error_budget_remaining:ratio"
"""The share of the budget of 30 days that is left: 1 is all, 0 is none, and less where more was spent."""

# What dashboards alone read (`dashboard_rules.py`).

LIMIT = "service_check:limit:value"
"""What a check of a service is held against: seconds, a ratio 0–1, or requests per second, by the label `check`.

Each service has limits of its own, and a dashboard is one for all of them: so they are series."""

STATUS_RATE = "service_version_status:http_requests:rate1m"
"""Requests per second by version and status."""
