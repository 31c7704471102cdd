"""The cluster of these tests, which are run beside those of the engine: nothing of them is timed."""

from collections.abc import Iterator

import pytest

from local.state import State
from tests.embedded import embedded


@pytest.fixture(scope="package")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The state folder of a running embedded cluster, which is the current one meanwhile."""
    with embedded(tmp_path_factory, "interrupted") as state:
        yield state
