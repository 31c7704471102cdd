"""Canary analysis: what a service's AnalysisTemplate says, and how the steps and the background of its Rollout use it.

One template serves both; what they judge differently are its arguments. The steps' values are the defaults in it, since
Argo Rollouts wants a template of a step to end by itself (`ValidateAnalysisTemplateWithType`), and the Rollout gives
the background its own. Paths in parentheses are those of argo-rollouts v1.9.1.
"""

import math
from collections.abc import Mapping
from typing import Any

from catalog.canary import SetWeight
from catalog.canary_checks import analysis_window
from catalog.quantities import Duration
from catalog.services import Service
from observability.analysis_access import PrometheusAccess, access_fields
from observability.analysis_checks import (
    CANARY_HASH_ARGUMENT,
    SCRAPES_BEFORE_FIRST_MEASUREMENT,
    STABLE_HASH_ARGUMENT,
    Check,
    checks,
)
from observability.queries import number

__all__ = [
    "CANARY_HASH_ARGUMENT",
    "STABLE_HASH_ARGUMENT",
    "Check",
    "PrometheusAccess",
    "background_analysis",
    "checks",
    "step_analysis",
    "template_spec",
]

_ERROR_RETRY_SECONDS = 10
"""A measurement that ended in an error is repeated after 10 s, whatever the interval (`DefaultErrorRetryInterval`).

A Prometheus that does not even refuse costs its timeout of 30 s besides: such an outage is survived for longer.
"""

_WITHOUT_END = "0"
"""A count of 0 beside an interval is none: the background measures until the release is over (`EffectiveCount`)."""

_NEVER = str(2**31 - 1)
"""More measurements than any release has, and the most that the controller can count to (int32)."""


def template_spec(
    service: Service, namespace: str, address: str, access: PrometheusAccess | None = None
) -> dict[str, Any]:
    """The `spec` of the AnalysisTemplate: its arguments, and one metric for each check, asked of `address`."""
    fields = access_fields(access)
    found = checks(service, namespace)
    hashes = [{"name": name} for name in _hashes(found)]
    defaults = [{"name": name, "value": value} for name, value in _of_a_step(service).items()]
    prometheus = {"address": address, **fields.provider}
    return {
        "args": [*hashes, *defaults, *fields.arguments],
        "metrics": [_metric(service, check, prometheus) for check in found],
    }


def step_analysis(service: Service) -> dict[str, Any]:
    """The content of `analysis:` in a step.

    The gate: a measurement without data is a reason to ask a person, and one without traffic what `onNoTraffic` says.
    Only its own measurements end it. A person can, by `kubectl argo rollouts terminate analysisrun`, and what is ended
    before its first measurement counts as passed (`assessRunStatus`).
    """
    return _use(service, {})


def background_analysis(service: Service) -> dict[str, Any] | None:
    """The content of `strategy.canary.analysis`; None where the plan has no background analysis.

    It only ever rolls back: on measured failures, and when Prometheus was not to be had for longer than
    `surviveOutageOf`. Missing data and missing traffic are for the steps to judge. If they paused a release here,
    `promote` would end that pause together with the one of the step, and skip it.
    """
    if not service.canary.background:
        return None
    steps = service.canary.steps
    weighted = next((index for index, step in enumerate(steps) if isinstance(step, SetWeight)), -1)
    # From the first step after the first weight is reached on: before that there is nothing to measure.
    return {"startingStep": weighted + 1, **_use(service, _of_the_background(service))}


def _of_a_step(service: Service) -> dict[str, str]:
    criteria = service.canary.analysis
    blind_seconds = analysis_window(service) + _first_scrapes(service)
    return {
        "count": str(criteria.count),
        "interval": str(criteria.interval),
        "initial-delay": str(_first_scrapes(service)),
        "error-delay": str(_first_scrapes(service)),
        # As many as Prometheus is blind for after a restart, but one must tell something: inconclusive measurements
        # count like others, and a run of nothing else would be a success (`assessMetricStatus`).
        "inconclusive-limit": str(
            min(math.ceil(blind_seconds / criteria.interval), criteria.count - criteria.rollback_after_failures)
        ),
        "on-no-traffic": criteria.on_no_traffic,
    }


def _of_the_background(service: Service) -> dict[str, str]:
    return {
        "count": _WITHOUT_END,
        # Twice a scrape, so that what one shows is soon seen: a bad release taken back sooner spares its errors.
        "interval": str(Duration(service.metrics.interval / 2)),
        # The first requests of a process may be slow, and no fault of the release; errors of them are.
        "initial-delay": str(Duration(analysis_window(service) + _first_scrapes(service))),
        "error-delay": str(service.metrics.interval),
        "inconclusive-limit": _NEVER,
        "on-no-traffic": "ignore",
    }


def _first_scrapes(service: Service) -> Duration:
    return Duration(SCRAPES_BEFORE_FIRST_MEASUREMENT * service.metrics.interval)


def _metric(service: Service, check: Check, prometheus: dict[str, Any]) -> dict[str, Any]:
    """One metric. Argo's limits are "more than", so that n failures are a limit of n - 1."""
    criteria = service.canary.analysis
    return {
        "name": check.name,
        "initialDelay": "{{args.error-delay}}" if check.is_error_limit else "{{args.initial-delay}}",
        "interval": "{{args.interval}}",
        "count": "{{args.count}}",
        "failureLimit": criteria.rollback_after_failures - 1,
        "inconclusiveLimit": "{{args.inconclusive-limit}}",
        "consecutiveErrorLimit": math.ceil(criteria.survive_outage_of / _ERROR_RETRY_SECONDS),
        "successCondition": _condition(f"{check.good} {number(check.limit)}", "pass"),
        "failureCondition": _condition(f"{_BAD[check.good]} {number(check.limit)}", "rollback"),
        "provider": {"prometheus": {**prometheus, "query": check.query}},
    }


_BAD = {"<": ">=", "<=": ">"}


def _condition(compared: str, on_no_traffic: str) -> str:
    """When a measurement is a success, or a failure: by its value, or by what is said of no traffic.

    Prometheus answers with a list. An empty one, which is "nobody knows", satisfies neither condition; NaN is no
    traffic. A measurement that satisfies neither is inconclusive (utils/evaluate, `EvaluateResult`).
    """
    without_traffic = f"'{{{{args.on-no-traffic}}}}' == '{on_no_traffic}'"
    return f"len(result) > 0 && (isNaN(result[0]) ? {without_traffic} : result[0] {compared})"


def _use(service: Service, arguments: Mapping[str, str]) -> dict[str, Any]:
    """How a Rollout refers to the template, which has the service's name.

    What is only measured, and how much is kept, stands here: in a template it would hold for all who use it, and the
    same rule in both is an error. Rules are regular expressions that match anywhere in a name.
    """
    found = checks(service, namespace="")
    values = [{"name": name, "value": value} for name, value in arguments.items()]
    hashes = [{"name": name, "valueFrom": {"podTemplateHashValue": pods}} for name, pods in _hashes(found).items()]
    dry = [{"metricName": f"^{check.name}$"} for check in found if check.criterion in service.canary.analysis.dry_run]
    return {
        "templates": [{"templateName": service.name}],
        "args": [*hashes, *values],
        **({"dryRun": dry} if dry else {}),
        "measurementRetention": [{"metricName": ".*", "limit": service.canary.analysis.keep}],
    }


def _hashes(found: list[Check]) -> dict[str, str]:
    """The arguments that the queries have, and whose hash each of them is; an unused one would only mislead."""
    known = {CANARY_HASH_ARGUMENT: "Latest", STABLE_HASH_ARGUMENT: "Stable"}
    return {name: pods for name, pods in known.items() if any(f"args.{name}" in check.query for check in found)}
