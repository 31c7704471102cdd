"""A stack with all that dashboards read, every record of its services among it; and how their queries are asked."""

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from catalog.catalog_file import load_catalog
from catalog.stack_file import environments_in
from components.rules import argo_rollouts_rules, fleet_rules, service_rules
from local.cluster.api import ask
from local.state import CHECKOUT
from local.waiting import wait_until
from observability.dashboards.asked import Asked
from observability.links import Links
from observability.platform_alerts import Releases
from tests.engine.monitored import Monitored, monitored
from tests.engine.stack import NAMESPACE, Stack

_RELEASE = "kube-prometheus-stack"


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


def fully_watched(stack: Stack) -> Monitored:
    """The stack's Prometheus, once it has the rules of each of its services, of all together and of the controller."""
    services = load_catalog(stack.services_file, "local", environments_in(CHECKOUT)).services
    manifests = [
        *(service_rules(each, NAMESPACE, _RELEASE, Links()) for each in services),
        fleet_rules(services, NAMESPACE, _RELEASE),
        argo_rollouts_rules(Releases(services, NAMESPACE, Links()), "argo-rollouts", _RELEASE),
    ]
    groups = {group["name"] for manifest in manifests for group in manifest["spec"]["groups"]}
    seen = monitored(stack.state)
    wait_until(lambda: groups <= seen.rule_groups(), 60, "the rules to be loaded")
    return seen


def _numbers(series: dict[str, Any]) -> list[str]:
    samples = series.get("values") or [series["value"]]
    return [value for _, value in samples if value != "NaN"]
