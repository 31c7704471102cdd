"""The rules that the cases are about: those of one service and of the platform, as the catalog makes them."""

from pathlib import Path
from typing import Any

from catalog.services import Service
from observability.controller_rules import controller_groups
from observability.links import Links
from observability.platform_alerts import Releases, release_alerts
from observability.request_rules import fleet_records, service_records
from observability.rule import RuleGroup
from observability.service_alerts import service_alerts
from observability.slo import slo_groups
from observability.watched import Watched
from tests.unit.catalog_workbench import service

SAID = {
    "usual": "enabled: true",
    "a slow plan": "canary: {steps: [{setWeight: 10}, {pause: 90m}, {analysis: true}], progressDeadline: 20m}",
    "no series of runs": "canary: {analysis: {interval: 5m}}",
    "a slow scrape": "metrics: {interval: 1m}",
    "whole seconds": "slo: {latency: {threshold: 1s}}",
}
"""What the only service of a catalog says of itself, by the name of the set."""

BESIDE_ANOTHER, ON_ANOTHERS = "beside another stack", "on the platform of another stack"
"""The sets of two stacks on one cluster; the other one has the namespace `elsewhere`."""


def rule_sets(folder: Path) -> dict[str, dict[str, RuleGroup]]:
    """Groups of rules by their names, which are the same for each set."""
    usual = service(folder, f"team: core, {SAID['usual']}")
    return {
        **{
            name: groups(service(folder, f"team: core, {said}"), run_metrics=name != "no series of runs")
            for name, said in SAID.items()
        },
        BESIDE_ANOTHER: groups(usual, other_stacks=["elsewhere"]),
        ON_ANOTHERS: groups(usual, only_own=True),
    }


def groups(of: Service, **releases_are: Any) -> dict[str, RuleGroup]:
    """Every group that there is of rules about `of`, by what it is about; `releases_are` how Releases is made."""
    watched = Watched(of, "apis", Links())
    releases = Releases([of], "apis", Links(), **releases_are)
    found = [
        service_records(of, "apis"),
        *slo_groups(watched),
        service_alerts(watched),
        fleet_records([of], "apis"),
        *controller_groups("argo-rollouts", Links()),
        release_alerts(releases),
    ]
    return {group.name.removeprefix(f"{of.name}."): group for group in found}
