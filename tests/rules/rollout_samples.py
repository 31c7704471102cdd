"""The series that Argo Rollouts 1.9 has of a Rollout `a-api` in the namespace `apis`, one sample a minute."""

from collections.abc import Iterator, Mapping

from tests.rules.promtool import Series

LEADER = 'job="argo-rollouts",instance="10.0.0.1:8090"'
STANDBY = 'job="argo-rollouts",instance="10.0.0.2:8090"'


def rollout(phases: Mapping[str, str], name: str = "a-api", namespace: str = "apis", target: str = LEADER) -> Series:
    """A Rollout in each of its phases, for as long as it is in it."""
    labels = f'{target},namespace="{namespace}",name="{name}",strategy="canary",traffic_router=""'
    return {f'rollout_info{{{labels},phase="{phase}"}}': samples for phase, samples in phases.items()}


def of_rollout(metric: str, samples: str, target: str = LEADER) -> Series:
    return {f'{metric}{{{target},namespace="apis",name="a-api"}}': samples}


def event(reason: str, samples: str, target: str = LEADER) -> Series:
    labels = f'{target},namespace="apis",name="a-api",type="Warning",reason="{reason}"'
    return {f"rollout_events_total{{{labels}}}": samples}


def run(name: str, phase: str, samples: str) -> Series:
    """An AnalysisRun in one of its phases."""
    return {f'analysis_run_info{{{LEADER},namespace="apis",name="{name}",phase="{phase}"}}': samples}


def controller(up: str, target: str = LEADER, restarted: int = 0) -> Series:
    """A controller, and what each scrape of it that succeeds finds; `restarted` is the minute in which it did."""
    labels = f'{{{target},namespace="argo-rollouts"}}'
    started = (
        {"1": str(60 * restarted if minute >= restarted else 0), "0": "stale"}.get(each, each)
        for minute, each in enumerate(_one_by_one(up))
    )
    return {f"up{labels}": up, f"process_start_time_seconds{labels}": " ".join(started)}


def _one_by_one(samples: str) -> Iterator[str]:
    """Samples of promtool with none repeated: `1x2` are three of them, `_x2` two that are missing."""
    for each in samples.split():
        value, times, count = each.partition("x")
        yield from [value] * (int(count) + (value != "_") if times else 1)
