"""What the SDK asks of the engine, and of itself, beyond what a run needs."""

import asyncio

import pulumi
import pytest
from pulumi.runtime import settings

from cli import recording
from cli.recording import record
from components.kubernetes_object import KubernetesObject
from components.registration import MESSAGES, all_registered, without_messages


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said to the engine by the SDK's own function, which is put back in the end."""
    messages: list[str] = []
    monkeypatch.setattr(pulumi.log, "debug", lambda msg, *_: messages.append(msg))
    return messages


def config_map(name: str) -> KubernetesObject:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    return KubernetesObject(name, manifest, pulumi.ResourceOptions())


def test_the_engine_is_not_told_each_step_of_a_registration(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MESSAGES, raising=False)
    record(lambda: config_map("a"), stack="dev")
    assert [message for message in told if message.startswith("resource registration successful")]
    told.clear()
    without_messages()
    record(lambda: config_map("a"), stack="dev")
    assert told == []


def test_it_is_told_where_somebody_asks_for_it(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MESSAGES, "1")
    without_messages()
    record(lambda: config_map("a"), stack="dev")
    assert told


def test_all_that_is_registered_has_an_answer_in_the_end() -> None:
    open_then: list[int] = []

    def program() -> None:
        registered = all_registered()
        for number in range(50):
            config_map(f"of-{number}")

        async def wait() -> None:
            await registered()
            await asyncio.sleep(0)
            open_then.append(sum(not task.done() for task in settings.SETTINGS.outputs))

        pulumi.run(wait)

    assert len(record(program, stack="dev")[1].resources) == 50
    assert open_then == [0]


def test_a_registration_that_fails_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = recording._RecordingMonitor.RegisterResource

    def refuse(self: recording._RecordingMonitor, request: object) -> object:
        if getattr(request, "name", "") == "bad":
            raise ValueError("the engine refuses it")
        return answer(self, request)

    monkeypatch.setattr(recording._RecordingMonitor, "RegisterResource", refuse)

    def program() -> None:
        registered = all_registered()
        for name in ("good", "bad", "other"):
            config_map(name)
        pulumi.run(registered)

    with pytest.raises(ValueError, match="the engine refuses it"):
        record(program, stack="dev")
