"""A recording has what the program registers, and leaves Pulumi's SDK as it was."""

from typing import Any

import pulumi
import pytest
from pulumi.runtime import resource as sdk

from cli.recording import _RecordingMonitor, record
from components.kubernetes_object import KubernetesObject


@pytest.fixture
def requested(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is asked of the monitor."""
    requests: list[Any] = []
    answer = _RecordingMonitor.RegisterResource

    def register(self: _RecordingMonitor, request: Any) -> Any:
        requests.append(request)
        return answer(self, request)

    monkeypatch.setattr(_RecordingMonitor, "RegisterResource", register)
    return requests


def config_map() -> KubernetesObject:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    return KubernetesObject("a", manifest, pulumi.ResourceOptions())


def test_which_lines_led_to_a_resource_is_not_found_out(requested: list[Any]) -> None:
    record(config_map, stack="dev")
    (asked,) = [request for request in requested if request.name == "a"]
    assert not asked.stackTrace.frames
    assert not asked.HasField("sourcePosition")


def refuse() -> None:
    raise LookupError("nothing there")


def test_the_sdk_finds_them_out_again_afterwards() -> None:
    before = sdk._get_stack_trace
    record(config_map, stack="dev")
    with pytest.raises(LookupError, match=r"^nothing there$"):
        record(refuse, stack="dev")
    assert sdk._get_stack_trace is before
