"""What no single value can show: faults that lie between the values of one service."""

from collections.abc import Iterator

from catalog.services import Analysis, Service, SetWeight


def contradictions(service: Service) -> Iterator[tuple[str, str]]:
    """Each fault as the path of its key below the service, and a message that says how to mend it."""
    if service.traffic.router != "none" and not service.traffic.host:
        yield "traffic.host", f"router {service.traffic.router} needs the host it answers to (such as api.example.com)"
    criteria = service.canary.analysis
    if criteria.rollback_after_failures > criteria.count:
        yield (
            "canary.analysis.rollbackAfterFailures",
            f"{criteria.rollback_after_failures} failures can never be seen in {criteria.count} measurements; "
            f"use at most {criteria.count}",
        )
    yield from _weights(service)


def _weights(service: Service) -> Iterator[tuple[str, str]]:
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
    if not any(isinstance(step, Analysis) for step in steps):
        yield "canary.steps", "no step is an analysis, so nothing could roll a bad canary back; add {analysis: true}"
