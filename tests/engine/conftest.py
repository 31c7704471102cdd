"""The cluster that the engine tests share: real controllers, in a state folder of its own."""

from collections.abc import Iterator

import lightkube
import pytest

from local.state import State
from tests.embedded import embedded
from tests.engine import plugin_harness as harness
from tests.engine.plugin_harness import Plugin


@pytest.fixture(scope="session")
def embedded_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The state folder of a running embedded cluster; it is the current one for the whole session."""
    with embedded(tmp_path_factory, "state") as state:
        yield state


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
