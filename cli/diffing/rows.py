"""What a reader of a change wants to see first: a thing by its name in the field, before and after."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.diffing.objects import without_secrets
from cli.tables import spelled

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One line of a service's table. None is absent: a row without `before` is new, one without `after` is removed.

    An empty `before` is of no interest, as in a row that only counts.
    """

    what: str
    before: str | None
    after: str | None


Facts = Callable[[Body], Mapping[str, str]]
"""What an object of one kind says, by the field's names; what it does not say is left out."""


def rows_of(facts: Facts, before: Body | None, after: Body | None) -> Iterator[Row]:
    """The facts that differ, in the order in which the object has them."""
    old = facts(before) if before is not None else {}
    new = facts(after) if after is not None else {}
    for what in dict.fromkeys((*old, *new)):
        if old.get(what) != new.get(what):
            was, becomes = (side[what].partition(_UNSHOWN)[0] if what in side else None for side in (old, new))
            yield Row(what, was, f"{becomes} (another)" if was == becomes else becomes)


def listed(names: list[str], most: int = 12) -> str:
    """How many there are, and which; not more than `most` by name."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{len(names)}: {', '.join(names[:most])}{more}" if names else "none"


def at(body: Any, *path: str | int) -> Any:
    """The value at a path of maps and lists, or None."""
    for part in path:
        if isinstance(body, Mapping):
            body = body.get(part)
        elif isinstance(body, list) and isinstance(part, int) and part < len(body):
            body = body[part]
        else:
            return None
    return body


def items(body: Any, *path: str | int) -> list[Any]:
    """The maps of the list at a path; none where there is no such list."""
    found = at(body, *path)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def called(body: Body) -> str:
    """The kind of an object, with its name where that is not the service's own."""
    name, service = at(body, "metadata", "name"), at(body, "metadata", "labels", "app.kubernetes.io/name")
    return str(body.get("kind")) if name == service else f"{body.get('kind')} {name}"


def told(name: str, value: Any) -> str:
    """A value on one line, as YAML spells it; of a secret there is only what tells it from another, never shown."""
    shown = without_secrets("", (name,), value)
    text = shown if isinstance(shown, str) else spelled(shown).removeprefix("{").removesuffix("}")
    return text if shown == value else f"{text}{_UNSHOWN}{spelled(value)}"


_UNSHOWN = "\0"
"""Begins the part of a fact that `rows_of` compares and leaves out."""
