"""A release as the cluster's objects tell it: how far it is, what was measured, and what became of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from catalog.quantities import Duration
from cli.release_checks import Judged, judged
from cli.status import DEGRADED, HEALTHY, status_of
from observability import metrics
from observability.analysis_checks import Check

Object = Mapping[str, Any]
"""An object as the API server gives it."""

_REVISION = "rollout.argoproj.io/revision"
ANALYSIS = "analysis"
"""A step that measures, as it is called."""

_STEP_INDEX, _TYPE, _BACKGROUND = "step-index", "rollout-type", "Background"
_PAUSED = "Paused"
_BY_STEP = "CanaryPauseStep"


class Outcome(Enum):
    """What became of a release; the value is the exit status of who followed it. 1 and 2 are other faults."""

    UNDER_WAY = None
    PROMOTED = 0
    ROLLED_BACK = 3
    WAITS = 4
    STANDS_STILL = 5
    REPLACED = 6


@dataclass(frozen=True)
class Pods:
    """The pods of one version: how many are ready, and how many there are to be."""

    ready: int = 0
    wanted: int = 0


@dataclass(frozen=True)
class Seen:
    """What was read of a release at the moment `at`. `alerts` are firing ones; None where nobody could be asked."""

    rollout: Object
    replica_sets: Sequence[Object]
    runs: Sequence[Object]
    alerts: Sequence[str] | None
    at: datetime


@dataclass(frozen=True)
class Measuring:
    """One AnalysisRun: what it is for, and how each of its checks stands."""

    what: str
    phase: str
    checks: tuple[Judged, ...]


@dataclass(frozen=True)
class ReleaseState:
    """How far a release is.

    `step` counts from 1 and is past the last of `steps` when all are done. Weights are percent (0–100): what the step
    asks for, and what the router or the share of ready pods really gives; None where no canary is under way. `left` is
    the rest of a timed pause, in seconds.
    """

    service: str
    image: str
    outcome: Outcome
    phase: str
    message: str
    step: int = 0
    steps: tuple[str, ...] = ()
    asked: int | None = None
    real: int | None = None
    left: float | None = None
    stable: Pods = Pods()
    canary: Pods = Pods()
    stable_image: str = ""
    measuring: tuple[Measuring, ...] = ()
    alerts: tuple[str, ...] | None = None
    reason: str = ""
    at: datetime = field(default=datetime.min.replace(tzinfo=UTC))


def state_of(service: str, image: str, checks: Sequence[Check], seen: Seen) -> ReleaseState:
    """The state of the release of `image`, whose checks the catalog knows, by what was read."""
    status = seen.rollout.get("status") or {}
    steps = _steps(seen.rollout)
    newest, stable = _of_hash(seen, status.get("currentPodHash")), _of_hash(seen, status.get("stableRS"))
    known = status_of(service, dict(seen.rollout))
    outcome = _outcome(seen, image)
    under_way = known.weight is not None
    index = status.get("currentStepIndex") or 0
    measuring = tuple(_measuring(seen, checks, index))
    return ReleaseState(
        service,
        image,
        outcome,
        phase=known.phase,
        message=_message(status.get("message") or ""),
        step=min(index + 1, len(steps) + 1),
        steps=tuple(map(_step, steps)),
        asked=(100 if index >= len(steps) else known.weight) if under_way else None,
        real=_real_weight(status, newest, stable) if under_way else None,
        left=_left(seen, status, steps, index) if outcome is Outcome.UNDER_WAY else None,
        stable=_pods(stable),
        canary=_pods(newest) if newest is not stable else Pods(),
        stable_image=_image(stable) if stable else "",
        measuring=measuring,
        alerts=None if seen.alerts is None else tuple(seen.alerts),
        reason=_reason(outcome, seen, measuring, _step(steps[index]) if index < len(steps) else ""),
        at=seen.at,
    )


def _outcome(seen: Seen, image: str) -> Outcome:
    status = seen.rollout.get("status") or {}
    if _image(seen.rollout) != image:
        return Outcome.REPLACED
    newest = _of_hash(seen, status.get("currentPodHash"))
    observed = str(status.get("observedGeneration")) == str(seen.rollout["metadata"].get("generation"))
    # Until the controller has made pods of the new template, the rest of the status is about the release before.
    if not observed or newest is None or _image(newest) != image:
        return Outcome.UNDER_WAY
    phase = status.get("phase")
    if phase == HEALTHY and status.get("stableRS") == status.get("currentPodHash"):
        return Outcome.PROMOTED
    if status.get("abort"):
        return Outcome.ROLLED_BACK
    if phase == DEGRADED:
        return Outcome.STANDS_STILL
    return Outcome.WAITS if phase == _PAUSED and _waits_for_a_person(seen.rollout) else Outcome.UNDER_WAY


def _waits_for_a_person(rollout: Object) -> bool:
    """Whether time alone does not end the pause: a step without a duration, an inconclusive analysis, a hand."""
    status = rollout["status"]
    reasons = {each["reason"] for each in status.get("pauseConditions") or []}
    if rollout["spec"].get("paused") or reasons - {_BY_STEP}:
        return True
    steps, index = _steps(rollout), status.get("currentStepIndex") or 0
    # Without a condition the pause has just been ended, which the controller has yet to see.
    return bool(reasons) and index < len(steps) and "duration" not in (steps[index].get("pause") or {})


def _reason(outcome: Outcome, seen: Seen, measuring: Sequence[Measuring], step: str) -> str:
    """Why it ended so, in one line; nothing where it has not, or all is well."""
    told = _message((seen.rollout.get("status") or {}).get("message") or "")
    failed = _told(measuring, lambda each: each.failed)
    unsure = _told(measuring, lambda each: each.inconclusive)
    match outcome:
        case Outcome.ROLLED_BACK:
            return failed or told or "aborted"
        case Outcome.WAITS:
            return _waits_for(seen.rollout, step) or f"inconclusive: {unsure or told}"
        case Outcome.REPLACED:
            return f"the Rollout has another image by now: {_image(seen.rollout)}"
        case _:
            return told if outcome is Outcome.STANDS_STILL else ""


def _told(measuring: Sequence[Measuring], meant: Callable[[Judged], bool]) -> str:
    """The checks that are meant, and where they were measured; the same of two runs once."""
    found: dict[str, list[str]] = {}
    for run in measuring:
        for each in filter(meant, run.checks):
            found.setdefault(each.told, []).append(run.what)
    return ", ".join(f"{told} ({' and '.join(where)})" for told, where in found.items())


def _waits_for(rollout: Object, step: str) -> str:
    """What a person paused it by; nothing where an analysis did."""
    if rollout["spec"].get("paused"):
        return "somebody has paused it"
    reasons = {each["reason"] for each in rollout["status"].get("pauseConditions") or []}
    return f"the step '{step}' waits for a person" if reasons == {_BY_STEP} else ""


def _measuring(seen: Seen, checks: Sequence[Check], index: int) -> Iterator[Measuring]:
    """The newest run of a step, and the one beside the steps; those of this revision alone."""
    revision = _annotation(seen.rollout, _REVISION)
    pod_hash = (seen.rollout.get("status") or {}).get("currentPodHash")
    runs = [
        run
        for run in seen.runs
        if _annotation(run, _REVISION) == revision and _label(run, metrics.POD_HASH_LABEL) == pod_hash
    ]
    runs.sort(key=lambda run: str(run["metadata"].get("creationTimestamp")))
    of_steps = [run for run in runs if _label(run, _STEP_INDEX) is not None]
    beside = [run for run in runs if _label(run, _TYPE) == _BACKGROUND]
    for run in of_steps[-1:]:
        yield _run(run, checks, f"step {int(_label(run, _STEP_INDEX) or index) + 1}")
    for run in beside[-1:]:
        yield _run(run, checks, "beside the steps")


def _run(run: Object, checks: Sequence[Check], what: str) -> Measuring:
    phase = (run.get("status") or {}).get("phase") or "Pending"
    return Measuring(what, phase, tuple(judged(run, checks)))


def _real_weight(status: Object, newest: Object | None, stable: Object | None) -> int:
    """Percent (0–100) of the requests: as the router was told, or the canary's share of the pods that are ready."""
    if weights := (status.get("canary") or {}).get("weights"):
        return int((weights.get("canary") or {}).get("weight") or 0)
    canary, other = _pods(newest).ready, _pods(stable).ready
    return round(100 * canary / (canary + other)) if canary + other else 0


def _left(seen: Seen, status: Object, steps: Sequence[Object], index: int) -> float | None:
    """The rest of the timed pause that the step is, in seconds."""
    pause = steps[index].get("pause") if index < len(steps) else None
    began = next((each["startTime"] for each in status.get("pauseConditions") or [] if each["reason"] == _BY_STEP), "")
    if not pause or "duration" not in pause or not began:
        return None
    return max(0.0, _seconds(pause["duration"]) - (seen.at - datetime.fromisoformat(began)).total_seconds())


def _seconds(duration: object) -> float:
    """A pause as Argo reads it: a number, be it in quotes, is seconds."""
    text = str(duration)
    return float(text) if text.isdigit() else Duration.parse(text)


def _steps(rollout: Object) -> list[Any]:
    return list(rollout["spec"]["strategy"]["canary"].get("steps") or [])


def _step(step: Object) -> str:
    """A step in a word or two."""
    match step:
        case {"setWeight": weight}:
            return f"{weight} %"
        case {"pause": {"duration": duration}}:
            return f"pause {Duration(_seconds(duration))}"
        case {"pause": _}:
            return "pause until promoted"
        case _:
            return ANALYSIS if "analysis" in step else next(iter(step))


def _of_hash(seen: Seen, pod_hash: str | None) -> Object | None:
    return next(
        (each for each in seen.replica_sets if pod_hash and _label(each, metrics.POD_HASH_LABEL) == pod_hash), None
    )


def _pods(replica_set: Object | None) -> Pods:
    if replica_set is None:
        return Pods()
    status = replica_set.get("status") or {}
    return Pods(status.get("readyReplicas") or 0, replica_set["spec"].get("replicas") or 0)


def _image(of: Object) -> str:
    """The image of the service's own container, which is the first."""
    return str(of["spec"]["template"]["spec"]["containers"][0]["image"])


def _label(of: Object, name: str) -> str | None:
    found: str | None = (of["metadata"].get("labels") or {}).get(name)
    return found


def _annotation(of: Object, name: str) -> str | None:
    found: str | None = (of["metadata"].get("annotations") or {}).get(name)
    return found


def _message(told: str) -> str:
    """What the controller says, in one line."""
    return " ".join(told.split())
