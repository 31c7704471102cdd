"""PHP, a server that misbehaves, and an adapter in front of each, shared by the tests of one file."""

from collections.abc import Iterator

import pytest

from tests.adapter import oddities, running
from tests.adapter.running import Adapter


@pytest.fixture(scope="session")
def php(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of PHP's own server, with the small application."""
    port = running.free_port()
    with running.php(tmp_path_factory.mktemp("php"), port):
        yield port


@pytest.fixture(scope="module")
def adapter(php: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapter]:
    """An adapter in front of PHP, with its defaults."""
    with running.adapter(tmp_path_factory.mktemp("adapter"), php) as found:
        yield found


@pytest.fixture(scope="session")
def odd() -> Iterator[oddities.Server]:
    """A server that does by its path what PHP cannot be made to do."""
    with oddities.serving() as server:
        yield server
