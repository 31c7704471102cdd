"""Which of an application's routes a path belongs to.

Asked of the application's own list of routes, not of what a framework notes while it routes: included routers, mounted
applications and redirects each note something else, and in every version another thing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from starlette.routing import Mount, compile_path

from contract_metrics.recording import OTHER


@dataclass(frozen=True)
class Route:
    """One route: how its paths look, what it is called, which methods it has, and its answer if all is well."""

    pattern: re.Pattern[str]
    template: str
    methods: frozenset[str]
    success: int


class Routes:
    """An application's routes, in the order in which it tries them."""

    def __init__(self, routes: Iterable[Any]) -> None:
        self.all = list(_flat(routes, ""))

    def template(self, method: str, path: str) -> str:
        """The template of a path: of the first route that has the method too, else of the first; `other` of none."""
        fitting = [route for route in self.all if route.pattern.match(path)]
        return next((route.template for route in fitting if method in route.methods or not route.methods), None) or (
            fitting[0].template if fitting else OTHER
        )


def _flat(routes: Iterable[Any], prefix: str) -> Iterator[Route]:
    for route in routes:
        if hasattr(route, "effective_route_contexts"):  # routers that newer FastAPI includes as they are
            yield from _flat(route.effective_route_contexts(), prefix)
        elif isinstance(found := getattr(route, "starlette_route", None) or route, Mount):
            yield from _mounted(found, prefix)
        elif (path := getattr(found, "path", None)) is not None and hasattr(found, "methods"):
            pattern, template, _ = compile_path(prefix + path)
            methods = frozenset(found.methods or ())
            yield Route(pattern, template, methods, getattr(found, "status_code", None) or 200)


def _mounted(mount: Mount, prefix: str) -> Iterator[Route]:
    """The routes of a mounted application; one for all of its paths where it has none to tell."""
    inner = list(_flat(mount.routes or (), prefix + mount.path))
    yield from inner
    pattern, template, _ = compile_path(f"{prefix}{mount.path}/{{path:path}}")
    yield Route(pattern, template, frozenset() if not inner else frozenset({OTHER}), 200)
