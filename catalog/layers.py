"""Precedence: how the layers of a service become one."""

from collections.abc import Mapping
from typing import Any


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """The layers as one mapping, weakest first: maps are merged key by key, everything else is replaced whole.

    What is replaced is shared with its layer, not copied: nobody changes a layer.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            below = merged.get(key)
            if isinstance(below, dict) and isinstance(value, dict):
                merged[key] = merge(below, value)
            else:
                merged[key] = value
    return merged


def without_nulls(value: Any) -> Any:
    """`value` without the keys that are null at any depth: a null takes away what a weaker layer says."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value
