"""Every alert fires once for real, from a real cause, and clears; only what looks back for days is promtool's.

The causes are at work side by side, on a cluster of their own that is faster than that of the other tests: the slowest
rule holds for two hours, which are four minutes here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from observability.rule import Alert
from tests.e2e.alerts.cases import BY_PROMTOOL, CAUSES, PLATFORM_CAUSES, entries
from tests.e2e.alerts.ear import listening
from tests.e2e.alerts.history import rule_of
from tests.e2e.alerts.own_environment import own_environment
from tests.e2e.alerts.play import LONGEST_SECONDS, Played, play_all
from tests.e2e.environment import Environment
from tests.engine.stack import NAMESPACE
from tests.rules import test_alerts as by_promtool
from tests.rules.rule_sets import rule_sets

SCALE = 30

pytestmark = pytest.mark.timeout(4 * LONGEST_SECONDS)
"""The first test waits for the whole play."""

ALL = {**CAUSES, **PLATFORM_CAUSES}
EXPECTED = [(rule, service) for service, cause in ALL.items() for rule in cause.rules]


def name(expected: tuple[str, str]) -> str:
    rule, service = expected
    return f"{rule} where {service}: {ALL[service].what}"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The services of the causes, all of them well and asked."""
    with own_environment(tmp_path_factory, SCALE, entries()) as environment:
        yield environment


@pytest.fixture(scope="module")
def played(own: Environment) -> Played:
    """All causes, one after another where they are everybody's."""
    with listening(own, [NAMESPACE, "argo-rollouts"]):
        return play_all(own, CAUSES, PLATFORM_CAUSES)


@pytest.mark.parametrize("expected", EXPECTED, ids=name)
def test_it_fires_once_and_clears(expected: tuple[str, str], played: Played) -> None:
    assert expected in played.history
    firing = played.history[expected]
    assert len(firing.active_since) == 1
    assert not firing.now


@pytest.mark.parametrize("expected", EXPECTED, ids=name)
def test_people_are_told_once_of_its_begin_and_once_of_its_end(expected: tuple[str, str], played: Played) -> None:
    told = [each.status for each in played.heard if (each.rule, each.service) == expected]
    assert told == ["firing", "resolved"]


def test_nothing_is_told_of_a_service_that_is_well(played: Played) -> None:
    assert [rule for rule, service in played.history if service == "well-api"] == []


def alerts(folder: Path) -> set[str]:
    """Every rule that the program makes, by its name."""
    groups = rule_sets(folder)["usual"].values()
    rules = [rule.manifest() for group in groups for rule in group.rules if isinstance(rule, Alert)]
    return {rule_of(each["alert"], each["labels"]) for each in rules}


def test_every_alert_has_a_cause_or_a_reason_for_having_none(tmp_path: Path) -> None:
    caused = {rule for rule, _ in EXPECTED}
    assert caused | BY_PROMTOOL.keys() == alerts(tmp_path)
    assert caused & BY_PROMTOOL.keys() == set()


@pytest.mark.parametrize("rule", BY_PROMTOOL)
def test_what_has_no_cause_here_is_seen_to_begin_and_to_stay_quiet_by_promtool(rule: str) -> None:
    cases = [case for case in by_promtool.CASES if case.alert == rule.partition(" ")[0]]
    fires = [rule_of(case.alert, labels) for case in cases for firing in case.firing.values() for labels in firing]
    assert rule in fires
    assert {case.kind for case in cases} >= {"fires", "stays quiet", "has no data"}
