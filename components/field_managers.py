"""Who owns which field of a live object, and how the fields of a Helm chart become this program's.

Kubernetes writes down for each field who set it last (`metadata.managedFields`), and a server-side apply removes what
its own manager owned and sets no longer. What Helm owns would stay for ever, or be a conflict.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

Object = Mapping[str, Any]
"""An object as the API server gives it."""

Entry = Mapping[str, Any]
"""One of its `managedFields`."""

MANAGER = "api-observability"
"""The manager that the fields are handed over to, and under whose name the objects are applied from then on."""

RELEASE, RELEASE_NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
"""The annotations by which Helm knows the objects of a release."""

_HELM = "helm"
"""Helm's own name; what embeds Helm goes by its program's name, and is known by the annotations that it owns."""

PULUMI = "pulumi-kubernetes"
"""How the managers begin under which Pulumi's plugin makes and applies objects."""

_PEOPLE = ("kubectl", "before-first-apply")
"""How the managers begin that stand for what people did by hand; Pulumi's plugin takes their fields back too."""


def release_of(live: Object) -> tuple[str, str] | None:
    """The namespace and the name of the Helm release that the object is of, if it is of one."""
    metadata = live["metadata"]
    annotations = metadata.get("annotations") or {}
    if RELEASE not in annotations:
        return None
    return str(annotations.get(RELEASE_NAMESPACE) or metadata.get("namespace") or "default"), str(annotations[RELEASE])


def is_helms(live: Object) -> bool:
    """Whether Helm owns fields of the object."""
    return any(_of_helm(entry) for entry in entries(live))


def is_by_hand(live: Object) -> bool:
    """Whether people have made the object with `kubectl`, and neither this program nor Helm."""
    pulumis = any(str(entry["manager"]).startswith(PULUMI) for entry in entries(live))
    return bool(taken(live)) and not (pulumis or is_helms(live) or is_handed_over(live))


def is_handed_over(live: Object) -> bool:
    """Whether fields of the object were handed over, whatever has become of it since."""
    return any(map(_is_ours, entries(live)))


def entries(live: Object) -> list[Entry]:
    """Who owns what of the object."""
    return list(live["metadata"].get("managedFields") or [])


def names(of: Iterable[Entry]) -> list[str]:
    """Their managers, each once, sorted."""
    return sorted({str(entry["manager"]) for entry in of})


def taken(live: Object) -> list[str]:
    """The managers whose fields are to be handed over."""
    return names(entry for entry in entries(live) if _is_taken(entry))


def handed_over(live: Object) -> list[Entry] | None:
    """The `managedFields` with which all that Helm and people's hands own is ours; None where they own nothing."""
    found = entries(live)
    taken = [entry for entry in found if _is_taken(entry)]
    if not taken:
        return None
    ours = [entry for entry in found if _is_ours(entry)]
    merged = {
        "manager": MANAGER,
        "operation": "Apply",
        "apiVersion": live["apiVersion"],
        "time": max(str(entry.get("time", "")) for entry in taken),
        "fieldsType": "FieldsV1",
        "fieldsV1": _union([*ours, *taken]),
    }
    return [*(entry for entry in found if entry not in ours and entry not in taken), merged]


def left_over(live: Object, wanted: Object) -> dict[str, Any]:
    """The fields that go away once they are ours, since `wanted` does not set them: a merge patch that removes them.

    Fields that somebody else owns too stay. Items of a list are not told: `wanted` has the list whole, or not at all.
    """
    found = entries(live)
    ours = _union(entry for entry in found if _is_taken(entry) or _is_ours(entry))
    others = _union(entry for entry in found if not (_is_taken(entry) or _is_ours(entry)))
    return _unset(ours, others, live, wanted)


def _of_helm(entry: Entry) -> bool:
    if entry.get("subresource") or entry["manager"] == MANAGER:
        return False
    annotations = (entry.get("fieldsV1") or {}).get("f:metadata", {}).get("f:annotations", {})
    return entry["manager"] == _HELM or f"f:{RELEASE}" in annotations


def _is_taken(entry: Entry) -> bool:
    by_hand = not entry.get("subresource") and str(entry["manager"]).startswith(_PEOPLE)
    return by_hand or _of_helm(entry)


def _is_ours(entry: Entry) -> bool:
    return (entry["manager"], entry["operation"], entry.get("subresource") or "") == (MANAGER, "Apply", "")


def _union(of: Iterable[Entry]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for entry in of:
        _add(fields, entry.get("fieldsV1") or {})
    return fields


def _add(fields: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, below in more.items():
        if key in fields:
            _add(fields[key], below)
        else:
            fields[key] = copy.deepcopy(below)


def _unset(ours: Mapping[str, Any], others: Mapping[str, Any], live: Object, wanted: Object) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, below in ours.items():
        name, theirs = key.removeprefix("f:"), others.get(key)
        if not key.startswith("f:") or name not in live or (theirs is not None and not _fields_in(theirs)):
            continue
        if _fields_in(below) and isinstance(live[name], Mapping):
            if inner := _unset(below, theirs or {}, live[name], wanted.get(name) or {}):
                found[name] = inner
        elif name not in wanted and theirs is None:
            found[name] = None
    return found


def _fields_in(fields: Mapping[str, Any]) -> bool:
    """Whether they are those of a map; otherwise it is a value, or a list, that is owned whole or by its items."""
    return any(key.startswith("f:") for key in fields)
