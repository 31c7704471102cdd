"""`api-observability check` on the real Prometheus: each gap that is made is named, and a whole cluster has none."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.types import PatchType

from local.cluster.api import ask
from local.state import State
from local.waiting import wait_until
from observability import metrics
from tests.engine.monitored import Monitored, monitored
from tests.engine.stack import NAMESPACE, Rollout, Stack, stack_of

PrometheusRule = create_namespaced_resource("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules")
ServiceMonitor = create_namespaced_resource("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors")

UNSCRAPED, WITHOUT_A_GROUP, WITHOUT_VERSIONS = "seedtest-api", "univprepai-api", "my-ktube-api"
ROBBED = (UNSCRAPED, WITHOUT_A_GROUP, WITHOUT_VERSIONS)
GROUP = f"{WITHOUT_A_GROUP}.dashboards"

SECONDS = 400
"""Objectives over days are recorded every two minutes, from what was recorded before them; what is no longer scraped
lingers for five."""


@dataclass(frozen=True)
class Checked:
    """What the command said."""

    status: int
    told: str

    @property
    def is_early(self) -> bool:
        """Whether some things could not be there yet."""
        return "too early" in self.told

    @property
    def gaps(self) -> list[str]:
        """The lines about gaps."""
        table = self.told.partition("\nGAP ")[2].partition("\n\n")[0]
        return table.splitlines()[1:]

    def gaps_of(self, service: str) -> list[str]:
        """Those in which a service is named."""
        return [line for line in self.gaps if service in line]


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The nine services; the samples of one of them do not say of which version they are."""
    stack = stack_of(embedded_cluster, tmp_path_factory.mktemp("checked"))
    stack.up(_without_versions)
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def robbed(stack: Stack) -> Checked:
    """What is said while a ServiceMonitor and a group of rules are gone besides, and all else is there."""
    seen = monitored(stack.state)
    with _without_its_monitor(stack), _without_the_group(stack):
        wait_until(lambda: _is_robbed(seen), SECONDS, "Prometheus to work without what was taken")
        return _checked_until(
            stack, lambda found: not found.is_early and all(_is_of_the_robbed(line) for line in found.gaps)
        )


@pytest.fixture(scope="module")
def whole(stack: Stack, robbed: Checked) -> Checked:
    """What is said once all is back."""
    stack.up()
    return _checked_until(stack, lambda found: found.status == 0)


def test_what_is_missing_is_an_exit_status_and_nothing_else_is_a_gap(robbed: Checked) -> None:
    assert robbed.status == 1
    assert robbed.gaps
    assert [line for line in robbed.gaps if not _is_of_the_robbed(line)] == []


def test_a_service_monitor_that_is_gone_is_named_by_its_service(robbed: Checked) -> None:
    targets = [line for line in robbed.gaps_of(UNSCRAPED) if line.startswith("target ")]
    assert "is there a ServiceMonitor" in "\n".join(targets)


def test_a_group_of_rules_that_is_gone_is_named(robbed: Checked) -> None:
    assert [line for line in robbed.gaps_of(GROUP) if line.startswith("rule ") and "is not loaded" in line]


def test_a_label_that_is_gone_is_named_with_what_asks_for_it(robbed: Checked) -> None:
    labels = [line for line in robbed.gaps_of(WITHOUT_VERSIONS) if line.startswith("label ")]
    assert "a label that is not there: version" in "\n".join(labels)


def test_a_whole_cluster_has_no_gap(whole: Checked) -> None:
    assert whole.status == 0
    assert "no gap" in whole.told
    lines = [line.split() for line in whole.told.splitlines()]
    for checked in (["targets"], ["rules"], ["metrics"], ["queries'", "labels"], ["queries", "of", "panels"]):
        (numbers,) = [line[-3:] for line in lines if line[: len(checked)] == checked and len(line) == len(checked) + 3]
        assert int(numbers[0]) > 30
        assert numbers[2] == "0"


def test_what_is_empty_for_now_is_told_with_its_reason(whole: Checked) -> None:
    told = whole.told.partition("NOTHING NOW, AND THAT IS FINE")[2]
    assert "the counter begins with the first error" in told
    assert "nothing runs in them" in told


def _checked_until(stack: Stack, condition: Callable[[Checked], bool]) -> Checked:
    found: list[Checked] = []

    def holds() -> bool:
        _have_all_reconciled(stack)
        finished = stack.cli("check")
        assert "Traceback" not in finished.stderr, finished.stderr
        found.append(Checked(finished.returncode, finished.stdout))
        return condition(found[-1])

    try:
        wait_until(holds, SECONDS, "a check to say so")
    finally:
        print(found[-1].told)
    return found[-1]


def _have_all_reconciled(stack: Stack) -> None:
    """Have the controller look at each Rollout once more, so that it counts what that took.

    What it has counted of one that was deleted it forgets 65 s later, though another of that name is there since
    (controller/metrics/metrics.go of 1.9, `Remove`), and at one that nothing happens to it looks after 15 minutes.
    """
    for rollout in stack.client.list(Rollout, namespace=NAMESPACE):
        name = dict(rollout)["metadata"]["name"]
        change = {"metadata": {"annotations": {"tests/looked-at": secrets.token_hex(4)}}}
        stack.client.patch(Rollout, name, change, namespace=NAMESPACE, patch_type=PatchType.MERGE)


def _is_of_the_robbed(line: str) -> bool:
    """Whether no other place is named: lines that go on with the one before have the place, if any, in its column."""
    kind, *rest = re.split(r"\s{2,}", line)
    place = rest[0].removesuffix(".dashboards")
    return place in ROBBED or (not kind and not place.endswith("-api") and place not in ("–", "argo-rollouts"))


def _is_robbed(seen: Monitored) -> bool:
    unscraped = [each for each in seen.targets() if each["labels"].get("service") == UNSCRAPED]
    requests = f'{metrics.REQUESTS}{{namespace="{NAMESPACE}",service="{WITHOUT_VERSIONS}"'
    without = seen.query(f"count({requests}}})") and not seen.query(f'count({requests},version!=""}})')
    return bool(without) and not unscraped and GROUP not in _groups(seen)


def _groups(seen: Monitored) -> set[str]:
    answer = json.loads(ask(f"{seen.prometheus}/api/v1/rules").body)
    return {group["name"] for group in answer["data"]["groups"]}


def _without_versions(content: dict[str, Any]) -> None:
    monitor = {"spec": {"podTargetLabels": [metrics.POD_HASH_LABEL]}}
    content["services"][WITHOUT_VERSIONS]["patch"] = {"serviceMonitor": monitor}


@contextmanager
def _without_its_monitor(stack: Stack) -> Iterator[None]:
    found = dict(stack.client.get(ServiceMonitor, UNSCRAPED, namespace=NAMESPACE))
    stack.client.delete(ServiceMonitor, UNSCRAPED, namespace=NAMESPACE)
    try:
        yield
    finally:
        kept = {key: found["metadata"].get(key) for key in ("labels", "annotations")}
        metadata = ObjectMeta(name=UNSCRAPED, namespace=NAMESPACE, **kept)
        stack.client.create(ServiceMonitor(metadata=metadata, spec=found["spec"]))


@contextmanager
def _without_the_group(stack: Stack) -> Iterator[None]:
    groups = dict(stack.client.get(PrometheusRule, WITHOUT_A_GROUP, namespace=NAMESPACE))["spec"]["groups"]
    _write_groups(stack, [group for group in groups if group["name"] != GROUP])
    try:
        yield
    finally:
        _write_groups(stack, groups)


def _write_groups(stack: Stack, groups: list[dict[str, Any]]) -> None:
    replaced = [{"op": "replace", "path": "/spec/groups", "value": groups}]
    stack.client.patch(PrometheusRule, WITHOUT_A_GROUP, replaced, namespace=NAMESPACE, patch_type=PatchType.JSON)
