"""Where each value of a service comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.catalog_file import Catalog
from catalog.layers import merge
from catalog.problems import CatalogError, Problem, nearest


@dataclass(frozen=True)
class Value:
    """One value of a resolved service: its path, what it is as the file spells it, and the layer that gave it."""

    path: str
    value: object
    origin: str


def explain(catalog: Catalog, service: str, file: str) -> list[Value]:
    """Every value of `service`, in the order of its keys; CatalogError where `file` has no such service."""
    if service not in catalog.layers:
        known = sorted(catalog.layers)
        hint = nearest(service, known)
        raise CatalogError([Problem(file, "services", f"there is no '{service}'{hint} (there are {', '.join(known)})")])
    layers = catalog.layers[service]
    merged = merge(*layers.values())
    return [Value(".".join(path), value, _origin(path, layers)) for path, value in _leaves(merged)]


def _leaves(value: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """What is replaced whole when layers are merged: everything but maps, and maps with nothing in them."""
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            yield from _leaves(inner, (*path, key))
        else:
            yield (*path, key), inner


def _origin(path: tuple[str, ...], layers: Mapping[str, Mapping[str, Any]]) -> str:
    """The strongest layer that says something at `path`."""
    places = [place for place, layer in layers.items() if _says(layer, path)]
    return places[-1]


def _says(layer: object, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(layer, Mapping) or key not in layer:
            return False
        layer = layer[key]
    return True
