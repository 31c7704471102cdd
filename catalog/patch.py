"""Raw fields for what the catalog lacks, merged last into an object of a service."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from catalog.layers import merge
from catalog.model import Model
from catalog.texts import shown

Fields = dict[str, Any]


def _plain(fields: Fields) -> Fields:
    """`fields`, if JSON can hold them: YAML also has dates, sets and numbers without end."""
    open_values: list[object] = [fields]
    while open_values:
        value = open_values.pop()
        if isinstance(value, dict):
            open_values += value.values()
        elif isinstance(value, list):
            open_values += value
        elif isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{shown(value)} is not a finite number")
        elif not isinstance(value, str | int | float | None):
            raise ValueError(f"{shown(value)} is not plain text, number, true or false; put it in quotes")
    return fields


def _only_what_may_change(fields: Fields) -> Fields:
    metadata = fields.get("metadata")
    named = [key for key in ("name", "namespace") if isinstance(metadata, dict) and key in metadata]
    refused = [key for key in ("apiVersion", "kind", "status") if key in fields] + [f"metadata.{key}" for key in named]
    for place in _MAPPINGS:
        holder: Any = fields
        for key in place[:-1]:
            holder = holder.get(key, {})
        if place[-1] in holder and not isinstance(holder[place[-1]], dict):
            raise ValueError(f"{'.'.join(place)}: {shown(holder[place[-1]])} is not a mapping of keys to values")
    if refused:
        raise ValueError(f"{', '.join(refused)}: tells which object this is and cannot be patched; leave it out")
    return fields


_MAPPINGS = (
    *(("metadata",), ("metadata", "labels"), ("metadata", "annotations"), ("spec",), ("spec", "template")),
    *(("spec", "template", "metadata"), ("spec", "template", "metadata", "labels"), ("spec", "template", "spec")),
    *(("spec", "strategy"), ("spec", "strategy", "canary")),
)
"""What must stay what it is, or the object would be none; outer ones first."""

ObjectPatch = Annotated[Fields, AfterValidator(_plain), AfterValidator(_only_what_may_change)]


class Patch(Model):
    """One mapping of raw fields for each object; see `patched` for how they are merged."""

    service: ObjectPatch = Field(default_factory=dict)
    canary_service: ObjectPatch = Field(default_factory=dict)
    stable_service: ObjectPatch = Field(default_factory=dict)
    service_monitor: ObjectPatch = Field(default_factory=dict)
    prometheus_rule: ObjectPatch = Field(default_factory=dict)
    analysis_template: ObjectPatch = Field(default_factory=dict)
    rollout: ObjectPatch = Field(default_factory=dict)
    ingress: ObjectPatch = Field(default_factory=dict)
    http_route: ObjectPatch = Field(default_factory=dict)
    virtual_service: ObjectPatch = Field(default_factory=dict)
    horizontal_pod_autoscaler: ObjectPatch = Field(default_factory=dict)
    pod_disruption_budget: ObjectPatch = Field(default_factory=dict)
    network_policy: ObjectPatch = Field(default_factory=dict)


def patched(manifest: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """`manifest` with `fields` merged in: maps key by key, a null removes, lists of named items by name, others whole.

    Lists of items with a `name` each (containers, env, volumes, ports) are merged as `kubectl patch` does it, so that a
    patch can add an environment variable to a container without repeating the container.
    """
    result = dict(manifest)
    for key, value in fields.items():
        below = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            result[key] = patched(below if isinstance(below, Mapping) else {}, value)
        elif _named(value) and _named(below):
            result[key] = _merged_by_name(below, value)
        else:
            result[key] = merge({key: value})[key]
    return result


def _named(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, Mapping) and isinstance(item.get("name"), str) for item in value)
    )


def _merged_by_name(below: Any, above: Any) -> list[dict[str, Any]]:
    items = {item["name"]: item for item in below}
    for item in above:
        items[item["name"]] = patched(items.get(item["name"], {}), item)
    return list(items.values())
