"""`python -m tests.pictures`: releases of some services on an embedded cluster of its own, and docs/images from them.

It takes half an hour: graphs are as long as the time that was watched.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local import cluster
from local.cluster.processes import terminations_interrupt
from local.simulator.behaviour import Behaviour, Scenario
from local.simulator.control import play
from local.state import CHECKOUT, STATE_VARIABLE, State
from local.waiting import wait_until
from observability.dashboards import DASHBOARDS
from observability.links import CANARY_DASHBOARD
from tests.engine.monitored import Monitored
from tests.engine.stack import NAMESPACE, Edit, Stack, stack_of
from tests.engine.watched_fully import Asking, chosen, fully_watched
from tests.pictures.drawing import Drawing

IMAGES = CHECKOUT / "docs" / "images"
SHOWN = "univprepai-api"
"""The service that is shown: its canary waits at half of the traffic."""

SHOWN_ON = {CANARY_DASHBOARD: "seedtest-api"}
"""Where it is another one: a canary that fails is worth a look at what it was held against."""

RELEASES = {"univprepai-api": "1.1.0", "seedtest-api": "bad-errors", "skillprepai-api": "slow"}
BEFORE_SECONDS, AFTER_SECONDS = 420, 660
_DOTS_PER_INCH = 80


def released(tags: dict[str, str]) -> Edit:
    """An edit that gives images these tags, and every service a plan of a few minutes."""
    plan = {
        "steps": [{"setWeight": 20}, {"pause": "60s"}, {"analysis": True}, {"setWeight": 50}, {"pause": "10m"}],
        "analysis": {
            **{"interval": "15s", "count": 4, "p95": "300ms", "errorRate": "2%"},
            "compareWithStable": {"errorRate": {"factor": 2, "margin": "0.5%"}, "p95": {"factor": 1.5}},
        },
        "minReady": "5s",
    }

    def edit(document: dict[str, Any]) -> None:
        document["defaults"] |= {"canary": plan, "metrics": {"interval": "5s"}}
        for name, tag in tags.items():
            image = document["services"][name]["image"]
            document["services"][name]["image"] = f"{image.rpartition(':')[0]}:{tag}"

    return edit


@contextmanager
def own_stack() -> Iterator[Stack]:
    """The nine services on a cluster that is there for the pictures only."""
    with tempfile.TemporaryDirectory() as folder, terminations_interrupt():
        state = State(Path(folder) / "state")
        os.environ[STATE_VARIABLE] = str(state.folder)
        try:
            cluster.start(state)
            stack = stack_of(state, Path(folder))
            stack.up(released({}))
            yield stack
        finally:
            cluster.stop(state)


def release_some(stack: Stack, seen: Monitored) -> None:
    """Some minutes of all being well, and then releases: one goes on, two are taken back."""
    worse = Scenario(stable=Behaviour(error_ratio=0.004, p50_seconds=0.08, p95_seconds=0.22))
    play(stack.state, {f"{NAMESPACE}/mpcstudy-api": worse, f"{NAMESPACE}/{SHOWN}": Scenario(requests_per_second=150)})
    seen.wait_for("count(service:http_requests:rate5m > 0) == 9")
    _watch(seen, BEFORE_SECONDS)
    stack.up(released(RELEASES))
    _watch(seen, AFTER_SECONDS)


def _watch(seen: Monitored, seconds: int) -> None:
    began = seen.value("vector(time())") or 0.0
    wait_until(lambda: (seen.value("vector(time())") or 0.0) - began > seconds, seconds + 60, f"{seconds} s of data")


def main() -> int:
    """Draw every dashboard."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with own_stack() as stack:
        seen = fully_watched(stack)
        release_some(stack, seen)
        draw(Asking(seen.prometheus))
    return 0


def draw(asking: Asking) -> None:
    """Every dashboard, of the time that was watched."""
    for uid, dashboard in DASHBOARDS.items():
        drawing = Drawing(asking, chosen(SHOWN_ON.get(uid, SHOWN)), BEFORE_SECONDS + AFTER_SECONDS)
        path = IMAGES / f"{uid}.png"
        drawing.of(dashboard()).savefig(path, dpi=_DOTS_PER_INCH)
        print(path.relative_to(CHECKOUT))


if __name__ == "__main__":
    sys.exit(main())
