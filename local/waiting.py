"""Waiting for a real condition, with a deadline."""

import time
from collections.abc import Callable

from local.errors import LocalError

POLL_SECONDS = 0.1


def wait_until(condition: Callable[[], bool], timeout_seconds: float, what: str) -> None:
    """Return as soon as `condition()` is true; raise LocalError naming `what` after `timeout_seconds`."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LocalError(f"gave up after {timeout_seconds:g} s waiting for {what}")
        time.sleep(POLL_SECONDS)
