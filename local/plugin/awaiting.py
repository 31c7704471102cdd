"""Waiting until an object is ready, as the official plugin understands it for its kind, or until it is gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from local.plugin import readiness
from local.plugin.errors import ApiError, NotReadyError
from local.plugin.kinds import gvk_of_object
from local.plugin.objects import SKIP_AWAIT, WAIT_FOR, Object, annotation, name_of, pluck
from local.plugin.wait_for import parse_wait_for

if TYPE_CHECKING:
    from local.plugin.apply import Task

_POLL_SECONDS = 0.25
_FIRST_GONE_POLL_SECONDS = 0.05
_SLOWEST_POLL_SECONDS = 1.0
_TIMED_OUT = "timed out waiting for the condition"

_SKIP_AWAIT_ON_DELETE = frozenset(
    {"Namespace", "Pod", "ReplicationController", "DaemonSet", "Deployment", "StatefulSet", "Job"}
)


def wait_ready(task: Task, inputs: Object, outputs: Object) -> Object:
    """The object once it is ready: by the `pulumi.com/waitFor` annotation, or by its kind's own rule.

    Returns `outputs` at once with `pulumi.com/skipAwait: "true"` and for kinds without a rule, custom resources
    included. NotReadyError after the task's timeout, or at once when it is cancelled.
    """
    if annotation(inputs, SKIP_AWAIT) == "true":
        return outputs
    expressions = annotation(outputs, WAIT_FOR)
    if expressions:
        return _poll(task, inputs, outputs, parse_wait_for(expressions))
    judge = readiness.judge_for(task.cluster, outputs)
    return _poll(task, inputs, outputs, judge) if judge else outputs


def _poll(task: Task, inputs: Object, outputs: Object, judge: readiness.Judge) -> Object:
    deadline = time.monotonic() + task.seconds(inputs)
    live = outputs
    while True:
        verdict = judge(live)
        if verdict.ready:
            task.engine.status(task.urn, "")
            return live
        task.engine.status(task.urn, verdict.waiting_for)
        if verdict.failed:
            raise NotReadyError(verdict.waiting_for, live, verdict.reasons)
        if task.cancelled.wait(_POLL_SECONDS):
            message = f'Resource operation was cancelled for "{name_of(outputs)}"'
            raise NotReadyError(message, live, verdict.reasons)
        if time.monotonic() > deadline:
            if verdict.good_enough:
                return live
            raise NotReadyError(f"'{name_of(outputs)}' timed out waiting to be Ready", live, verdict.reasons)
        live = task.cluster.read(outputs)


def check_ready(task: Task, inputs: Object, live: Object) -> None:
    """NotReadyError where a refreshed object of an awaited kind is not ready now; nothing is waited for."""
    judge = None if annotation(inputs, SKIP_AWAIT) == "true" else readiness.judge_for(task.cluster, live, settled=True)
    verdict = judge(live) if judge else readiness.READY
    if not verdict.ready:
        message = f"Resource '{name_of(live)}' was created but failed to initialize"
        raise NotReadyError(message, live, verdict.reasons or [verdict.waiting_for])


def wait_gone(task: Task, inputs: Object, last: Object, url: str) -> None:
    """Return once a GET of the object answers 404; NotReadyError names the finalizers that may hold it."""
    skip = annotation(inputs, SKIP_AWAIT) == "true"
    if skip and gvk_of_object(inputs).known and gvk_of_object(inputs).kind in _SKIP_AWAIT_ON_DELETE:
        return
    deadline = time.monotonic() + task.seconds(inputs)
    pause = _FIRST_GONE_POLL_SECONDS
    while True:
        try:
            live = task.cluster.request("GET", url)
        except ApiError as error:
            if error.not_found:
                return
            raise
        if pluck(live, "metadata", "uid") != (pluck(last, "metadata", "uid") or pluck(live, "metadata", "uid")):
            return  # another object took the name: the one to delete is gone
        held = ", ".join(pluck(live, "metadata", "finalizers") or [])
        task.engine.status(task.urn, f"Waiting for deletion (finalizers: {held})" if held else "Waiting for deletion")
        if task.cancelled.wait(pause) or time.monotonic() > deadline:
            task.engine.warn(f"finalizers might be preventing deletion ({held})", task.urn)
            raise NotReadyError(_TIMED_OUT, live, [])
        pause = min(pause * 2, _SLOWEST_POLL_SECONDS)
