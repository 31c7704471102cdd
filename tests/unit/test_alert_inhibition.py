"""Which alerts keep quiet while another one fires, held against the alerts that there are."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from components.alert_inhibition import (
    IN_TWO_SEVERITIES,
    READ_FROM_REQUESTS,
    STUCK,
    UNREACHABLE,
    inhibit_rules,
)
from components.alert_routes import Scope
from observability.controller_rules import controller_groups
from observability.links import Links
from observability.platform_alerts import STANDS_STILL, Releases, release_alerts
from observability.rule import Alert
from observability.service_alerts import service_alerts
from observability.slo import slo_groups
from observability.watched import Watched
from tests.unit.catalog_workbench import service
from tests.unit.monitoring_workbench import values


@pytest.fixture
def severities(tmp_path: Path) -> dict[str, set[str]]:
    """The severities of each alert there is."""
    one = service(tmp_path, "slo: {latency: {threshold: 300ms, objective: 99%}}")
    watched = Watched(one, "apis", Links())
    groups = [
        *slo_groups(watched),
        service_alerts(watched),
        release_alerts(Releases([one], "apis", Links())),
        *controller_groups("argo-rollouts", Links()),
    ]
    found: dict[str, set[str]] = defaultdict(set)
    for rule in (rule for group in groups for rule in group.rules if isinstance(rule, Alert)):
        found[rule.name].add(rule.severity)
    return found


def names(rule: dict[str, Any], side: str) -> dict[str, str]:
    return {each["name"]: f"{each['matchType']} {each['value']}" for each in rule[side]}


def test_every_alert_in_two_severities_is_told_once(severities: dict[str, set[str]]) -> None:
    assert {name for name, found in severities.items() if len(found) > 1} == set(IN_TWO_SEVERITIES)


def test_the_alerts_that_others_silence_or_are_silenced_by_exist(severities: dict[str, set[str]]) -> None:
    assert {*UNREACHABLE, *READ_FROM_REQUESTS, *STANDS_STILL, STUCK} <= set(severities)
    assert all("critical" in severities[name] for name in UNREACHABLE)
    assert not set(UNREACHABLE) & set(READ_FROM_REQUESTS)


def test_no_alert_is_silenced_for_a_label_that_both_lack() -> None:
    for rule in inhibit_rules(Scope("apis")):
        asked = names(rule, "sourceMatch")
        assert asked["service"] == "!= "
        assert set(rule["equal"]) <= set(asked)
        assert {asked["namespace"], names(rule, "targetMatch")["namespace"]} == {"= apis"}


def test_what_silences_the_alerts_of_others_is_left_to_their_chart() -> None:
    assert inhibit_rules(Scope("monitoring", all_but=("apis",))) == []


def test_an_installed_alertmanager_has_all_rules_of_its_chart_and_holds_severities_against_one_service(
    preview: bool,
) -> None:
    rules = values(preview)["alertmanager"]["config"]["inhibit_rules"]
    # Helm puts a list of ours in place of the chart's: a rule that is left out is none.
    assert [(rule.get("source_matchers"), rule["target_matchers"], rule.get("equal")) for rule in rules] == [
        (['severity = "critical"'], ['severity =~ "warning|info"'], ["namespace", "alertname", "service"]),
        (['severity = "warning"'], ['severity = "info"'], ["namespace", "alertname", "service"]),
        (['alertname = "InfoInhibitor"'], ['severity = "info"'], ["namespace"]),
        (None, ['alertname = "InfoInhibitor"'], None),
    ]
