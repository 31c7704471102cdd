"""An embedded cluster for one part: in a folder of its own, and gone afterwards."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import cluster
from local.cluster.component import Stage
from local.cluster.components import COMPONENTS
from local.cluster.processes import terminations_interrupt
from local.cluster.stopping import stop_components
from local.plugin import CHOICE_VARIABLE
from local.state import STATE_VARIABLE, State
from tests.bench.parts import Say
from tests.engine.stack import Stack, stack_of


@contextmanager
def own_stack(say: Say) -> Iterator[Stack]:
    """A running cluster, and the stack `local` on it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, pytest.MonkeyPatch.context() as variables:
        state = State(Path(folder) / "state")
        variables.setenv(STATE_VARIABLE, str(state.folder))
        variables.setenv(CHOICE_VARIABLE, os.environ.get(CHOICE_VARIABLE, "stand-in"))
        with terminations_interrupt():
            try:
                cluster.start(state, say)
                yield stack_of(state, Path(folder))
            finally:
                cluster.stop(state, say)
                cluster.delete(state, say)


def leave_the_api_server(state: State) -> None:
    """Stop all but etcd and the API server: what is registered is then only kept, and nobody acts on it."""
    stop_components(state, [each for each in COMPONENTS if each.stage > Stage.SERVER])
