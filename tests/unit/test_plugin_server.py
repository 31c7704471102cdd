"""The stand-in plugin's process ends with the engine that started it, whenever that goes."""

import os
import signal
import sys
from pathlib import Path

import pytest

from local.plugin import server
from local.state import State

ENGINE = 4711
NOBODY = 1
"""Who a process belongs to once its parent is gone."""


class EngineThatEnds:
    """An engine that is killed the moment it has been told the port."""

    def __init__(self) -> None:
        self.gone = False
        self.asked_since = 0

    def write(self, text: str) -> int:
        self.gone = True
        return len(text)

    def flush(self) -> None:
        pass

    def parent(self) -> int:
        self.asked_since += self.gone
        assert self.asked_since < 3, "the plugin goes on without its engine"
        return NOBODY if self.gone else ENGINE


class EngineThatEnded:
    """An engine that was killed before it was told the port: nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, f"Broken pipe: {text!r} reaches nobody")

    def flush(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _the_process_is_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def test_an_engine_that_ends_as_it_is_told_the_port_takes_the_plugin_along(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = EngineThatEnds()
    monkeypatch.setattr(os, "getppid", engine.parent)
    monkeypatch.setattr(sys, "stdout", engine)
    assert server.serve("127.0.0.1:1", State(tmp_path)) == 0
    assert engine.asked_since


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_an_engine_that_ended_before_it_was_told_the_port_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stream: str
) -> None:
    monkeypatch.setattr(os, "getppid", lambda: NOBODY)
    monkeypatch.setattr(sys, stream, EngineThatEnded())
    assert server.serve("127.0.0.1:1", State(tmp_path)) == 1
