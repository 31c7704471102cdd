"""Policy of releases: nothing reaches all users unjudged."""

from collections.abc import Iterator, Mapping
from typing import Any

from .judging import Body, at, maps

_ALL = 100
_MEND = "put `analysis: true` behind the first setWeight in `canary.steps`"


def analysis_faults(body: Body) -> Iterator[str]:
    """A Rollout whose new version gets all of the traffic before any analysis looked at it."""
    if body.get("kind") != "Rollout":
        return
    strategy = at(body, "spec", "strategy") or {}
    canary = at(strategy, "canary")
    if canary is None:
        if not at(strategy, "blueGreen", "prePromotionAnalysis"):
            yield "switches to a new version without an analysis; use a canary, or give it a prePromotionAnalysis"
        return
    steps = maps(at(canary, "steps"))
    if not steps:
        yield f"gives a new version all of the traffic at once; give it steps, and {_MEND}"
    elif not _is_judged(steps, maps(at(canary, "analysis", "templates"))):
        yield f"gives a new version all of the traffic without an analysis; {_MEND}"


def _is_judged(steps: list[Mapping[str, Any]], background: list[Mapping[str, Any]]) -> bool:
    """Whether an analysis ends while only a part of the traffic goes to the new version.

    One beside the steps needs a pause to look in: without any, all steps are over before it measures.
    """
    has_traffic = False
    for step in steps:
        weight = step.get("setWeight")
        if weight is not None and weight >= _ALL:
            return False
        has_traffic = has_traffic or bool(weight)
        if has_traffic and ("analysis" in step or (background and "pause" in step)):
            return True
    return False
