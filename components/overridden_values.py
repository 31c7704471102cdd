"""A user's own chart values, held against what this program relies on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.faults import dotted
from catalog.layers import merge
from catalog.problems import Fault

_ABSENT = object()


@dataclass(frozen=True)
class Reliance:
    """A value of the chart that something hangs on, and what becomes of that (or what to do instead) where it goes.

    `keys` are the keys that lead to it, with a space between them: keys of Helm values may hold dots.
    """

    keys: str
    told: str

    @property
    def path(self) -> tuple[str, ...]:
        """The keys one by one."""
        return tuple(self.keys.split())


def undone(relied: Iterable[Reliance], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Fault]:
    """What `theirs`, merged over `ours`, takes away of what is relied on.

    More than ours is no fault: a label or an item of a list may come on top. What we leave at the chart's default must
    stay unset or empty.
    """
    return list(_faults(relied, ours, merge(ours, theirs)))


def _faults(relied: Iterable[Reliance], ours: Mapping[str, Any], merged: Mapping[str, Any]) -> Iterator[Fault]:
    for reliance in relied:
        if not _holds(_at(ours, reliance.path), _at(merged, reliance.path)):
            yield dotted(reliance.path), reliance.told


def _at(values: Mapping[str, Any], path: Iterable[str]) -> Any:
    found: Any = values
    for key in path:
        found = found.get(key, _ABSENT) if isinstance(found, Mapping) else _ABSENT
    return found


def _holds(ours: Any, merged: Any) -> bool:
    """Whether `merged` still says what `ours` does."""
    if ours is _ABSENT:
        return merged is _ABSENT or not merged
    if isinstance(ours, Mapping):
        return isinstance(merged, Mapping) and all(_holds(value, merged.get(key)) for key, value in ours.items())
    if isinstance(ours, list):
        return isinstance(merged, list) and all(item in merged for item in ours)
    return bool(ours == merged)
