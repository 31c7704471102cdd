"""Lines that a terminal shows in one place, drawn over again whenever they change."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from cli.release_view import Line, Tone

_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""A terminal that knows these shows what is between them at once; others take no notice."""

_TO_END_OF_LINE, _TO_END = "\x1b[K", "\x1b[J"


def is_live(stream: TextIO) -> bool:
    """Whether somebody looks at the stream, on a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") not in (None, "", "dumb")


class Screen:
    """The last lines of a terminal. Colors are left out where `NO_COLOR` is set (no-color.org)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn: list[int] = []
        self._colored = not os.environ.get("NO_COLOR")

    @property
    def width(self) -> int:
        """The columns there are; the last one stays free, where some terminals would begin a new line."""
        return max(shutil.get_terminal_size().columns - 1, 1)

    def draw(self, lines: Sequence[Line]) -> None:
        """Show these lines in the place of those drawn before, in one piece, so that nothing flickers."""
        rows, columns = shutil.get_terminal_size().lines, self.width + 1
        fitting = list(lines)[: max(rows - 1, 1)]
        # A terminal that has become narrower has broken the old lines in two.
        above = sum(max(1, -(-length // columns)) for length in self._drawn)
        up = f"\x1b[{above}A" if above else ""
        body = "".join(f"{self._painted(line)}{_TO_END_OF_LINE}\n" for line in fitting)
        self._stream.write(f"{_BEGIN}\r{up}{body}{_TO_END}{_END}")
        self._stream.flush()
        self._drawn = [len(line.text) for line in fitting]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Without the cursor, which comes back whatever happens."""
        self._stream.write(_HIDE)
        try:
            yield
        finally:
            self._stream.write(_SHOW)
            self._stream.flush()

    def _painted(self, line: Line) -> str:
        if not self._colored or line.tone is Tone.PLAIN:
            return line.text
        return f"\x1b[{line.tone.value}m{line.text}\x1b[0m"
