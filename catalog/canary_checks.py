"""What lies between the values of a canary plan: steps that cannot be taken, criteria that cannot decide."""

from collections.abc import Iterator
from itertools import takewhile

from pydantic.alias_generators import to_camel

from catalog.canary import Analysis, SetCanaryScale, SetWeight, Step
from catalog.problems import Fault
from catalog.quantities import Duration
from catalog.services import Service
from catalog.statistics import TOLERABLE_RISK, enough_requests, false_rollback_risk
from catalog.weights import MISLEADING, pods_for, real_weight, routed_standings

SCRAPES_PER_WINDOW = 4
"""A rate over fewer scrapes than this comes and goes with a single missed one."""

_LONGEST_LATENCY_SECONDS = 60
"""Ingresses and clients give up on a request after a minute at the latest (nginx: `proxy_read_timeout 60s`)."""

_PLAN, _CRITERIA = "canary", "canary.analysis"


def faults(service: Service) -> Iterator[Fault]:
    """Every contradiction in the canary plan of `service`."""
    yield from _steps(service)
    yield from _timing(service)
    yield from _limits(service)
    yield from _measuring(service)


def misleading_weights(service: Service) -> Iterator[Fault]:
    """A first step whose pods would give far more than the weight it asks for: no small first step at all.

    With a router the weight is exact, and nothing is said.
    """
    if service.is_routed:
        return
    pods = service.fewest_replicas
    for index, step in enumerate(service.canary.steps):
        if isinstance(step, SetWeight):
            real = real_weight(pods, step.set_weight)
            if real > MISLEADING * step.set_weight / 100:
                yield (
                    f"canary.steps[{index}].setWeight",
                    f"asks for {step.set_weight} %, but of {pods} pods and one more the nearest is "
                    f"{real * 100:.0f} %; use {_replicas_for(step.set_weight)} "
                    f"{'pods or more as autoscaling.min' if service.autoscaling else 'replicas or more'}, "
                    "a traffic router, or the weight it really is",
                )
            return


def cautions(service: Service) -> Iterator[Fault]:
    """What is allowed in a canary plan, and may still not be what was meant."""
    criteria = service.canary.analysis
    if not any(isinstance(step, Analysis) for step in takewhile(_is_part, service.canary.steps)):
        yield (
            "canary.steps",
            "no analysis stands before the full weight, which a canary then gets without having to prove anything; add "
            "{analysis: true} before it",
        )
    for path, limit in (("p95", criteria.p95), ("p99", criteria.p99)):
        if limit is not None and limit < max(service.metrics.buckets) and not is_bucket(limit, service):
            yield (
                f"{_CRITERIA}.{path}",
                f"{limit} is no bucket of the latency histogram, so the quantile is a guess near it; have the "
                "application measure with that bucket and add it to metrics.buckets, or choose one of "
                f"{_near(limit, service)}",
            )
    if set(criteria.dry_run) >= _measured(service):
        yield f"{_CRITERIA}.dryRun", "names every criterion, so no canary will ever be rolled back"
    yield from _too_few_requests(service)
    yield from _too_few_pods(service)


def _is_part(step: Step) -> bool:
    """Whether a step leaves some of the traffic to stable pods."""
    return not (isinstance(step, SetWeight) and step.set_weight == 100)


def _replicas_for(weight: int) -> int:
    """The fewest pods that come near enough to a weight of that many percent."""
    return next(pods for pods in range(1, 101) if real_weight(pods, weight) <= MISLEADING * weight / 100)


def _steps(service: Service) -> Iterator[Fault]:
    highest = 0
    for index, step in enumerate(service.canary.steps):
        path = f"canary.steps[{index}]"
        if isinstance(step, SetWeight):
            if step.set_weight <= highest:
                yield (
                    f"{path}.setWeight",
                    f"{step.set_weight} does not rise above the {highest} before it; weights must rise",
                )
            highest = max(highest, step.set_weight)
        elif isinstance(step, Analysis) and highest == 0:
            yield path, "before the first setWeight no canary has traffic to analyse; put one before it"
        elif isinstance(step, SetCanaryScale):
            if not service.is_routed:
                yield path, "without a router the pods are the traffic; set traffic.router, or leave this step out"
            if len(step.set_canary_scale.model_fields_set) != 1:
                yield f"{path}.setCanaryScale", "needs exactly one of replicas, weight and matchTrafficWeight"
            elif step.set_canary_scale.match_traffic_weight and highest == 0:
                yield (
                    f"{path}.setCanaryScale.matchTrafficWeight",
                    "before the first setWeight there is no traffic, and no pod to match it; leave this step out",
                )


def _timing(service: Service) -> Iterator[Fault]:
    plan = service.canary
    if plan.min_ready is not None and plan.progress_deadline <= plan.min_ready:
        yield (
            f"{_PLAN}.progressDeadline",
            f"{plan.progress_deadline} is over before a pod is ready for minReady {plan.min_ready}; make it longer",
        )
    if plan.rollback_window and plan.rollback_window > plan.revision_history_limit:
        yield (
            f"{_PLAN}.rollbackWindow",
            f"{plan.rollback_window} revisions are not kept; use at most revisionHistoryLimit "
            f"{plan.revision_history_limit}, or raise that",
        )
    if service.is_routed:
        return
    for path, value in (
        ("abortScaleDownDelay", plan.abort_scale_down_delay),
        ("dynamicStableScale", plan.dynamic_stable_scale),
    ):
        if value:
            yield f"{_PLAN}.{path}", "works only where a router splits the traffic; set traffic.router, or leave it out"


def _measured(service: Service) -> set[str]:
    """The criteria that have a limit, or are compared with stable, as the file spells them."""
    criteria = service.canary.analysis
    limits = [("error_rate", criteria.error_rate), ("p95", criteria.p95), ("p99", criteria.p99)]
    return {to_camel(name) for name, said in [*limits, *(criteria.compare_with_stable or ())] if said is not None}


def _limits(service: Service) -> Iterator[Fault]:
    criteria = service.canary.analysis
    compared = criteria.compare_with_stable
    if not _measured(service):
        yield _CRITERIA, "has nothing to measure; give at least one of errorRate, p95, p99 and compareWithStable"
    if criteria.error_rate is not None and not criteria.error_rate:
        yield f"{_CRITERIA}.errorRate", "0 could never be met, and every canary would be rolled back; at least 0.01%"
    highest = max(service.metrics.buckets)
    for path, limit in (("p95", criteria.p95), ("p99", criteria.p99)):
        if limit is None:
            continue
        if limit > _LONGEST_LATENCY_SECONDS:
            yield f"{_CRITERIA}.{path}", f"{limit} is no limit for a request (a plain number is seconds); such as 300ms"
        elif limit > highest:
            yield (
                f"{_CRITERIA}.{path}",
                f"{limit} is above the histogram's last bucket {highest}, where every quantile ends: it could never be "
                "exceeded; lower it, or add a bucket above it to metrics.buckets (and to the application)",
            )
    if criteria.p95 and criteria.p99 and criteria.p99 < criteria.p95:
        yield (
            f"{_CRITERIA}.p99",
            f"{criteria.p99} is below p95's {criteria.p95}, but p99 is never less than p95; raise it",
        )
    for name in criteria.dry_run:
        if name not in _measured(service):
            yield f"{_CRITERIA}.dryRun", f"names '{name}', which is no criterion here; leave it out"
    for path, margin in compared or ():
        if margin is not None and margin.factor == 1 and not margin.margin:
            yield (
                f"{_CRITERIA}.compareWithStable.{to_camel(path)}",
                "leaves no margin, and half of all healthy canaries would be rolled back; give a factor above 1, a "
                "margin, or both",
            )


def _measuring(service: Service) -> Iterator[Fault]:
    criteria, scrape = service.canary.analysis, service.metrics.interval
    if criteria.rollback_after_failures > criteria.count:
        yield (
            f"{_CRITERIA}.rollbackAfterFailures",
            f"{criteria.rollback_after_failures} failures can never be seen in {criteria.count} measurements; "
            f"use at most {criteria.count}",
        )
    if criteria.interval < scrape:
        yield (
            f"{_CRITERIA}.interval",
            f"{criteria.interval} is shorter than the scrape interval {scrape}: measurements would repeat the same "
            "samples",
        )
    if criteria.window is not None and criteria.window < SCRAPES_PER_WINDOW * scrape:
        yield (
            f"{_CRITERIA}.window",
            f"{criteria.window} is less than {SCRAPES_PER_WINDOW} scrapes of {scrape}, and a missed one would empty "
            f"it; use at least {Duration(SCRAPES_PER_WINDOW * scrape)}",
        )


def is_bucket(limit: float, service: Service) -> bool:
    """Whether the application's histogram counts the requests that took at most `limit` seconds."""
    return any(abs(limit - bucket) < 1e-9 for bucket in service.metrics.buckets)


def _near(limit: float, service: Service) -> str:
    """The buckets on either side of a limit."""
    buckets = sorted(service.metrics.buckets)
    around = [
        *[bucket for bucket in buckets if bucket < limit][-1:],
        *[bucket for bucket in buckets if bucket > limit][:1],
    ]
    return " and ".join(map(str, around))


def _too_few_requests(service: Service) -> Iterator[Fault]:
    """A stated minimum that leaves the verdict to chance (the same figures as in `statistics.py`)."""
    criteria = service.canary.analysis
    runs = sum(isinstance(step, Analysis) for step in service.canary.steps)
    if not criteria.minimum_requests or not criteria.error_rate or not runs:
        return
    limit, rest = float(criteria.error_rate), (criteria.count, criteria.rollback_after_failures, runs)
    risk = false_rollback_risk(criteria.minimum_requests, limit, *rest)
    if risk > TOLERABLE_RISK:
        window = analysis_window(service)
        enough = enough_requests(limit, *rest)
        yield (
            f"{_CRITERIA}.minimumRequests",
            f"with {criteria.minimum_requests} requests a measurement, {risk * 100:.0f} % of canaries with half the "
            f"allowed errors are rolled back by chance; {enough} would do, which is {enough / window:.0f} requests/s "
            f"on the canary alone, or a window longer than {window}",
        )


def _too_few_pods(service: Service) -> Iterator[Fault]:
    """A setCanaryScale under which a canary gets more of the requests than its pods are sized for; told once for each.

    The controller waits for the pods of the scale, however few, and then gives them the weight of the step.
    """
    steps = service.canary.steps
    told: dict[int, str] = {}
    for replicas in range(service.most_replicas, service.fewest_replicas - 1, -1):
        scale = len(steps)
        for index, (weight, pods) in enumerate(routed_standings(steps, replicas)):
            scale = index if isinstance(steps[index], SetCanaryScale) else scale
            needed = pods_for(weight, replicas)
            if pods < needed:
                mended = (
                    "use {matchTrafficWeight: true}"
                    if index == scale
                    else f"put {{setCanaryScale: {{weight: {weight}}}}} before that step, and "
                    "{setCanaryScale: {matchTrafficWeight: true}} after it"
                )
                found = f"gives the canary {pods} of {replicas} pods, and at steps[{index}] it gets {weight} % of the "
                told.setdefault(scale, f"{found}requests, which take {needed}; {mended}")
    yield from ((f"canary.steps[{index}].setCanaryScale", message) for index, message in told.items())


def analysis_window(service: Service) -> Duration:
    """The window in seconds of each measurement: what was asked for, or one interval, and never too few scrapes."""
    criteria = service.canary.analysis
    return criteria.window or Duration(max(criteria.interval, SCRAPES_PER_WINDOW * service.metrics.interval))
