"""All that is recorded and asked, of a service that says everything which makes a record."""

from collections.abc import Iterator
from pathlib import Path

from catalog.services import Service
from observability import known_series
from observability.controller_rules import controller_groups
from observability.dashboard_rules import dashboard_records
from observability.links import Links
from observability.platform_alerts import Releases, release_alerts
from observability.promql import Known, understood
from observability.request_rules import fleet_records, service_records
from observability.rule import Alert, Record, RuleGroup
from observability.service_alerts import service_alerts
from observability.slo import slo_groups
from observability.watched import Watched
from tests.unit.catalog_workbench import service

NAMESPACE = "apis"

EVERYTHING = (
    "canary: {analysis: {p99: 500ms, compareWithStable: {errorRate: {factor: 2, margin: 0.5%}, "
    "p95: {factor: 1.5, margin: 10ms}, p99: {factor: 2}}}}, "
    "slo: {availability: 99.9%, latency: {threshold: 300ms, objective: 99%}}"
)

FILLED_IN = {
    "namespace": NAMESPACE,
    "service": "a-api",
    "version": ".*",
    "rollout": ".*",
    "__interval": "1m",
    "__rate_interval": "1m",
}
"""A value for each variable that a query may have."""


def watched_service(tmp_path: Path) -> Service:
    """A service with every check and every objective."""
    return service(tmp_path, EVERYTHING)


def rule_groups(of: Service) -> list[RuleGroup]:
    """The rules of the service, of the fleet, and of Argo Rollouts; each reads what those before it record."""
    watched = Watched(of, NAMESPACE, Links())
    return [
        service_records(of, NAMESPACE),
        dashboard_records(of, NAMESPACE),
        *slo_groups(watched),
        fleet_records([of], NAMESPACE),
        service_alerts(watched),
        *controller_groups("argo-rollouts", Links()),
        release_alerts(Releases([of], NAMESPACE, Links())),
    ]


def known(of: Service) -> Known:
    """All series there are, with their labels: what others produce, and what the rules record from that."""
    found = dict(known_series.produced())
    for rule in _rules(of):
        if isinstance(rule, Record):
            labels = frozenset(rule.labels) | (understood(rule.expression, found).labels or frozenset())
            found[rule.name] = found.get(rule.name, frozenset()) | labels
    return found


def rule_faults(of: Service) -> list[str]:
    """What is wrong with the expressions of the rules."""
    series = known(of)
    return [f"{rule.name}: {fault}" for rule in _rules(of) for fault in understood(rule.expression, series).faults]


def _rules(of: Service) -> Iterator[Record | Alert]:
    return (rule for group in rule_groups(of) for rule in group.rules)
