"""What the SDK asks of the engine, and of itself, beyond what a run needs."""

from threading import Event
from typing import Any

import pulumi
import pytest
from pulumi.runtime import settings

from cli.recording import _RecordingMonitor, record
from components.kubernetes_object import KubernetesObject
from components.registration import MESSAGES, begun, without_messages


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


def test_registrations_have_begun_when_the_sdk_begins_to_await_them() -> None:
    awaited: list[int] = []

    def program() -> None:
        for number in range(50):
            config_map(f"of-{number}")

        async def counted() -> None:
            await begun()
            awaited.append(len(settings.SETTINGS.rpc_manager.rpcs))

        pulumi.run(counted)

    assert len(record(program, stack="dev")[1].resources) == 50
    assert awaited[0] >= 50


def test_outputs_are_told_before_all_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a run that fails later are then kept by the engine."""
    told = Event()
    in_time: list[bool] = []
    answer, export = _RecordingMonitor.RegisterResource, _RecordingMonitor.RegisterResourceOutputs

    def register(self: _RecordingMonitor, request: Any) -> Any:
        if request.name == "slow":
            in_time.append(told.wait(30))
        return answer(self, request)

    def outputs(self: _RecordingMonitor, request: Any) -> Any:
        told.set()
        return export(self, request)

    monkeypatch.setattr(_RecordingMonitor, "RegisterResource", register)
    monkeypatch.setattr(_RecordingMonitor, "RegisterResourceOutputs", outputs)

    def program() -> None:
        config_map("slow")
        pulumi.export("address", "http://prometheus")
        pulumi.run(begun)

    assert record(program, stack="dev")[1].exports == {"address": "http://prometheus"}
    assert in_time == [True]


@pytest.mark.parametrize("refusal", [ValueError("the engine refuses it"), pulumi.RunError("the engine refuses it")])
def test_a_registration_that_fails_is_told_as_it_is(refusal: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = _RecordingMonitor.RegisterResource

    def refuse(self: _RecordingMonitor, request: Any) -> Any:
        if request.name == "bad":
            raise refusal
        return answer(self, request)

    monkeypatch.setattr(_RecordingMonitor, "RegisterResource", refuse)

    def program() -> None:
        for name in ("good", "bad", "other"):
            config_map(name)
        pulumi.run(begun)

    with pytest.raises(type(refusal), match=r"^the engine refuses it$"):
        record(program, stack="dev")
