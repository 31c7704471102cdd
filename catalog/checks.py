"""What no single value can show: faults that lie between the values of one service, or between services."""

from collections.abc import Iterator, Sequence

from catalog.services import RESERVED_LABELS, RESERVED_ON_PODS, Analysis, Service, SetWeight
from catalog.weights import MISLEADING, real_weight

Fault = tuple[str, str]
"""The path of a key below the service, and a message that says how to mend it."""


def contradictions(service: Service) -> Iterator[Fault]:
    """Every fault between the values of one service."""
    if service.traffic.router != "none" and not service.traffic.host:
        yield "traffic.host", f"router {service.traffic.router} needs the host it answers to (such as api.example.com)"
    if service.traffic.router == "none" and service.traffic.host:
        yield "traffic.host", "a host is served only with a router; set 'router: nginx', or leave the host out"
    yield from _labels(service)
    yield from _criteria(service)
    yield from _steps(service)


def misleading_weights(service: Service) -> Iterator[Fault]:
    """A first step whose pods would give far more than the weight it asks for: no small first step at all.

    With a router the weight is exact, and nothing is said.
    """
    if service.traffic.router != "none":
        return
    for index, step in enumerate(service.canary.steps):
        if isinstance(step, SetWeight):
            real = real_weight(service.replicas, step.set_weight)
            if real > MISLEADING * step.set_weight / 100:
                yield (
                    f"canary.steps[{index}].setWeight",
                    f"asks for {step.set_weight} %, but of {service.replicas} pods and one more the nearest is "
                    f"{real * 100:.0f} %; use {_replicas_for(step.set_weight)} replicas or more, a traffic router, "
                    "or the weight it really is",
                )
            return


def _replicas_for(weight: int) -> int:
    """The fewest pods that come near enough to a weight of that many percent."""
    return next(pods for pods in range(1, 101) if real_weight(pods, weight) <= MISLEADING * weight / 100)


def clashes(services: Sequence[Service]) -> Iterator[tuple[str, str, str]]:
    """Every fault between services: the name of the later one, the path below it, and the message."""
    owners: dict[str, str] = {}
    selectors: dict[frozenset[tuple[str, str]], str] = {}
    for service in services:
        for name in service.object_names:
            if name in owners:
                yield service.name, "", f"its Service '{name}' is also one of '{owners[name]}'; rename one of the two"
            owners.setdefault(name, service.name)
        selector = frozenset(service.pod_selector.items())
        if selector in selectors:
            other = selectors[selector]
            yield service.name, "selectorLabels", f"are those of '{other}' too: each would get the other's traffic"
        selectors.setdefault(selector, service.name)


def _labels(service: Service) -> Iterator[Fault]:
    for path, labels in (("labels", service.labels), ("metrics.labels", service.metrics.labels)):
        for key in labels:
            if key in RESERVED_LABELS:
                yield f"{path}.{key}", "is set by the program and tells its objects apart; choose another key"
    for key in service.selector_labels:
        if key in RESERVED_ON_PODS:
            yield f"selectorLabels.{key}", "changes while a canary runs, so it can select nothing; leave it out"


def _criteria(service: Service) -> Iterator[Fault]:
    criteria = service.canary.analysis
    path = "canary.analysis"
    if criteria.rollback_after_failures > criteria.count:
        yield (
            f"{path}.rollbackAfterFailures",
            f"{criteria.rollback_after_failures} failures can never be seen in {criteria.count} measurements; "
            f"use at most {criteria.count}",
        )
    if not criteria.error_rate:
        yield f"{path}.errorRate", "0 could never be met, and every canary would be rolled back; use at least 0.01%"
    if criteria.p95 > _LONGEST_LATENCY_SECONDS:
        yield f"{path}.p95", f"{criteria.p95} is no limit for a request (a plain number is seconds); such as 300ms"
    if criteria.interval < service.metrics.interval:
        yield (
            f"{path}.interval",
            f"{criteria.interval} is shorter than the scrape interval {service.metrics.interval}: measurements would "
            "repeat the same samples",
        )


_LONGEST_LATENCY_SECONDS = 60
"""Ingresses and clients give up on a request after a minute at the latest (nginx: `proxy_read_timeout 60s`)."""


def _steps(service: Service) -> Iterator[Fault]:
    steps = service.canary.steps
    highest = 0
    for index, step in enumerate(steps):
        if isinstance(step, SetWeight):
            if step.set_weight <= highest:
                yield (
                    f"canary.steps[{index}].setWeight",
                    f"{step.set_weight} does not rise above the {highest} before it; weights must rise",
                )
            highest = max(highest, step.set_weight)
        elif isinstance(step, Analysis) and highest == 0:
            yield (
                f"canary.steps[{index}]",
                "before the first setWeight no canary has traffic to analyse; put one before it",
            )
    if not any(isinstance(step, Analysis) for step in steps):
        yield "canary.steps", "no step is an analysis, so nothing could roll a bad canary back; add {analysis: true}"
