"""What changed between the live object, pruned to what was last submitted, and the new inputs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from local.plugin.objects import EMPTY
from local.plugin.values import Computed

Segment: TypeAlias = str | int
Kind: TypeAlias = Literal["add", "delete", "update"]


@dataclass(frozen=True)
class Change:
    """One line of Pulumi's detailed diff; `replaces` where the object cannot be changed in place."""

    kind: Kind
    replaces: bool


@dataclass
class _Comparison:
    force_new: list[list[str]]
    lenient: bool
    changes: dict[str, Change] = field(default_factory=dict)

    def value(self, path: list[Segment], old: Any, new: Any, submitted: Any) -> None:
        if isinstance(new, Computed):
            self._record(path, "update", None)
        elif isinstance(old, dict) and isinstance(new, dict):
            self.mapping(path, old, new, submitted if isinstance(submitted, dict) else {})
        elif isinstance(old, list) and isinstance(new, list):
            self._sequence(path, old, new, submitted if isinstance(submitted, list) else [])
        elif new is None and old is not None:
            self._record(path, "delete", None)
        elif not _same(old, new) and not (self.lenient and _same_quantity(path, old, new)):
            self._record(path, "update", new)

    def mapping(self, path: list[Segment], old: dict[str, Any], new: dict[str, Any], submitted: dict[str, Any]) -> None:
        for key, value in new.items():
            here = [*path, key]
            if key in old:
                self.value(here, old[key], value, submitted.get(key))
            elif not (self.lenient and _dropped_by_server(value, key, submitted)):
                self._record(here, "delete" if value is None else "add", value)
        for key in old.keys() - new.keys():
            self._record([*path, key], "delete", None)

    def _sequence(self, path: list[Segment], old: list[Any], new: list[Any], submitted: list[Any]) -> None:
        for i, value in enumerate(new):
            if i < len(old):
                self.value([*path, i], old[i], value, submitted[i] if i < len(submitted) else None)
            else:
                self._record([*path, i], "add", value)
        for i in range(len(new), len(old)):
            self._record([*path, i], "delete", None)

    def _record(self, path: list[Segment], kind: Kind, value: Any) -> None:
        replaces = any(_reaches(pattern, path, value) for pattern in self.force_new)
        self.changes[path_text(path)] = Change(kind, replaces)


def compare(
    old: dict[str, Any], new: dict[str, Any], submitted: dict[str, Any], force_new: Sequence[str], lenient: bool
) -> dict[str, Change]:
    """The changes from `old` to `new` by property path.

    `lenient` is for kinds whose schema Kubernetes itself defines: there the API server drops empty values and rewrites
    quantities (`0.5` becomes `500m`). The official plugin knows the Go types and does the same to both sides; this one
    takes an empty value that was `submitted` before and is not in `old` for dropped, and compares quantities by value.
    """
    comparison = _Comparison([_segments(pattern) for pattern in force_new], lenient)
    comparison.mapping([], old, new, submitted)
    return comparison.changes


def without_ignored(changes: dict[str, Change], ignore_changes: Sequence[str]) -> dict[str, Change]:
    """The changes whose path is not covered by one of Pulumi's `ignoreChanges` paths."""
    ignored = [_segments(path) for path in ignore_changes]
    return {path: change for path, change in changes.items() if not any(_covers(i, _segments(path)) for i in ignored)}


def path_text(path: Sequence[Segment]) -> str:
    """Pulumi's spelling of a property path: `spec.ports[0]`, `metadata.annotations["a.b/c"]`."""
    out = ""
    for segment in path:
        if isinstance(segment, int):
            out += f"[{segment}]"
        elif any(mark in segment for mark in '."[]'):
            quoted = segment.replace('"', '\\"')
            out += f'["{quoted}"]'
        else:
            out += f".{segment}" if out else segment
    return out


_PATH = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[]+)')


def _segments(path: str) -> list[str]:
    return [quoted.replace('\\"', '"') or index or name for quoted, index, name in _PATH.findall(path)]


def _covers(ignored: list[str], path: list[str]) -> bool:
    head = path[: len(ignored)]
    return len(head) == len(ignored) and all(i in ("*", p) for i, p in zip(ignored, head, strict=True))


def _reaches(pattern: list[str], path: list[Segment], value: Any) -> bool:
    """Whether a change of `value` at `path` touches `pattern`: at it, below it, or above it with the field inside."""
    for depth, wanted in enumerate(pattern):
        if depth < len(path):
            here = path[depth]
            if isinstance(here, int) if wanted == "*" else here == wanted:
                continue
            return False
        return _holds(pattern[depth:], value)
    return True


def _holds(pattern: list[str], value: Any) -> bool:
    if not pattern:
        return True
    head, *rest = pattern
    if head == "*":
        return isinstance(value, list) and any(_holds(rest, item) for item in value)
    return isinstance(value, dict) and head in value and _holds(rest, value[head])


def _same(old: Any, new: Any) -> bool:
    """Equal as JSON is: `true` is not 1, 80 is 80.0."""
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def _dropped_by_server(value: Any, key: str, submitted: dict[str, Any]) -> bool:
    return value in EMPTY and key in submitted and _same(submitted[key], value)


_QUANTITY_MAPS = frozenset({"limits", "requests", "hard", "capacity", "default", "defaultRequest", "max", "min"})
_QUANTITY = re.compile(r"([+-]?[0-9.]+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]+)?")
_SUFFIXES = {
    **{suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{suffix: Decimal(1000) ** -power for power, suffix in enumerate(("m", "u", "n"), 1)},
}


def _same_quantity(path: list[Segment], old: Any, new: Any) -> bool:
    parent, key = (path[-2] if len(path) > 1 else ""), path[-1]
    if (
        parent not in _QUANTITY_MAPS
        and key not in ("averageValue", "sizeLimit")
        and (parent, key)
        != (
            "target",
            "value",
        )
    ):
        return False
    amount = _quantity(new)
    return amount is not None and amount == _quantity(old)


def _quantity(value: Any) -> Decimal | None:
    """A Kubernetes quantity as a number: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity."""
    match = _QUANTITY.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    if match is None or match[1].count(".") > 1 or not any(digit.isdigit() for digit in match[1]):
        return None
    suffix = match[2] or ""
    if suffix[:1] in ("e", "E") and len(suffix) > 1 and suffix != "Ei":
        return Decimal(match[1] + suffix)
    return Decimal(match[1]) * _SUFFIXES.get(suffix, Decimal(1))
