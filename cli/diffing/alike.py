"""Services that change in the same way, told once: a new default is one change, and not one for each service."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cli.diffing.comparison import Group, ObjectChange
from cli.diffing.fields import FieldChange
from cli.diffing.objects import replaced
from cli.diffing.rows import Row

PLACEHOLDER = "‹service›"
"""Stands for the name of each of several services."""


@dataclass(frozen=True)
class Alike:
    """One group, or several services that change alike: then what holds their names shows the placeholder."""

    group: Group
    names: tuple[str, ...]

    @property
    def subject(self) -> str:
        """Whom it is about, as a line of text."""
        if self.group.renamed_from:
            return f"{self.group.renamed_from} → {self.group.name}"
        return ", ".join(self.names) or "Platform"

    @property
    def fate(self) -> str:
        """What becomes of it; nothing for the platform, of which there is one."""
        if not self.group.name:
            return ""
        return f"{self.group.state}, all in the same way" if len(self.names) > 1 else str(self.group.state)


def alike(groups: Sequence[Group]) -> Iterator[Alike]:
    """The groups in their order; each that differs from an earlier one in nothing but the name is told with that."""
    names: dict[Group, list[str]] = {}
    first: dict[Group, Group] = {}
    for group in groups:
        nameless = _nameless(group)
        first.setdefault(nameless, group)
        names.setdefault(nameless, []).append(group.name)
    for nameless, group in first.items():
        several = len(names[nameless]) > 1
        told = replace(nameless, name=group.name) if several else group
        yield Alike(told, tuple(name for name in names[nameless] if name))


def _nameless(group: Group) -> Group:
    """The group with the placeholder for its name; that of the platform has none."""
    if not group.name:
        return group

    def placed(text: str | None) -> str | None:
        return None if text is None else replaced(text, group.name, PLACEHOLDER)

    def row(told: Row) -> Row:
        return Row(str(placed(told.what)), placed(told.before), placed(told.after))

    def field(told: FieldChange) -> FieldChange:
        return FieldChange(str(placed(told.path)), placed(told.before), placed(told.after))

    def change(told: ObjectChange) -> ObjectChange:
        key = replace(told.key, name=str(placed(told.key.name)))
        return replace(told, key=key, rows=tuple(map(row, told.rows)), fields=tuple(map(field, told.fields)))

    return replace(group, name=PLACEHOLDER, objects=tuple(map(change, group.objects)))
