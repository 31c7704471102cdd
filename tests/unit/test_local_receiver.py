"""The stack `local` tells the receiver beside its cluster, and keeps the webhook secret as a real one would be."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.stack_file import settings_from_config
from cli.engine import Engine
from cli.local_receiver import Receiver
from local.state import CHECKOUT, State

HERE = {"config": {"api-observability:environment": "local"}}
RECEIVER = Receiver("http://127.0.0.1:5", "127.0.0.1:6")


@pytest.fixture
def state(tmp_path: Path) -> State:
    """The state folder of a cluster that is up, and whose stack has been made."""
    state = State(tmp_path)
    for folder in (state.cluster_data, state.project):
        folder.mkdir()
    (state.cluster_data / "ports.json").write_text('{"receiver": 5, "receiver-smtp": 6}')
    state.cluster_file.write_text('{"uid": "u", "server": "https://127.0.0.1:4"}')
    return state


@dataclass(frozen=True)
class FakeEngine(Engine):
    """Writes what it is told to encrypt as the engine does: readable by nobody, and another each time."""

    encrypted: list[str] = field(default_factory=list)

    def run(
        self, *arguments: str, check: bool = False, capture: bool = False, **_: object
    ) -> "subprocess.CompletedProcess[str]":
        assert check
        assert capture
        assert arguments[:4] == ("config", "set", "--path", "--secret")
        key, value = arguments[4:]
        self.encrypted.append(value)
        file = self.folder / "Pulumi.local.yaml"
        content = yaml.safe_load(file.read_text())
        top, *path, last = key.split(".")
        place = content["config"][top]
        for name in path:
            place = place[name]
        place[last] = {"secure": f"v1:{len(self.encrypted)}"}
        file.write_text(yaml.safe_dump(content))
        return subprocess.CompletedProcess([], 0)


def written(state: State, webhook: Any = None, salt: str = "v1:salt") -> FakeEngine:
    """The engine of a stack whose file has been written with the receiver's channels."""
    content = {**RECEIVER.added_to(HERE, webhook), "encryptionsalt": salt}
    (state.project / "Pulumi.local.yaml").write_text(yaml.safe_dump(content))
    return FakeEngine(Path("pulumi"), "local", state.project)


def test_the_receiver_is_that_of_the_cluster_which_is_up(state: State, tmp_path: Path) -> None:
    assert Receiver.of(state, HERE) == RECEIVER
    assert Receiver.of(State(tmp_path / "another"), HERE) is None


@pytest.mark.parametrize("own", [{}, {"slack": {"webhook": {"secure": "v1:mine"}}}])
def test_whom_the_stack_file_names_or_that_it_names_nobody_wins(state: State, own: dict[str, Any]) -> None:
    assert Receiver.of(state, {"config": {**HERE["config"], "api-observability:alerting": own}}) is None


def test_a_cluster_from_before_there_was_a_receiver_tells_nobody(state: State) -> None:
    (state.cluster_data / "ports.json").write_text('{"prometheus": 1}')
    assert Receiver.of(state, HERE) is None


def test_the_webhook_is_encrypted_once_and_stands_nowhere_in_clear_text(state: State) -> None:
    assert RECEIVER.sealed(state) is None
    engine = written(state)
    RECEIVER.seal(state, engine)
    assert engine.encrypted == [RECEIVER.webhook]
    assert RECEIVER.sealed(state) == {"secure": "v1:1"}
    written(state, RECEIVER.sealed(state))
    assert RECEIVER.sealed(state) == {"secure": "v1:1"}
    assert not any(RECEIVER.webhook in file.read_text() for file in state.project.iterdir())


def test_another_webhook_or_another_salt_is_encrypted_anew(state: State) -> None:
    RECEIVER.seal(state, written(state))
    assert Receiver("http://127.0.0.1:7", "127.0.0.1:6").sealed(state) is None
    written(state, salt="v1:another")
    assert RECEIVER.sealed(state) is None


def test_a_record_that_was_cut_short_is_made_again(state: State) -> None:
    RECEIVER.seal(state, written(state))
    (state.project / "webhook.json").write_text('{"of": ')
    assert RECEIVER.sealed(state) is None


def test_the_settings_with_the_receiver_are_those_of_a_real_stack_and_nothing_is_missing_in_them() -> None:
    file = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text(encoding="utf-8"))
    config = RECEIVER.added_to(file, {"secure": "v1:1"})["config"]
    config["api-observability:alerting"]["slack"]["webhook"] = RECEIVER.webhook
    told = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    settings = settings_from_config(told, "local", ["api-observability:alerting"])
    assert settings.alerting.unheard == []
    assert settings.warnings == []
    assert settings.grafana.url == RECEIVER.url
    assert settings.alerting.runbook_url == "http://127.0.0.1:5/runbooks"
    assert settings.platform.argo_rollouts.take_over_notifications


def test_an_own_grafana_stays() -> None:
    own = {"config": {"api-observability:grafana": {"url": "https://grafana.example.com"}}}
    assert RECEIVER.added_to(own, None)["config"]["api-observability:grafana"]["url"] == "https://grafana.example.com"
