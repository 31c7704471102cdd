"""`api-observability demo`: a good and a bad release in a few minutes, on an embedded cluster made for it alone."""

import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import program
from catalog.catalog_file import Catalog
from catalog.config_keys import NAMESPACE
from catalog.stack import StackSettings
from catalog.stack_file import load_stack_file, stack_file
from catalog.yaml_file import read_mapping
from cli import local_stack, stacks, timeline
from cli.engine import Engine
from cli.release import Release, service_of, targets
from cli.release_follow import Show, follow, shown_on
from cli.release_state import Outcome, ReleaseState
from cli.status import read_status, wait_until_settled
from local import cluster, programs
from local.cluster.processes import terminations_interrupt
from local.errors import LocalError
from local.programs.console import say
from local.receiver.control import messages
from local.receiver.messages import Message
from local.state import CHECKOUT, EMBEDDED_STACK, STATE_VARIABLE, State
from local.waiting import wait_until

SCALE = 10
"""How many times as fast as for users all of it is: the stack's `timeScale`."""

_FIRST, GOOD, BAD = "1.0.0", "1.1.0", "bad-errors"
"""Image tags; the embedded cluster's simulator plays what the last one says."""

_UP_SECONDS, _RELEASE_SECONDS, _SAMPLES_SECONDS, _ALERT_SECONDS = 600, 900, 300, 300
"""The most that each part may take, on a machine that has other things to do; alone it is a few minutes in all."""

_ALERT = "RolloutFailed"


@dataclass
class Demo:
    """One service on a stack of its own, and what was seen of its releases."""

    state: State
    name: str
    show: Show
    history: list[ReleaseState] = field(default_factory=list)

    @property
    def prometheus(self) -> str:
        """Where the cluster's Prometheus is."""
        return dict(local_stack.addresses(self.state))["Prometheus"]

    def first(self, tag: str) -> Release:
        """Bring the service up for the first time, with an image of that tag, and wait until it runs."""
        engine = self._engine(tag)
        _brought_up(engine)
        settings, catalog = self._read()
        wait_until_settled(lambda: read_status(settings, catalog), _UP_SECONDS, lambda _: None)
        return self._release()

    def release(self, tag: str) -> ReleaseState:
        """Release an image and follow it to its end."""
        engine = self._engine(tag)
        release = self._release()
        read = release.reader()
        # Followed while the engine still tidies up: at this pace a release may have failed before it is done.
        with ThreadPoolExecutor(1) as beside:
            up = beside.submit(_brought_up, engine, *targets(EMBEDDED_STACK, self.name))
            wait_until(lambda: up.done() or read().outcome is not Outcome.REPLACED, _UP_SECONDS, "the release to begin")
            if up.done():
                up.result()
            ended = follow(read, self._remembered, _RELEASE_SECONDS)
            up.result()
        say(release.advice.ended(ended))
        return ended

    def _remembered(self, state: ReleaseState, elapsed: float, trouble: str) -> None:
        self.history.append(state)
        self.show(state, elapsed, trouble)

    def _settings(self, tag: str) -> Mapping[str, Any]:
        """The embedded stack's settings, with a catalog of this service alone and all of it faster."""
        catalog = read_mapping(CHECKOUT / "services.yaml")
        entry = catalog["services"][self.name]
        file = self.state.folder / "services.yaml"
        timeline.write_yaml(file, {**catalog, "services": {self.name: entry}})
        settings = read_mapping(stack_file(CHECKOUT, EMBEDDED_STACK))
        own = {
            "servicesFile": str(file),
            "timeScale": SCALE,
            "images": {self.name: f"{entry['image'].rpartition(':')[0]}:{tag}"},
        }
        return {**settings, "config": settings["config"] | {f"{NAMESPACE}:{key}": each for key, each in own.items()}}

    def _engine(self, tag: str) -> Engine:
        """The engine of the stack, in which the service has an image of that tag."""
        paths = programs.ensure("up", lambda _: None)
        return local_stack.engine_for(self.state, paths, lambda _: None, self._settings(tag))

    def _release(self) -> Release:
        settings, catalog = self._read()
        return Release(EMBEDDED_STACK, service_of(catalog, self.name, settings.services_file), settings)

    def _read(self) -> tuple[StackSettings, Catalog]:
        settings = stacks.reachable(EMBEDDED_STACK, load_stack_file(self.state.project, EMBEDDED_STACK))
        return settings, program.load(settings)


def run(options: Namespace) -> int:
    """Show both releases, the time line of them, and the messages that people would have had."""
    service_of(stacks.read(EMBEDDED_STACK)[1], options.service, "services.yaml")
    picture = Path(options.picture or CHECKOUT / "rendered" / "demo.png").resolve()
    if not timeline.can_draw():
        say("matplotlib is not installed, so there will be no picture; `pip install matplotlib` brings it")
    with _own_cluster() as state, shown_on(sys.stdout, plain=options.plain) as show:
        demo = Demo(state, options.service, show)
        seen = _play(demo)
        _tell(demo, seen, picture)
    return 0


def _play(demo: Demo) -> timeline.Timeline:
    """The releases; what Prometheus has of them."""
    _heading(f"{demo.name} is brought up; everything here is {SCALE} times as fast as on a real stack")
    release = demo.first(_FIRST)
    seen = timeline.Timeline(demo.prometheus, release.service, release.settings.namespace, SCALE, demo.history)
    wait_until(seen.has_begun, _SAMPLES_SECONDS, "requests of the service in Prometheus")
    _heading(f"A good release: {GOOD}")
    _must(demo.release(GOOD), Outcome.PROMOTED)
    _heading(f"A bad one: {BAD}, of whose answers every tenth is an error")
    _must(demo.release(BAD), Outcome.ROLLED_BACK)
    say(f"\nuntil Alertmanager tells people ({_ALERT}) …")
    wait_until(lambda: any(_ALERT in each.text for each in _slack(demo)), _ALERT_SECONDS, f"the message of {_ALERT}")
    return seen


def _tell(demo: Demo, seen: timeline.Timeline, picture: Path) -> None:
    _heading("What happened")
    say("\n".join(seen.table()))
    _heading("What Slack would have received")
    for each in _slack(demo):
        say(f"{each.received.astimezone():%H:%M:%S}  {each.to}  {each.title}")
        say("\n".join(f"    {line.rstrip()}" for line in each.text.splitlines() if line.strip()))
    if timeline.can_draw():
        picture.parent.mkdir(parents=True, exist_ok=True)
        seen.draw(picture)
        say(f"\nThe time line: {picture}")


def _slack(demo: Demo) -> list[Message]:
    return [each for each in messages(demo.state) if each.channel == "slack"]


def _brought_up(engine: Engine, *options: str) -> None:
    """Run `pulumi up`; LocalError with all that it says where that fails."""
    finished = engine.run("up", "--yes", "--skip-preview", "--non-interactive", *options, capture=True)
    if finished.returncode != 0:
        raise LocalError(f"the stack of the demo could not be brought up:\n{finished.stdout}")


def _must(state: ReleaseState, outcome: Outcome) -> None:
    if state.outcome is not outcome:
        raise LocalError(f"the release of {state.image} ended otherwise than it should: {state.outcome.name.lower()}")


@contextmanager
def _own_cluster() -> Iterator[State]:
    """A cluster beside that of `make up`, which is left alone; nothing of it stays."""
    own = State.current().folder
    state = State(own.with_name(f"{own.name}-demo"))
    os.environ[STATE_VARIABLE] = str(state.folder)
    with terminations_interrupt():
        try:
            # One that a killed demo has left behind would begin with its releases.
            _remove(state)
            cluster.start(state, say, SCALE)
            yield state
        finally:
            _remove(state)


def _remove(state: State) -> None:
    if not state.marker.exists():
        return
    cluster.delete(state, lambda _: None)
    if state.folder.exists():
        shutil.rmtree(state.folder)


def _heading(text: str) -> None:
    say(f"\n== {text}")
