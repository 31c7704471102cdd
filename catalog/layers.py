"""Precedence: how the layers of a service become one."""

import copy
from collections.abc import Mapping
from typing import Any


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """The layers as one mapping, weakest first: maps are merged key by key, everything else is replaced whole."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            below = merged.get(key)
            both_maps = isinstance(below, Mapping) and isinstance(value, Mapping)
            merged[key] = merge(below, value) if both_maps else copy.deepcopy(value)  # type: ignore[arg-type]
    return merged
