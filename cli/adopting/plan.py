"""What becomes of each object of a stack on its first run, as the cluster itself would have it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cli.diffing.fields import FieldChange, changed_fields
from cli.diffing.objects import Key, RenderedObject
from components.adoption import FIELD_MANAGER
from components.cluster_reader import Found
from components.field_managers import (
    PULUMI,
    entries,
    is_by_hand,
    is_handed_over,
    is_helms,
    left_over,
    names,
    release_of,
    taken,
)
from components.kubernetes_object import Manifest
from components.live_objects import LiveObjects, RefusedError

_OF_THE_SERVER = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")
_BOOKKEEPING = (FIELD_MANAGER, "kubectl.kubernetes.io/last-applied-configuration")


class Owner(StrEnum):
    """Whose an object is now."""

    NOBODY = "–"
    HELM = "Helm"
    PEOPLE = "by hand"
    HANDED_OVER = "handed over"
    PULUMI = "Pulumi"
    OTHERS = "others"


@dataclass(frozen=True)
class Planned:
    """One object of the stack: as the first run applies it, as it is now, and as it would be then.

    `in_the_way` are the fields that somebody else owns and has other values in, by manager; `fault` is why the API
    server would not have it.
    """

    wanted: Manifest
    live: Found = None
    after: Found = None
    in_the_way: Mapping[str, list[str]] = field(default_factory=dict)
    fault: str = ""

    @property
    def key(self) -> Key:
        """What it is called."""
        metadata = self.wanted["metadata"]
        return Key(metadata.get("namespace") or "_cluster", str(self.wanted["kind"]), str(metadata["name"]))

    @property
    def owner(self) -> Owner:
        """Whose it is now. What `up` has made is Pulumi's, and so is what another stack has."""
        return owner_of(self.live)

    @property
    def whose(self) -> str:
        """Whose it is now, in words, with the Helm release or the managers."""
        if self.live is None:
            return "–"
        release = release_of(self.live)
        if self.owner is Owner.HELM and release:
            return f"Helm release {release[1]}"
        if self.owner is Owner.OTHERS:
            return ", ".join(names(entries(self.live))) or "nobody"
        return str(self.owner)

    @property
    def is_adopted(self) -> bool:
        """Whether the first run takes it over from somebody."""
        return self.owner in (Owner.HELM, Owner.PEOPLE, Owner.HANDED_OVER, Owner.OTHERS)

    @property
    def fields(self) -> list[FieldChange]:
        """What the first run changes in it."""
        if self.live is None or self.after is None:
            return []
        return changed_fields(*(RenderedObject(self.key, shown(body)) for body in (self.live, self.after)))


def owner_of(live: Found) -> Owner:
    """Whose an object is, by who owns its fields."""
    if live is None:
        return Owner.NOBODY
    if is_helms(live):
        return Owner.HELM
    if is_handed_over(live):
        # The first run takes the mark of the release away.
        return Owner.HANDED_OVER if release_of(live) else Owner.PULUMI
    if is_by_hand(live):
        return Owner.PEOPLE
    managers = names(entries(live))
    return Owner.PULUMI if any(name.startswith(PULUMI) for name in managers) else Owner.OTHERS


def plan(wanted: Iterable[Manifest], cluster: LiveObjects) -> list[Planned]:
    """What would become of each; the cluster is asked to try it, and keeps nothing of it."""
    return [_planned(each, cluster) for each in wanted]


def _planned(wanted: Manifest, cluster: LiveObjects) -> Planned:
    live = cluster.read(wanted)
    if live is None or owner_of(live) is Owner.PULUMI:
        return Planned(wanted, live)
    mine = taken(live)
    others = {who: fields for who, fields in cluster.in_the_way(wanted).items() if who not in mine}
    try:
        after = cluster.tried(wanted, merged(left_over(live, wanted), wanted))
    except RefusedError as refused:
        return Planned(wanted, live, None, others, str(refused))
    return Planned(wanted, live, after, others)


def merged(first: Any, second: Any) -> Any:
    """Both, map by map; where they differ, as the second has it."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        both = {key: merged(first[key], second[key]) for key in first.keys() & second.keys()}
        return {**first, **second, **both}
    return second


def shown(body: Manifest) -> dict[str, Any]:
    """An object without what only the API server and the tools write for themselves."""
    metadata = {key: value for key, value in body["metadata"].items() if key not in _OF_THE_SERVER}
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _BOOKKEEPING}
    metadata.pop("annotations", None)
    kept = {key: value for key, value in body.items() if key != "status"}
    return {**kept, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}
