"""Panels about a service's objectives: what is left of its error budget, and how fast it is spent."""

from observability import metrics, records
from observability.dashboards.look import (
    GREEN,
    ORANGE,
    RED,
    PanelBuilder,
    Query,
    Says,
    as_limit,
    compared,
    drawn_at_thresholds,
    stat,
    thresholds,
    timeseries,
)
from observability.dashboards.requests import mean
from observability.dashboards.variables import OF_SERVICE
from observability.series import series
from observability.slo import BURN_WINDOWS

_SLO = f"{{{{{metrics.SLO}}}}}"
_NO_OBJECTIVE = "This service has no objective (`slo` in services.yaml), or has had no request in 30 days"

_DAYS_STEP = "5m"
"""What looks back for days is recorded every 2 minutes only."""

_TIGHT = 0.25
"""The share of a budget from which on the rest should be spent with care: a week of the 30 days."""


def budget_left() -> PanelBuilder:
    """What may still go wrong."""
    says = Says(
        "Error budget left",
        "The share of the error budget of 30 days that is left, of each objective: 100 % is all of it, and below 0 % "
        "the objective is missed. Versions are not told apart.",
        "percentunit",
        _NO_OBJECTIVE,
    )
    left = series(records.BUDGET_REMAINING, OF_SERVICE)
    panel = stat(says, Query(left, _SLO)).decimals(1)
    return panel.thresholds(thresholds(RED, (0, ORANGE), (_TIGHT, GREEN)))


def burn_rate() -> PanelBuilder:
    """How fast the budget is spent."""
    factors = ", ".join(f"{window.factor} over {window.long}" for window in BURN_WINDOWS)
    says = Says(
        "Burn rate",
        "How many times as fast as the budget allows it is spent, over the last 5 minutes. At 1 it lasts just 30 days. "
        f"Dashed, where alerts begin if it lasts: {factors}.",
        "none",
        _NO_OBJECTIVE,
    )
    colors = {"critical": RED, "warning": ORANGE}
    steps = sorted((float(window.factor), colors[window.severity]) for window in BURN_WINDOWS)
    panel = timeseries(says, Query(mean(records.CURRENT_BURN, OF_SERVICE), _SLO))
    return panel.thresholds(thresholds(GREEN, *steps)).thresholds_style(drawn_at_thresholds())


def misses() -> PanelBuilder:
    """What share of the requests missed the objective, by how far back one looks."""
    says = Says(
        "Requests that missed the objective",
        "The share of the requests that missed each objective over the last hour and over the last 6; dashed, what the "
        "budget allows.",
        "percentunit",
        _NO_OBJECTIVE,
    )
    return compared(
        says,
        Query(mean(records.sli_error("1h"), OF_SERVICE), f"{_SLO}, 1h"),
        Query(mean(records.sli_error("6h"), OF_SERVICE), f"{_SLO}, 6h"),
        Query(mean(records.ERROR_BUDGET, OF_SERVICE), f"{_SLO} budget"),
    ).override_by_regexp("/budget/", as_limit())


def budget_spent_over_time() -> PanelBuilder:
    """How the budget went."""
    says = Says(
        "Error budget over time",
        "What was left of the error budget of the 30 days before each moment.",
        "percentunit",
        _NO_OBJECTIVE,
    )
    panel = timeseries(says, Query(mean(records.BUDGET_REMAINING, OF_SERVICE), _SLO)).interval(_DAYS_STEP)
    colors = thresholds(RED, (0, ORANGE), (_TIGHT, GREEN))
    return panel.max(1).thresholds(colors).thresholds_style(drawn_at_thresholds())
