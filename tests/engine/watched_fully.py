"""A stack with all that dashboards read: every record, and kube-state-metrics; and how their queries are asked."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta

from catalog.catalog_file import load_catalog
from catalog.stack_file import environments_in
from local.cluster.api import ask
from local.cluster.ports import LOOPBACK
from local.state import CHECKOUT
from local.waiting import wait_until
from observability import rollout_state
from observability.controller_rules import controller_groups
from observability.dashboard_rules import dashboard_records
from observability.dashboards.asked import Asked
from observability.links import Links
from observability.request_rules import fleet_records, service_records
from observability.rule import RuleGroup, rule_spec
from observability.slo import slo_groups
from observability.watched import Watched
from tests.engine import kube_state_metrics
from tests.engine import plugin_harness as harness
from tests.engine.monitored import Monitored, monitored
from tests.engine.stack import NAMESPACE, Stack

PrometheusRule = create_namespaced_resource("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules")
ScrapeConfig = create_namespaced_resource("monitoring.coreos.com", "v1alpha1", "ScrapeConfig", "scrapeconfigs")

_NAME = "dashboards"
_PICKED_UP = ObjectMeta(name=_NAME, namespace=NAMESPACE, labels={"release": "kube-prometheus-stack"})


@dataclass(frozen=True)
class Asking:
    """The Prometheus that is asked."""

    url: str

    def answer(self, asked: Asked, seconds: int = 600, step: int = 60) -> list[Any]:
        """The series with a number in them: now, or at one of the moments of the last so many `seconds`."""
        now = time.time()
        at = {"time": now} if asked.instant else {"start": now - seconds, "end": now, "step": step}
        path = "query" if asked.instant else "query_range"
        reply = ask(f"{self.url}/api/v1/{path}?{urlencode({'query': asked.expression, **at})}")
        answer = json.loads(reply.body)
        assert reply.status == http.client.OK, (asked, answer)
        assert not answer.get("warnings"), (asked, answer["warnings"])
        return [each for each in answer["data"]["result"] if _numbers(each)]

    def labels(self, metric: str) -> set[str]:
        """The labels that series of a metric have."""
        found = self.answer(Asked("", metric, metric, instant=True))
        return {label for each in found for label in each["metric"]}

    def values(self, label: str, series: str) -> set[str]:
        """The values of a label among the series that there are now."""
        found = self.answer(Asked("", label, f"group by ({label}) ({series})", instant=True))
        return {each["metric"][label] for each in found}


def chosen(service: str) -> dict[str, str]:
    """What a reader has chosen who looks at that service, at a graph of some hours."""
    everything = {"version": ".*", "rollout": ".*", "__interval": "1m", "__rate_interval": "1m"}
    return {"namespace": NAMESPACE, "service": service, **everything}


@contextmanager
def fully_watched(stack: Stack, folder: Path) -> Iterator[Monitored]:
    """The stack's Prometheus with every record of its services, and with the state of its Rollouts."""
    seen = monitored(stack.state)
    with ExitStack() as held:
        held.enter_context(_rules(stack, seen))
        held.enter_context(_rollout_states(stack, folder))
        yield seen


@contextmanager
def _rules(stack: Stack, seen: Monitored) -> Iterator[None]:
    """The records that the program itself does not provision."""
    missing = [group for group in _records(stack) if not _names(group) <= seen.rules()]
    if not missing:
        yield
        return
    stack.client.create(PrometheusRule(metadata=_PICKED_UP, spec=rule_spec(missing)))
    wait_until(lambda: all(_names(group) <= seen.rules() for group in missing), 60, "the rules to be loaded")
    try:
        yield
    finally:
        stack.client.delete(PrometheusRule, _NAME, namespace=NAMESPACE)


def _records(stack: Stack) -> list[RuleGroup]:
    """The records of every service, of all together, and of the controller."""
    services = load_catalog(stack.services_file, "local", environments_in(CHECKOUT)).services
    of_services = [
        group
        for each in services
        for group in (
            service_records(each, NAMESPACE),
            dashboard_records(each, NAMESPACE),
            *slo_groups(Watched(each, NAMESPACE, Links())),
        )
    ]
    return [*of_services, fleet_records(services, NAMESPACE), *controller_groups("argo-rollouts", Links())]


def _names(group: RuleGroup) -> set[str]:
    return {rule.name for rule in group.rules}


@contextmanager
def _rollout_states(stack: Stack, folder: Path) -> Iterator[None]:
    """The real kube-state-metrics, scraped."""
    client, config = harness.client_of(stack.state), rollout_state.custom_resource_state()
    with (
        harness.a_namespace(client) as space,
        kube_state_metrics.running(
            stack.state, client, space, folder, config=config, rules=rollout_state.RBAC_RULES
        ) as told,
    ):
        target = {"targets": [f"{LOOPBACK}:{told.port}"], "labels": {"job": "kube-state-metrics"}}
        spec = {"staticConfigs": [target], "honorLabels": True, "scrapeInterval": "5s"}
        client.create(ScrapeConfig(metadata=_PICKED_UP, spec=spec))
        try:
            yield
        finally:
            client.delete(ScrapeConfig, _NAME, namespace=NAMESPACE)


def _numbers(series: dict[str, Any]) -> list[str]:
    samples = series.get("values") or [series["value"]]
    return [value for _, value in samples if value != "NaN"]
