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
            if isinstance(below, Mapping) and isinstance(value, Mapping):
                merged[key] = merge(below, value)
            else:
                merged[key] = copy.deepcopy(value)
    return merged
