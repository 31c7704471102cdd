"""Progress for people: a line that is opened when work starts and completed when it ends."""

import sys

OPEN = "…"
"""A reported line that ends so stays open; the next one completes it if it begins with the same words."""


class Console:
    """Writes lines to standard output at once, also where that is a file or a CI log."""

    def __init__(self) -> None:
        self._open = ""

    def __call__(self, line: str) -> None:
        """Write `line`, or the rest of it when its beginning already stands there."""
        if self._open and line.startswith(self._open):
            self._write(line.removeprefix(self._open))
        else:
            self._write(("\n" if self._open else "") + line)
        self._open = line if line.endswith(OPEN) else ""
        if not self._open:
            self._write("\n")

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


say = Console()
