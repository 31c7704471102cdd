"""What every suite shares: Ctrl-C works, however the tests were started, and leaves no cluster behind.

A shell starts a background job with SIGINT ignored, and children inherit that: tests that interrupt a program would
then wait for ever.
"""

import signal

import pytest

from tests.embedded import remove_what_is_left, told_of_clusters
from tests.tries import choose_profile

choose_profile()
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Before its workers begin."""
    if not hasattr(config, "workerinput"):
        told_of_clusters()


def pytest_unconfigure(config: pytest.Config) -> None:
    """After its workers have ended."""
    if not hasattr(config, "workerinput"):
        remove_what_is_left()
