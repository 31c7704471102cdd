"""Ports are kept from start to start, unless somebody else has taken one."""

import socket
from pathlib import Path

import pytest

from local.cluster import ports
from local.cluster.folder import prepare
from local.cluster.ports import LOOPBACK
from local.state import State

NAMES = ["one", "two", "three"]


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    prepare(state)
    return state


def test_ports_are_distinct_free_and_recorded(state: State) -> None:
    settled = ports.settle(state, NAMES, ())
    assert list(settled) == NAMES
    assert len(set(settled.values())) == 3
    assert all(ports.is_free(port) for port in settled.values())
    assert ports.recorded(state) == settled


def test_free_ports_are_kept_at_the_next_start(state: State) -> None:
    assert ports.settle(state, NAMES, ()) == ports.settle(state, NAMES, ())


def test_a_port_that_another_program_took_is_replaced_and_the_rest_kept(state: State) -> None:
    before = ports.settle(state, NAMES, ())
    with socket.create_server((LOOPBACK, before["two"])):
        after = ports.settle(state, NAMES, ())
    assert {name for name in NAMES if after[name] != before[name]} == {"two"}


@pytest.mark.parametrize("address", [LOOPBACK, ""])
def test_a_port_somebody_listens_on_is_not_free(address: str) -> None:
    with socket.create_server((address, 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_a_port_of_our_own_running_process_is_kept(state: State) -> None:
    before = ports.settle(state, NAMES, ())
    with socket.create_server((LOOPBACK, before["two"])):
        assert ports.settle(state, NAMES, {"two"}) == before


@pytest.mark.parametrize("record", ["", "{", "[1]", '{"one": "1"}'])
def test_a_record_that_cannot_be_read_is_made_anew(state: State, record: str) -> None:
    (state.cluster_data / "ports.json").write_text(record)
    assert ports.recorded(state) == {}
    assert set(ports.settle(state, NAMES, ())) == set(NAMES)
