"""Which item of a list became which of another: by what people call them, not by where they stand."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple


class Pair(NamedTuple):
    """An item before and after, None where it is not there, and how a path names it."""

    name: str
    before: Any
    after: Any


_NAMED_BY = ("name", "record", "title", "mountPath", "refId", "metricName", "templateName", "uid")
_NO_PART_OF_THE_NAME = ("namespace", "service", "severity")


def pairs(before: Sequence[Any], after: Sequence[Any]) -> Iterator[Pair]:
    """The items of both lists in the order of `after`, and after those what is gone.

    Items with names are paired by them wherever they stand, so that one that is new in the middle changes no other;
    items without are aligned as lines of a text are.
    """
    if not all(map(names_of, (*before, *after))):
        yield from _aligned(before, after)
        return
    partner = _partners(before, after)
    gone = set(range(len(before))) - set(partner.values())
    for index, item in enumerate(after):
        yield Pair(names_of(item)[0], before[partner[index]] if index in partner else None, item)
    for index in sorted(gone):
        yield Pair(names_of(before[index])[0], before[index], None)


def names_of(item: Any) -> tuple[str, ...]:
    """What an item of a list is called, from the exact to the rough; nothing where it has no name."""
    if not isinstance(item, Mapping):
        return ()
    for key in ("alert", "record"):
        if isinstance(item.get(key), str):
            return _rule_names(item[key], item.get("labels") or {})
    for key in _NAMED_BY:
        if isinstance(item.get(key), str) and item[key]:
            return (item[key],)
    return ()


def _rule_names(name: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    """A rule by all that tells it from those of the same name; a new severity alone makes no other alert of it."""
    told = [value for key, value in sorted(labels.items()) if key not in _NO_PART_OF_THE_NAME]
    without_severity = ", ".join([name, *told])
    severity = labels.get("severity")
    return (f"{without_severity}, {severity}" if severity else without_severity, without_severity, name)


def _partners(before: Sequence[Any], after: Sequence[Any]) -> dict[int, int]:
    """For the items of `after` that were there before, where: exact names first, then rougher ones."""
    partner: dict[int, int] = {}
    for rough in range(max((len(names_of(item)) for item in (*before, *after)), default=0)):
        free: dict[str, list[int]] = {}
        for index, item in enumerate(before):
            if index not in partner.values() and rough < len(names_of(item)):
                free.setdefault(names_of(item)[rough], []).append(index)
        for index, item in enumerate(after):
            if index not in partner and rough < len(names_of(item)) and free.get(names_of(item)[rough]):
                partner[index] = free[names_of(item)[rough]].pop(0)
    return partner


def _aligned(before: Sequence[Any], after: Sequence[Any]) -> Iterator[Pair]:
    old_lines, new_lines = ([json.dumps(item, sort_keys=True) for item in items] for items in (before, after))
    for tag, low, high, start, end in SequenceMatcher(None, old_lines, new_lines, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for offset in range(max(high - low, end - start)):
            old, new = low + offset, start + offset
            yield Pair(
                str(new if new < end else old),
                before[old] if old < high else None,
                after[new] if new < end else None,
            )
