"""Two renderings of a stack compared: what becomes of each service, and of the platform they stand on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cli.diffing import told
from cli.diffing.fields import FieldChange, changed_fields
from cli.diffing.objects import Key, RenderedObject, parsed, replaced, service_of
from cli.diffing.renames import renamed
from cli.diffing.rows import Row

Files = Mapping[str, str]
"""A rendering: the path of each file below its folder, and the text."""


class State(StrEnum):
    """What becomes of an object or a service."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"


@dataclass(frozen=True)
class ObjectChange:
    """One object that differs; fields only where it is on both sides."""

    key: Key
    state: State
    rows: tuple[Row, ...]
    fields: tuple[FieldChange, ...] = ()
    is_kept: bool = False


_TOLD_OF_THE_GONE = ("image", "replicas", "alerts")
"""Enough to see what is lost with a service; its thresholds no longer matter."""


@dataclass(frozen=True)
class Group:
    """All that changes of one service, or (without a name) of the platform."""

    name: str
    state: State
    objects: tuple[ObjectChange, ...]
    renamed_from: str = ""
    starts_canary: bool = False
    is_replaced: bool = False

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all its objects."""
        rows = (row for change in self.objects for row in change.rows)
        return tuple(row for row in rows if self.state is not State.REMOVED or row.what in _TOLD_OF_THE_GONE)


@dataclass(frozen=True)
class Comparison:
    """All that changes; `secrets` are the settings of the stack file whose encrypted text is another."""

    services: tuple[Group, ...]
    platform: Group | None
    secrets: tuple[Row, ...] = ()

    @property
    def groups(self) -> tuple[Group, ...]:
        """The services, loudest first, and then the platform."""
        return (*self.services, self.platform) if self.platform else self.services

    def services_of(self, state: State) -> list[str]:
        """The names of the services of which that becomes."""
        return [group.name for group in self.services if group.state is state]

    def objects_of(self, state: State) -> int:
        """How many objects that becomes of; a rename removes and adds."""
        return sum(change.state is state for group in self.groups for change in group.objects)


_LOUDEST_FIRST = (State.REMOVED, State.RENAMED, State.CHANGED, State.ADDED)


def compare(before: Files, after: Files, secrets: Iterable[Row] = ()) -> Comparison:
    """What differs between two renderings; files with the same text are not even read."""
    old, new = _read(before, after), _read(after, before)
    services = [_services(before), _services(after)]
    everyone = services[0] | services[1]
    names = renamed(
        {entry.key: entry for entry in old.values() if service_of(entry, services[0] - services[1])},
        {entry.key: entry for entry in new.values() if service_of(entry, services[1] - services[0])},
    )
    owners = {path: service_of(entry, everyone) or "" for path, entry in (*old.items(), *new.items())}
    groups: list[Group] = []
    formers = {new: old for old, new in names.items()}
    for name in sorted(set(owners.values()) - set(names)):
        former = formers.get(name, "")
        whose = {name, former} if former else {name}
        mine = [{path: entry for path, entry in side.items() if owners[path] in whose} for side in (old, new)]
        groups.append(_group(name, former, services, *mine))
    loud = sorted((group for group in groups if group.name), key=lambda group: _LOUDEST_FIRST.index(group.state))
    return Comparison(tuple(loud), next((group for group in groups if not group.name), None), tuple(secrets))


def _read(mine: Files, others: Files) -> dict[str, RenderedObject]:
    return {path: parsed(path, text) for path, text in sorted(mine.items()) if others.get(path) != text}


def _services(files: Files) -> frozenset[str]:
    """Every Rollout is a service; its name is in the file's, so that the many that are the same need no reading."""
    names = (path.rpartition("/")[2] for path in files)
    return frozenset(name[len("rollout-") : -len(".yaml")] for name in names if name.startswith("rollout-"))


def _group(
    name: str,
    former: str,
    services: list[frozenset[str]],
    old: Mapping[str, RenderedObject],
    new: Mapping[str, RenderedObject],
) -> Group:
    is_both = name in services[0] and name in services[1]
    state = State.CHANGED if is_both or not name else State.ADDED if name in services[1] else State.REMOVED
    if former:
        return Group(name, State.RENAMED, tuple(_renamed_objects(former, name, old, new)), renamed_from=former)
    before, after = (_only_rollout(side) for side in (old, new))
    if not is_both or before is None or after is None:
        return Group(name, state, tuple(_changes(old, new)))
    if before.key.namespace != after.key.namespace:
        return Group(name, state, tuple(_renamed_objects(name, name, old, new)), is_replaced=True)
    replaces, releases = (before.spec.get(part) != after.spec.get(part) for part in ("selector", "template"))
    canary = releases and not replaces
    return Group(name, state, tuple(_changes(old, new)), starts_canary=canary, is_replaced=replaces)


def _only_rollout(side: Mapping[str, RenderedObject]) -> RenderedObject | None:
    return next((entry for entry in side.values() if entry.key.kind == "Rollout"), None)


def _changes(old: Mapping[str, RenderedObject], new: Mapping[str, RenderedObject]) -> Iterator[ObjectChange]:
    for path in sorted({*old, *new}, key=lambda path: (_importance(path), path)):
        before, after = old.get(path), new.get(path)
        if before and after:
            fields = changed_fields(before, after)
            yield ObjectChange(after.key, State.CHANGED, tuple(told.rows(before, after, fields)), tuple(fields))
        elif after:
            yield ObjectChange(after.key, State.ADDED, tuple(told.rows(None, after, ())))
        elif before:
            kept = any(option.startswith("retainOnDelete") for option in before.options)
            yield ObjectChange(before.key, State.REMOVED, tuple(told.rows(before, None, ())), is_kept=kept)


def _renamed_objects(
    former: str, name: str, old: Mapping[str, RenderedObject], new: Mapping[str, RenderedObject]
) -> Iterator[ObjectChange]:
    """The objects of a renamed service: gone and made anew, and told by what differs beside the name."""
    as_if = {(entry.key.kind, replaced(entry.key.name, former, name)): entry for entry in old.values()}
    for entry in old.values():
        yield ObjectChange(entry.key, State.REMOVED, ())
    for path in sorted(new, key=lambda path: (_importance(path), path)):
        entry = new[path]
        before = as_if.get((entry.key.kind, entry.key.name))
        before = before.called(former, name) if before else None
        fields = changed_fields(before, entry) if before else []
        yield ObjectChange(entry.key, State.ADDED, tuple(told.rows(before, entry, fields)), tuple(fields))


def _importance(path: str) -> int:
    """What runs and what judges it comes first."""
    kinds = ("rollout-", "analysistemplate-", "horizontalpodautoscaler-", "service-", "ingress-", "prometheusrule-")
    file = path.rpartition("/")[2]
    return next((place for place, kind in enumerate(kinds) if file.startswith(kind)), len(kinds))
