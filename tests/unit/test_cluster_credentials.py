"""The credentials of the embedded cluster are random, kept and complete."""

from pathlib import Path

import pytest
import yaml
from lightkube import KubeConfig

from local.cluster import credentials
from local.cluster.folder import prepare
from local.state import EMBEDDED_CONTEXT, State


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    prepare(state)
    credentials.certificate(state).parent.mkdir()
    return state


def test_there_is_no_token_before_the_first_start(state: State) -> None:
    assert credentials.token(state) == ""
    assert not credentials.token_file(state).exists()


def test_a_token_is_random_and_kept(state: State, tmp_path: Path) -> None:
    credentials.provide_token(state)
    token = credentials.token(state)
    credentials.provide_token(state)
    assert credentials.token(state) == token
    other = State(tmp_path / "other")
    prepare(other)
    credentials.provide_token(other)
    assert len(token) == len(credentials.token(other)) == 64
    assert token != credentials.token(other)


@pytest.mark.parametrize("content", ["", "short,a,a\n", f'{"0" * 64},somebody,somebody,"system:nobody"\n'])
def test_a_token_file_that_is_not_ours_is_replaced(state: State, content: str) -> None:
    credentials.token_file(state).write_text(content)
    credentials.provide_token(state)
    assert len(credentials.token(state)) == 64


def test_the_kubeconfig_names_the_context_the_port_and_the_authority(state: State) -> None:
    credentials.provide_token(state)
    credentials.certificate(state).write_text("a certificate")
    credentials.write_kubeconfig(state, 12345)
    config = KubeConfig.from_file(state.kubeconfig).get(EMBEDDED_CONTEXT)
    assert config
    assert config.cluster.server == "https://127.0.0.1:12345"
    assert config.cluster.certificate_auth_data == "YSBjZXJ0aWZpY2F0ZQ=="
    assert config.user
    assert config.user.token == credentials.token(state)
    assert yaml.safe_load(state.kubeconfig.read_text())["current-context"] == EMBEDDED_CONTEXT


def test_a_certificate_without_its_key_is_dropped(state: State) -> None:
    credentials.certificate(state).write_text("half of a pair")
    credentials.drop_unusable_certificate(state)
    assert list(credentials.certificate(state).parent.iterdir()) == []
