"""The PrometheusRules: one for each service, one for all of them together, and one of releases and their controller."""

from collections.abc import Sequence
from typing import Any

from catalog.services import Service
from components.kubernetes_object import MANAGED_BY
from components.naming import object_metadata
from observability.controller_rules import controller_groups
from observability.dashboard_rules import dashboard_records
from observability.links import FLEET_DASHBOARD, Links
from observability.platform_alerts import Releases, release_alerts
from observability.request_rules import fleet_records, service_records
from observability.rule import RuleGroup, rule_spec
from observability.service_alerts import service_alerts
from observability.slo import slo_groups
from observability.watched import Watched

ARGO_ROLLOUTS_RULES = "argo-rollouts"
"""The name of the PrometheusRule about releases and their controller, in the controller's namespace."""

_RELEASES = "api-observability-releases"
"""That of the one about releases alone, in the services' namespace."""


def service_rules(service: Service, namespace: str, release: str, links: Links) -> dict[str, Any]:
    """What is recorded of one service, its objectives, and its alerts; `release` is of the Prometheus to pick it up."""
    metadata = object_metadata(service, namespace, labels={"release": release})
    return _prometheus_rule(metadata, groups_of_a_service(Watched(service, namespace, links)))


def groups_of_a_service(watched: Watched) -> list[RuleGroup]:
    """What is recorded of one service, its objectives, and its alerts; a group reads what those before it record."""
    return [
        service_records(watched.service, watched.namespace),
        dashboard_records(watched.service, watched.namespace),
        *slo_groups(watched),
        service_alerts(watched),
    ]


def fleet_rules(services: Sequence[Service], namespace: str, release: str) -> dict[str, Any]:
    """What is recorded of all services together."""
    return _prometheus_rule(_metadata(FLEET_DASHBOARD, namespace, release), [fleet_records(services, namespace)])


def argo_rollouts_rules(releases: Releases, namespace: str, release: str) -> dict[str, Any]:
    """The alerts about every Rollout, and about the controller, which runs in `namespace`."""
    groups = [*controller_groups(namespace, releases.links), release_alerts(releases)]
    return _prometheus_rule(_metadata(ARGO_ROLLOUTS_RULES, namespace, release), groups)


def release_rules(releases: Releases, release: str) -> dict[str, Any]:
    """The alerts about the services' own Rollouts, where their controller is another stack's."""
    return _prometheus_rule(_metadata(_RELEASES, releases.namespace, release), [release_alerts(releases)])


def shared_rules(releases: Releases, controller_namespace: str, release: str) -> list[dict[str, Any]]:
    """The PrometheusRules of all services together, and of what releases them."""
    of_releases = (
        release_rules(releases, release)
        if releases.only_own
        else argo_rollouts_rules(releases, controller_namespace, release)
    )
    return [fleet_rules(releases.services, releases.namespace, release), of_releases]


def _metadata(name: str, namespace: str, release: str) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, "labels": {**MANAGED_BY, "release": release}}


def _prometheus_rule(metadata: dict[str, Any], groups: Sequence[RuleGroup]) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": metadata,
        "spec": rule_spec(groups),
    }
