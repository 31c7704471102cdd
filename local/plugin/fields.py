"""Field managers: who owns which field of a live object, and what that means for our own applies."""

import copy
import functools
from collections.abc import Sequence
from typing import Any

from local.plugin.errors import PluginError
from local.plugin.objects import Object, pluck, remove

CREATE_MANAGER = "pulumi-kubernetes"
"""The field manager of every POST; the first update hands its fields to the resource's own manager."""

_ABSORBED = (
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    ("pulumi-kubernetes", "Update"),
    ("pulumi-resource-kubernetes", "Update"),
)
"""Managers by beginning of name and operation. `kubectl` covers kubectl's own names and every plugin's, such as
`kubectl-argo-rollouts`: what a person changed by hand is taken back, without a conflict."""

_FORCED_IN_PREVIEW = frozenset({"pulumi-resource-kubernetes", "pulumi-kubernetes", "pulumi-kubernetes.exe"})


def managed(obj: Object) -> list[dict[str, Any]]:
    """The object's `metadata.managedFields`."""
    return pluck(obj, "metadata", "managedFields") or []


def absorbed(live: Object, manager: str) -> list[dict[str, Any]] | None:
    """New `managedFields` in which `manager` applies all that the absorbed managers owned; None if they own nothing."""
    entries = managed(live)
    ours = next((entry for entry in entries if (entry["manager"], entry["operation"]) == (manager, "Apply")), None)
    taken = [entry for entry in entries if entry is not ours and _is_absorbed(entry)]
    if not taken:
        return None
    first, *others = [ours, *taken] if ours else taken
    fields = functools.reduce(_union, (entry.get("fieldsV1") or {} for entry in others), first.get("fieldsV1") or {})
    rest = [entry for entry in entries if entry is not ours and entry not in taken]
    return [*rest, {**first, "manager": manager, "operation": "Apply", "fieldsV1": fields}]


def _is_absorbed(entry: dict[str, Any]) -> bool:
    if entry.get("subresource"):
        return False
    return any(entry["manager"].startswith(name) and entry["operation"] == kind for name, kind in _ABSORBED)


def _union(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(first)
    for key, value in second.items():
        merged[key] = _union(merged[key], value) if key in merged else copy.deepcopy(value)
    return merged


def forced(inputs: Object, live: Object | None, always: bool, preview: bool) -> bool:
    """Whether an apply may take fields from other managers: only where a person said so, and where no real update will
    conflict either (in a preview, for what our own POST still owns; for objects older than field managers)."""
    if pluck(inputs, "metadata", "annotations", "pulumi.com/patchForce") == "true" or always:
        return True
    if live is None:
        return preview
    if preview and any(e["operation"] == "Update" and e["manager"] in _FORCED_IN_PREVIEW for e in managed(live)):
        return True
    return not managed(live)


def settle_ignored(inputs: Object, live: Object, ignore_changes: Sequence[str], manager: str) -> None:
    """Prepare `inputs`, in place, for an apply that leaves the `ignoreChanges` paths as they are.

    A path that only others own is left out of the apply: no conflict, and no second owner. A path of our own, or
    nobody's, is applied with its live value, because leaving it out would unset it. A path cannot name a list item.
    """
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    for entry in managed(live):
        target = ours if entry["manager"] == manager else theirs
        target.update(_union(target, entry.get("fieldsV1") or {}))
    for path in ignore_changes:
        keys = path.split(".")
        if _owns(theirs, keys) and not _owns(ours, keys):
            remove(inputs, *keys)
            continue
        value = _live_value(live, keys, path)
        if value is not None:
            _set(inputs, keys, copy.deepcopy(value))


def _owns(fields: dict[str, Any], keys: Sequence[str]) -> bool:
    node: Any = fields
    for key in keys:
        node = node.get(f"f:{key}") if isinstance(node, dict) else None
        if node is None:
            return False
    return True


def _live_value(live: Object, keys: Sequence[str], path: str) -> Any:
    node: Any = live
    for key in keys:
        if not isinstance(node, dict):
            raise PluginError(f'unable to parse field to ignore "{path}" from live object: {key} is not in an object')
        node = node.get(key)
        if node is None:
            return None
    return node


def _set(obj: Object, keys: Sequence[str], value: Any) -> None:
    for key in keys[:-1]:
        obj = obj.setdefault(key, {})
    obj[keys[-1]] = value
