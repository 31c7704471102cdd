"""The fields in which two objects differ, each with its path, before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.texts import HIDDEN
from cli.diffing.objects import RenderedObject, without_secrets
from cli.diffing.pairing import pairs
from cli.tables import spelled

Path = tuple[str, ...]

CHANGED_SECRET = f"{HIDDEN} (another)"
"""After a secret whose text has changed: nothing else of it may be told."""


@dataclass(frozen=True)
class FieldChange:
    """One field: None is absent. Both values are as YAML spells them, and hold no secret."""

    path: str
    before: str | None
    after: str | None


def changed_fields(before: RenderedObject, after: RenderedObject) -> list[FieldChange]:
    """Every field in which the two differ, in the order of their paths."""
    found = [_shown(after.key.kind, *change) for change in _changes(before.whole, after.whole, ())]
    return sorted(found, key=lambda change: change.path)


def _changes(before: Any, after: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}, key=str):
            yield from _changes(before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, str(key)))
    elif isinstance(before, list) and isinstance(after, list) and _has_maps(before, after):
        for pair in pairs(before, after):
            old, new = (_ABSENT if side is None else side for side in (pair.before, pair.after))
            yield from _changes(old, new, (*path, f"[{pair.name}]"))
    elif repr(before) != repr(after):  # to Python 1 is True
        yield path, before, after


_ABSENT = object()


def _has_maps(*lists: list[Any]) -> bool:
    return any(isinstance(item, Mapping) for items in lists for item in items)


def _shown(kind: str, path: Path, before: Any, after: Any) -> FieldChange:
    named = _by_its_own_name(path)
    old, new = (None if value is _ABSENT else _text(without_secrets(kind, named, value)) for value in (before, after))
    return FieldChange(_joined(path), old, CHANGED_SECRET if old is not None and old == new else new)


def _text(value: Any) -> str:
    """As YAML spells it, but a text of several words as it is: quotes within quotes make a query hard to read."""
    is_words = isinstance(value, str) and (" " in value or value == HIDDEN) and value.isprintable()
    return str(value) if is_words else spelled(value)


def _by_its_own_name(path: Path) -> Path:
    """The path of a value, where the `value` of an environment variable or argument goes by that one's name."""
    return (*path[:-1], path[-2][1:-1]) if len(path) > 1 and path[-1] == "value" and path[-2][:1] == "[" else path


def _joined(path: Path) -> str:
    return "".join(part if part[:1] == "[" else f".{part}" for part in path).removeprefix(".")
