"""The cluster that the engine tests share: real controllers, in a state folder of its own."""

import os
import shutil
from collections.abc import Iterator

import lightkube
import pytest

from local import cluster
from local.cluster.processes import terminations_interrupt
from local.plugin import CHOICE_VARIABLE
from local.state import STATE_VARIABLE, State
from tests.engine import plugin_harness as harness
from tests.engine.plugin_harness import Plugin


@pytest.fixture(scope="session")
def embedded_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The state folder of a running embedded cluster; it is the current one for the whole session.

    The checkout's own cluster is never touched. However the session ends, nothing runs on; only the logs are kept,
    in pytest's folder `logs0`.
    """
    state = State(tmp_path_factory.mktemp("state"))
    logs = tmp_path_factory.mktemp("logs")
    with pytest.MonkeyPatch.context() as environment, terminations_interrupt():
        environment.setenv(STATE_VARIABLE, str(state.folder))
        # The same plugin on every machine; API_OBSERVABILITY_PLUGIN=official runs the tests with that one.
        environment.setenv(CHOICE_VARIABLE, os.environ.get(CHOICE_VARIABLE, "stand-in"))
        try:
            cluster.start(state)
            yield state
        finally:
            cluster.stop(state)
            if state.processes.exists():
                shutil.copytree(state.processes, logs, dirs_exist_ok=True)
            cluster.delete(state)


@pytest.fixture(scope="module")
def client(embedded_cluster: State) -> lightkube.Client:
    """An administrator of the shared cluster, who is not the program."""
    return harness.client_of(embedded_cluster)


@pytest.fixture(scope="module")
def plugin(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """The stand-in plugin as a process, configured for the shared cluster with its defaults."""
    with harness.running(embedded_cluster, tmp_path_factory.mktemp("plugin")) as plugin:
        yield plugin


@pytest.fixture
def space(client: lightkube.Client) -> Iterator[str]:
    """A namespace of the test's own."""
    with harness.a_namespace(client) as name:
        yield name
