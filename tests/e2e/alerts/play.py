"""All causes at work side by side, each until its alerts have fired, and what came of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from local.waiting import wait_until
from tests.e2e.alerts.causes import Cause
from tests.e2e.alerts.ear import Heard, heard
from tests.e2e.alerts.history import History, ever_fired, history, now_firing
from tests.e2e.alerts.own_environment import mend_discovery
from tests.e2e.environment import Environment

LONGEST_SECONDS = 600.0
"""The slowest rule takes four minutes here, on a machine that does nothing else."""

_STABLE = "1"


@dataclass(frozen=True)
class Played:
    """What fired, and what Alertmanager told."""

    history: History
    heard: Sequence[Heard]


def play_all(environment: Environment, *acts: Mapping[str, Cause]) -> Played:
    """Play one act after another. What has not happened in time is for the tests to tell, one by one."""
    play = _Play(environment)
    try:
        for act in acts:
            play.begin(act)
            _wait(play.end_what_has_fired, "every alert to fire")
            play.end(list(play.held))
            _wait(play.is_over, "every alert to clear")
        return Played(history(environment, play.seconds), heard(environment))
    finally:
        play.end(list(play.held))


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    wait_until(lambda: condition() or time.monotonic() > deadline, 2 * LONGEST_SECONDS, what)


class _Play:
    """What is at work (`held`), by the service that it is about."""

    def __init__(self, environment: Environment) -> None:
        self.held: dict[str, ExitStack] = {}
        self._environment = environment
        self._causes: dict[str, Cause] = {}
        self._began = time.monotonic()

    @property
    def seconds(self) -> int:
        """For how long it has lasted."""
        return int(time.monotonic() - self._began) + 1

    def begin(self, act: Mapping[str, Cause]) -> None:
        """Let all causes of an act come about, the releases among them by one `up`."""
        self._causes.update(act)
        for service, cause in act.items():
            self.held[service] = ExitStack()
            if cause.around:
                self.held[service].enter_context(cause.around(self._environment, service))
        self._release({service: cause.tag for service, cause in act.items() if cause.tag})

    def end_what_has_fired(self) -> bool:
        """Mend what has made all of its alerts fire; whether nothing is left."""
        mend_discovery(self._environment)
        fired = ever_fired(self._environment, self.seconds)
        self.end([service for service in self.held if self._alerts(service) <= fired])
        return not self.held

    def end(self, services: Sequence[str]) -> None:
        """Mend what is wrong with these services."""
        for service in services:
            self.held.pop(service).close()
        self._release({service: _STABLE for service in services if self._causes[service].tag})

    def is_over(self) -> bool:
        """Whether nothing that was to fire does so any more, and Alertmanager has told that."""
        expected = {alert for service in self._causes for alert in self._alerts(service)}
        last = {(each.rule, each.service): each.status for each in heard(self._environment)}
        open_still = {alert for alert, status in last.items() if status != "resolved"}
        return not expected & (now_firing(self._environment) | open_still)

    def _release(self, tags: Mapping[str, str]) -> None:
        if tags:
            self._environment.release(tags)

    def _alerts(self, service: str) -> set[tuple[str, str]]:
        return {(rule, service) for rule in self._causes[service].rules}
