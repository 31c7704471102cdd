"""The embedded cluster's Prometheus and Alertmanager, as the engine tests ask them."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from local.cluster.api import ask
from local.errors import LocalError
from local.state import State
from local.waiting import wait_until
from tests.embedded import recorded

Labels = dict[str, str]

SECONDS = 180
"""Six scrapes are a minute and a half; the operator and the discovery need a few seconds before the first."""


@dataclass(frozen=True)
class Monitored:
    """Where they are; they are the same after a restart of the cluster."""

    prometheus: str
    alertmanager: str

    def query(self, promql: str) -> list[tuple[Labels, float]]:
        """The samples of an instant vector."""
        answer = self._get(f"{self.prometheus}/api/v1/query?{urlencode({'query': promql})}")
        assert answer["status"] == "success", answer
        return [(sample["metric"], float(sample["value"][1])) for sample in answer["data"]["result"]]

    def value(self, promql: str) -> float | None:
        """The only sample of an instant vector; None where it is empty."""
        found = self.query(promql)
        assert len(found) <= 1, found
        return found[0][1] if found else None

    def targets(self) -> list[dict[str, Any]]:
        """The targets that are scraped."""
        found: list[dict[str, Any]] = self._get(f"{self.prometheus}/api/v1/targets?state=active")["data"][
            "activeTargets"
        ]
        return found

    def rules(self) -> set[str]:
        """The names of the alerts and records that are evaluated."""
        groups = self._get(f"{self.prometheus}/api/v1/rules")["data"]["groups"]
        return {rule["name"] for group in groups for rule in group["rules"]}

    def rule_groups(self) -> set[str]:
        """The names of the groups that are evaluated; each begins with its service's."""
        return {each["name"] for each in self._get(f"{self.prometheus}/api/v1/rules")["data"]["groups"]}

    def alerts(self) -> list[Labels]:
        """The labels of the alerts that Alertmanager has."""
        return [alert["labels"] for alert in self._get(f"{self.alertmanager}/api/v2/alerts")]

    def wait_for_targets(self, namespace: str, number: int) -> list[dict[str, Any]]:
        """The targets of a namespace, once there are so many and these and all others have been scraped well."""
        targets: list[dict[str, Any]] = []

        def complete() -> bool:
            targets[:] = self.targets()
            return len(_of(namespace, targets)) == number and {each["health"] for each in targets} == {"up"}

        try:
            wait_until(complete, SECONDS, f"{number} targets of {namespace}")
        except LocalError as error:
            there = Counter((each["scrapePool"], each["health"], each["lastError"]) for each in targets)
            raise AssertionError(f"{error}; there are {there}") from error
        return _of(namespace, targets)

    def wait_for(self, promql: str, seconds: float = SECONDS) -> float:
        """The value of a condition such as `x > 0`, once it holds."""
        found: list[float] = []

        def holds() -> bool:
            value = self.value(promql)
            found.extend([] if value is None else [value])
            return bool(found)

        wait_until(holds, seconds, promql)
        return found[0]

    @staticmethod
    def _get(url: str) -> Any:
        return json.loads(ask(url).body)


def monitored(state: State) -> Monitored:
    """Those of the running cluster."""
    found = recorded(state)
    return Monitored(found.url("prometheus"), found.url("alertmanager"))


def _of(namespace: str, targets: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in targets if each["labels"]["namespace"] == namespace]
