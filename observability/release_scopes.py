"""Which Rollouts an alert treats alike: by the team that owns them, and by how long they may be in a state.

That is what is usual, or what a service's own plan takes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from catalog.canary import Analysis, Pause
from catalog.quantities import Duration
from catalog.services import Service
from observability import metrics
from observability.series import by, one_of, series

_LATE = Duration.parse("5m")
"""On top of what is planned; a plan's own end is no alert."""

GAP = Duration.parse("5m")
"""For so long a state is taken to last of which nothing is told any more: as long as Prometheus remembers a series by
itself, unless its target is gone or cannot be read."""


@dataclass(frozen=True)
class Scope:
    """The Rollouts of some services of one team (`only`), or all Rollouts (`among` these matchers) but some (`but`).

    `held` is how long they may be in a state, in seconds. Each scope has rules of its own: one rule for all would need
    a template for the team, and of alerts with such labels Prometheus forgets at a restart for how long they have held
    (rules/alerting.go, `QueryForStateSeries`, looks for series with the template itself as the label).
    """

    held: Duration
    team: str | None
    namespace: str
    only: Sequence[str] = ()
    but: Sequence[str] = ()
    among: Sequence[str] = ()

    def those(self, answering: Callable[[Sequence[str]], str]) -> str:
        """Those of the Rollouts that an expression answers with, one series each; it is told which matchers to have."""
        if self.only:
            return answering(_of(self.namespace, self.only))
        every = answering(self.among)
        return f"({every}) unless ({answering(_of(self.namespace, self.but))})" if self.but else every

    def in_phase(self, phase: str) -> str:
        """Those of the Rollouts that are in a phase; `phase` is a matcher of the label.

        Also those of which nothing is told now, and that were in the phase a few minutes ago: one scrape that fails, or
        a controller that starts anew, would end an alert and begin its time anew.
        """

        def answering(of: Sequence[str]) -> str:
            told = series(metrics.ROLLOUT_INFO, None, phase, *of)
            lately = f"last_over_time({told}[{GAP}])"
            return f"{_once(told)} == 1 or {_once(lately)} == 1 unless {_once(series(metrics.ROLLOUT_INFO, None, *of))}"

        return self.those(answering)


def scopes(
    services: Sequence[Service],
    namespace: str,
    usual: Duration,
    *needed: Callable[[Service], float],
    among: Sequence[str] = (),
) -> Iterator[Scope]:
    """What is usual for all Rollouts, and apart from them those of teams, or that need longer."""
    alike: dict[tuple[Duration, str | None], list[str]] = {}
    for service in services:
        held = Duration(max([usual, *(need(service) for need in needed)]))
        if (held, service.team) != (usual, None):
            alike.setdefault((held, service.team), []).append(service.name)
    yield Scope(usual, None, namespace, but=[name for names in alike.values() for name in names], among=among)
    for (held, team), names in alike.items():
        yield Scope(held, team, namespace, only=names)


def _once(rollouts: str) -> str:
    """Of several controllers one leads, and the one before it may still be remembered."""
    return by("max", metrics.OF_A_ROLLOUT, rollouts)


def _of(namespace: str, services: Sequence[str]) -> list[str]:
    return [f'{metrics.NAMESPACE}="{namespace}"', one_of(metrics.NAME, services)]


def without_a_new_pod(service: Service) -> float:
    """For how long pods may take to come, in seconds; each that does starts the time anew, and then Argo gives up."""
    return service.canary.progress_deadline + _LATE


def an_analysis(service: Service) -> float:
    """For how long one step may measure, in seconds, be it through an outage of Prometheus."""
    criteria = service.canary.analysis
    return criteria.count * criteria.interval + criteria.survive_outage_of + _LATE


def a_pause(service: Service) -> float:
    """For how long a step may wait by itself, in seconds. One that waits for a person is told of as any other is."""
    return max(_timed_pauses(service), default=0.0) + _LATE


def a_release(service: Service) -> float:
    """For how long a release may take, in seconds: twice what its waiting and measuring add up to."""
    waits = sum(_timed_pauses(service))
    measures = sum(isinstance(step, Analysis) for step in service.canary.steps) * an_analysis(service)
    return 2 * (waits + measures)


def _timed_pauses(service: Service) -> list[Duration]:
    pauses = [step.pause for step in service.canary.steps if isinstance(step, Pause)]
    return [pause for pause in pauses if not isinstance(pause, str)]
