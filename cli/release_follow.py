"""Following a release until it has ended, for a terminal or for a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from cli.release_state import Outcome, ReleaseState
from cli.release_view import landmark, lines, spelled, summary
from cli.terminal import Screen, is_live
from components.cluster import ClusterError
from components.cluster_reader import UnknownError

POLL_SECONDS = 1.0

_HEARTBEAT_SECONDS = 60.0
"""A log in which nothing happens for longer looks like one of a program that hangs."""

_SURE = 2
"""An end counts once it was read so many times in a row: between two writes of the controller's the status may still be
that of an earlier release of the same image."""

Show = Callable[[ReleaseState, float, str], None]
"""Shows a state after so many seconds; the text is why the newest could not be read, where that is so."""


class TimeIsUpError(Exception):
    """The release goes on, and was not followed to its end."""


@dataclass
class Log:
    """One line whenever something has changed, with the time that has passed."""

    stream: TextIO
    _told: tuple[object, ...] = ()
    _at: float = 0.0

    def __call__(self, state: ReleaseState, elapsed: float, trouble: str) -> None:
        """Show a state."""
        news = (*landmark(state), bool(trouble))
        if news != self._told or elapsed - self._at >= _HEARTBEAT_SECONDS:
            text = f"{summary(state)}; {trouble}" if trouble else summary(state)
            print(f"{spelled(elapsed):>7}  {text}", file=self.stream, flush=True)
            self._told, self._at = news, elapsed


@contextmanager
def shown_on(stream: TextIO, *, plain: bool = False) -> Iterator[Show]:
    """How states are shown: in place on a terminal, else line by line."""
    if plain or not is_live(stream):
        yield Log(stream)
        return
    screen = Screen(stream)
    with screen.held():
        yield lambda state, elapsed, trouble: screen.draw(lines(state, elapsed, screen.width, trouble))


def follow(read: Callable[[], ReleaseState], show: Show, timeout_seconds: float) -> ReleaseState:
    """Read and show until the release has ended; its last state. Raises TimeIsUpError.

    A cluster that does not answer for a while ends nothing: the release goes on without us.
    """
    began = time.monotonic()
    state, trouble, sure = read(), "", 0
    while True:
        elapsed = time.monotonic() - began
        show(state, elapsed, trouble)
        sure = sure + 1 if state.outcome is not Outcome.UNDER_WAY and not trouble else 0
        if sure == _SURE:
            return state
        if elapsed > timeout_seconds:
            raise TimeIsUpError
        time.sleep(POLL_SECONDS)
        try:
            state, trouble = read(), ""
        except (ClusterError, UnknownError) as error:
            trouble = f"not read, trying again: {error}"
