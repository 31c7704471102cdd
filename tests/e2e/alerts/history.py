"""Which alerts have fired, how often, and until when: by Prometheus's own samples, so that none is missed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.e2e.environment import Environment

_APART = ("window", "phase", "severity")
"""The labels by which rules of one alert differ, the one first that tells most."""

_STATE = {"__name__", "alertstate"}


def rule_of(alert: str, labels: Mapping[str, str]) -> str:
    """The name of a rule, of which an alert may have several: `ServiceTargetDown critical`."""
    return f"{alert} {next(labels[label] for label in _APART if label in labels)}"


@dataclass
class Firing:
    """One rule about one service: when it had become active, each time that it came to fire, in seconds since 1970."""

    active_since: set[float] = field(default_factory=set)
    now: bool = False


History = Mapping[tuple[str, str], Firing]
"""By the rule and the service."""


def history(environment: Environment, seconds: int) -> History:
    """Everything that has fired within the last real `seconds`."""
    found: dict[tuple[str, str], Firing] = {}
    fires_now = now_firing(environment)
    # By one question: between two of them there is time for an evaluation, of which only the second would tell.
    both = environment.samples('{__name__=~"ALERTS|ALERTS_FOR_STATE",service!=""}', seconds)
    since = {
        (_identity(labels), at): value
        for labels, samples in both
        if labels["__name__"] == "ALERTS_FOR_STATE"
        for at, value in samples
    }
    for labels, samples in both:
        if labels.get("alertstate") != "firing":
            continue
        firing = found.setdefault((rule_of(labels["alertname"], labels), labels["service"]), Firing())
        for at, _ in samples:
            # Both are written at once. The other one's value is when the alert became active, and another each time.
            firing.active_since.add(since[(_identity(labels), at)])
    for alert in fires_now:
        found[alert].now = True
    return found


def now_firing(environment: Environment) -> set[tuple[str, str]]:
    """What fires at this moment, by the rule and the service."""
    return set(_named(environment, 'ALERTS{alertstate="firing",service!=""}'))


def ever_fired(environment: Environment, seconds: int) -> set[tuple[str, str]]:
    """What has fired within the last real `seconds`, by the rule and the service."""
    return set(_named(environment, f'last_over_time(ALERTS{{alertstate="firing",service!=""}}[{seconds}s])'))


def _named(environment: Environment, promql: str) -> Iterator[tuple[str, str]]:
    return ((rule_of(labels["alertname"], labels), labels["service"]) for labels, _ in environment.query(promql))


def _identity(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in labels.items() if name not in _STATE)
