"""Pieces of a comparison in the order they are read, and which of them are left out where there is no room for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class Rank(IntEnum):
    """What is kept longest comes first; the summary is kept always."""

    SUMMARY = 0
    TABLE = 1
    FIELDS = 2


@dataclass(frozen=True)
class Block:
    """A piece that is shown whole or not at all; `name` is what it is about, for the line that says it was left out."""

    rank: Rank
    text: str
    name: str = ""

    @property
    def size(self) -> int:
        """Bytes with the line break behind it: never fewer than characters, which is what GitHub counts."""
        return len(self.text.encode()) + 1


def fitted(blocks: Sequence[Block], limit: int, hint: str) -> str:
    """The blocks as one text of at most `limit` bytes (0: no limit), which only a longer summary exceeds.

    `hint` says where all of it is to be seen.
    """
    if not limit or sum(block.size for block in blocks) <= limit:
        return _joined(blocks)
    room = limit - _notice_size(hint)
    kept: set[int] = set()
    for index in sorted(range(len(blocks)), key=lambda index: (blocks[index].rank, index)):
        block = blocks[index]
        if block.rank is Rank.SUMMARY or block.size <= room:
            kept.add(index)
            room -= block.size
    left_out = [block for index, block in enumerate(blocks) if index not in kept]
    return _joined([*(blocks[index] for index in sorted(kept)), Block(Rank.SUMMARY, _notice(left_out, limit, hint))])


def _joined(blocks: Sequence[Block]) -> str:
    return "\n".join(block.text for block in blocks).rstrip("\n") + "\n"


def _notice(left_out: Sequence[Block], limit: int, hint: str) -> str:
    tables = [block.name for block in left_out if block.rank is Rank.TABLE]
    fields = sum(block.rank is Rank.FIELDS for block in left_out)
    parts = [f"the fields of {fields} sections"] if fields else []
    if tables:
        named = ", ".join(tables[:_MOST_NAMES]) + (
            f" and {len(tables) - _MOST_NAMES} more" if tables[_MOST_NAMES:] else ""
        )
        parts.insert(0, f"the tables of {named[:_MOST_CHARACTERS]}")
    return f"\nLeft out to stay within {limit} bytes: {' and '.join(parts)}. {hint}"


_MOST_NAMES = 10
_MOST_CHARACTERS = 400


def _notice_size(hint: str) -> int:
    """The most that the notice can take: names may hold characters of up to four bytes."""
    return 4 * _MOST_CHARACTERS + len(hint.encode()) + 200
