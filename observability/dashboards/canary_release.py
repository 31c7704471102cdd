"""Panels about how far a release is: phase, weight, step, pods, and what its Rollout says of itself."""

from observability import metrics
from observability.dashboards.look import (
    BLUE,
    GREEN,
    ORANGE,
    PanelBuilder,
    Query,
    Says,
    colored,
    mapping,
    on_the_right,
    stat,
    states,
    thresholds,
    timeseries,
)
from observability.dashboards.phases import OF_STATUS
from observability.dashboards.rollouts import NO_STATE, canary_weight, status_phase
from observability.dashboards.tables import Key, listed
from observability.dashboards.variables import ROLLOUT_OF_SERVICE
from observability.series import by, series

_STEP = "step"


def phase_now() -> PanelBuilder:
    """What the release is at."""
    says = Says("Phase", "The phase in the status of the Rollout.", "none", NO_STATE)
    return (
        stat(says, Query(status_phase(ROLLOUT_OF_SERVICE), "phase"))
        .mappings([mapping(OF_STATUS)])
        .thresholds(thresholds(BLUE))
    )


def weight_now() -> PanelBuilder:
    """How much of the traffic the canary has."""
    says = Says(
        "Traffic of the canary",
        "The share of the traffic that the canary gets: the router's weight, or the share of the pods.",
        "percentunit",
        NO_STATE,
    )
    return stat(says, Query(canary_weight(ROLLOUT_OF_SERVICE), "canary")).decimals(0).thresholds(thresholds(BLUE))


def step_now() -> PanelBuilder:
    """Which step it is at."""
    says = Says(
        "Step", "The current step of the plan, counted from 0; the number of steps once through.", "none", NO_STATE
    )
    return stat(says, Query(_newest(metrics.ROLLOUT_STEP), _STEP)).decimals(0).thresholds(thresholds(BLUE))


def waits_since() -> PanelBuilder:
    """For how long it has been waiting."""
    says = Says(
        "Waits for",
        "For how long the Rollout has been paused, and why: a step of the plan, or an analysis without a verdict.",
        "s",
        "Does not wait",
    )
    since = by("max", (metrics.REASON,), series(metrics.ROLLOUT_PAUSED_SINCE, ROLLOUT_OF_SERVICE))
    return stat(says, Query(f"time() - {since}", "{{reason}}")).thresholds(thresholds(BLUE, (3600, ORANGE)))


def message() -> PanelBuilder:
    """What the Rollout says."""
    says = Says(
        "Message",
        "What the status of the Rollout says: which check failed and how often, or what it waits for.",
        "none",
        "The Rollout has nothing to say",
    )
    said = by("max", (metrics.MESSAGE,), series(metrics.ROLLOUT_MESSAGE, ROLLOUT_OF_SERVICE))
    return listed(says, [Key(metrics.MESSAGE, "Message", long=True)], said)


def phases() -> PanelBuilder:
    """What it was at."""
    says = Says("Phases", "The phase of the Rollout over time.", "none", NO_STATE)
    return states(says, OF_STATUS, Query(status_phase(ROLLOUT_OF_SERVICE), "{{name}}"))


def weight_and_step() -> PanelBuilder:
    """How it went on."""
    says = Says(
        "Weight and step",
        "The share of the traffic that the canary gets, and on the right the step of the plan, counted from 0.",
        "percentunit",
        NO_STATE,
    )
    panel = timeseries(
        says, Query(canary_weight(ROLLOUT_OF_SERVICE), "canary"), Query(_newest(metrics.ROLLOUT_STEP), _STEP)
    )
    return panel.override_by_name("canary", colored(ORANGE)).override_by_name(_STEP, on_the_right("none"))


def pods() -> PanelBuilder:
    """The pods it runs on."""
    says = Says(
        "Pods",
        "Pods of the Rollout: all, those of the newest version, and those that are available.",
        "none",
        NO_STATE,
    )
    return (
        timeseries(
            says,
            Query(_newest(metrics.ROLLOUT_REPLICAS), "all"),
            Query(_newest(metrics.ROLLOUT_REPLICAS_UPDATED), "newest version"),
            Query(_newest(metrics.ROLLOUT_REPLICAS_AVAILABLE), "available"),
        )
        .decimals(0)
        .override_by_name("all", colored(BLUE))
        .override_by_name("newest version", colored(ORANGE))
        .override_by_name("available", colored(GREEN))
    )


def _newest(metric: str) -> str:
    return by("max", metrics.OF_A_ROLLOUT, series(metric, ROLLOUT_OF_SERVICE))
