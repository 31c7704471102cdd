"""What is wrong with a file a person wrote, as lines that say how to mend it."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Fault = tuple[str, str]
"""The path of a key below the thing that is judged, and a message that says how to mend it."""


@dataclass(frozen=True, order=True)
class Problem:
    """One fault: the file, the path of the key in it, and what was found and what is allowed."""

    file: str
    path: str
    message: str

    def __str__(self) -> str:
        told = ": ".join(part for part in (self.file, self.path, self.message) if part)
        return " ".join(told.splitlines())  # a key may hold a line break


class CatalogError(Exception):
    """All the faults of what the user wrote, one per line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


def nearest(word: str, known: Sequence[str]) -> str:
    """` — did you mean 'port'?` for the known word nearest to `word`, or nothing where none is near."""
    close = difflib.get_close_matches(word, known, n=1)
    return f" — did you mean '{close[0]}'?" if close else ""
