"""What the stack `local` tells Slack and a mail server: sent by the real controller and the real Alertmanager."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Secret

from cli.local_receiver import CHANNEL, RECIPIENT
from local import cluster
from local.cluster import Condition, processes
from local.cluster.api import ask
from local.receiver.control import messages
from local.receiver.messages import Message
from local.state import EMBEDDED_STACK, State
from local.waiting import wait_until
from observability import notifications
from tests.embedded import recorded
from tests.engine.stack import NAMESPACE, Stack, stack_of

PrometheusRule = create_namespaced_resource("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules")

SERVICE, RULE, ALERT = "told-api", "always-fires", "AlwaysFires"
SECONDS = 180
"""An alert is told 30 s after its first evaluation."""


def one_service(content: dict[str, Any]) -> None:
    """Instead of the nine."""
    image = f"registry.example.com/{SERVICE}:1.0.0"
    content["services"] = {SERVICE: {"project": "Told", "port": 8120, "image": image}}


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack with one service, and the settings that Pulumi.local.yaml has."""
    stack = stack_of(embedded_cluster, tmp_path_factory.mktemp("told"))
    stack.up(one_service)
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def rule(stack: Stack) -> Iterator[None]:
    """A critical alert about the service, which fires."""
    annotations = {
        "summary": f"{SERVICE} is asked to fire",
        "description": "{{ $value }} requests & more",
        "runbook_url": f"{recorded(stack.state).url('receiver')}/runbooks/RolloutFailed.md",
    }
    alert = {
        "alert": ALERT,
        "expr": "vector(1)",
        "labels": {"namespace": NAMESPACE, "service": SERVICE, "severity": "critical"},
        "annotations": annotations,
    }
    metadata = ObjectMeta(name=RULE, namespace=NAMESPACE, labels={"release": "kube-prometheus-stack"})
    spec = {"groups": [{"name": RULE, "interval": "1s", "rules": [alert]}]}
    stack.client.create(PrometheusRule(metadata=metadata, spec=spec))
    yield
    stack.client.delete(PrometheusRule, RULE, namespace=NAMESPACE)


def told(stack: Stack, channel: str, title: str) -> Message:
    """The first message of that title, once it is there."""

    def found() -> list[Message]:
        return [each for each in messages(stack.state) if each.channel == channel and each.title == title]

    wait_until(lambda: bool(found()), SECONDS, f"{title!r} by {channel}")
    return found()[0]


@pytest.mark.parametrize(("channel", "to"), [("slack", CHANNEL), ("mail", RECIPIENT)])
def test_a_release_is_told(stack: Stack, channel: str, to: str) -> None:
    message = told(stack, channel, f"{SERVICE}: first version runs")
    assert message.to == to
    assert f"api: registry.example.com/{SERVICE}:1.0.0" in message.text.splitlines()
    assert f"{recorded(stack.state).url('receiver')}/d/api-observability-canary" in message.text


@pytest.mark.usefixtures("rule")
@pytest.mark.parametrize(("channel", "to"), [("slack", CHANNEL), ("mail", RECIPIENT)])
def test_an_alert_is_told_with_its_values_and_links_that_work(stack: Stack, channel: str, to: str) -> None:
    message = told(stack, channel, f"[local] CRITICAL: {SERVICE} is asked to fire")
    assert message.to == to
    assert "1 requests & more" in message.text
    runbook = message.text.partition("Runbook: ")[2].split()[0]
    assert ask(runbook).body.startswith(b"# RolloutFailed")
    assert f"Alertmanager: {recorded(stack.state).url('alertmanager')}" in message.text


def test_another_up_changes_nothing(stack: Stack) -> None:
    assert stack.changes(one_service) == {}


def test_the_webhook_is_a_secret_of_the_stack_and_of_the_cluster(stack: Stack) -> None:
    webhook = f"{recorded(stack.state).url('receiver')}/services/"
    secret = stack.client.get(Secret, notifications.SECRET, namespace="argo-rollouts")
    assert set(secret.data or {}) == {notifications.WEBHOOK_KEY}
    kept = [
        path for folder in (stack.state.project, stack.state.backend) for path in folder.rglob("*") if path.is_file()
    ]
    assert any(path.name == f"{EMBEDDED_STACK}.json" for path in kept)
    assert [path for path in kept if webhook.encode() in path.read_bytes()] == []


def test_a_receiver_that_was_killed_comes_back_where_it_was_with_what_it_had(stack: Stack) -> None:
    before, address = messages(stack.state), recorded(stack.state).url("receiver")
    process = processes.running(stack.state, "receiver")
    assert process
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not process.alive, 60, "the receiver to end")
    (row,) = [row for row in cluster.status(stack.state) if row.name == "receiver"]
    assert row.condition == Condition.DEAD
    cluster.start(stack.state)
    assert recorded(stack.state).url("receiver") == address
    assert messages(stack.state)[: len(before)] == before
