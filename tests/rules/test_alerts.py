"""Alerts fire when they say, stay quiet when they should, and do what is right where there is no data.

Prometheus itself evaluates the very rules that are deployed.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from observability.rule import Alert
from tests.rules import controller_cases, release_cases, service_cases, slo_cases, waiting_cases
from tests.rules.rule_cases import Case, Kind, verdicts
from tests.rules.rule_sets import rule_sets

CASES = [
    *service_cases.CASES,
    *slo_cases.CASES,
    *release_cases.CASES,
    *waiting_cases.CASES,
    *controller_cases.CASES,
]


WHAT_IT_IS_ABOUT = {"service", "namespace", "team"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("alerts")
    return verdicts(folder, CASES, rule_sets(folder))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_alert(case: Case, told: Mapping[str, str]) -> None:
    assert told[str(case)] == ""


def alerts(folder: Path) -> list[Alert]:
    groups = rule_sets(folder)["usual"].values()
    return [rule for group in groups for rule in group.rules if isinstance(rule, Alert)]


@pytest.mark.parametrize("kind", ["fires", "stays quiet", "has no data"])
def test_every_alert_is_proven(tmp_path: Path, kind: Kind) -> None:
    proven = {case.alert for case in CASES if case.kind == kind}
    assert {rule.name for rule in alerts(tmp_path)} == proven


def test_every_alert_is_seen_to_begin_and_with_every_text() -> None:
    begins = {case.alert for case in CASES if not all(case.firing.values()) and any(case.firing.values())}
    told = {case.alert for case in CASES if case.texts}
    assert begins == told == {case.alert for case in CASES}


def test_every_rule_of_an_alert_is_seen_to_fire(tmp_path: Path) -> None:
    fired = [(case.alert, labels) for case in CASES for firing in case.firing.values() for labels in firing]
    for rule in alerts(tmp_path):
        own = {name: value for name, value in rule.manifest()["labels"].items() if name not in WHAT_IT_IS_ABOUT}
        assert any(alert == rule.name and own.items() <= labels.items() for alert, labels in fired), (rule.name, own)
