"""Path templates that a service with an adapter is counted by.

The adapter is a package of its own and refuses to start with a route that is none: the rule stands in its `paths.py`
too, and a test holds both equal.
"""

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from catalog.texts import shown

_PATH = r"/[^\s?#]*"
_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(:path)?\}")


def checked_route(route: object) -> str:
    """The route where it is one: a path with whole segments such as `{id}`, at its end also `{file:path}`."""
    if not isinstance(route, str) or not re.fullmatch(_PATH, route):
        raise ValueError(f"{shown(route)} is not a path that begins with '/' (such as /users/{{id}})")
    segments = [segment for segment in route.split("/") if segment]
    for number, segment in enumerate(segments, start=1):
        parameter = _PARAMETER.fullmatch(segment)
        if ("{" in segment or "}" in segment) and not parameter:
            raise ValueError(f"{shown(route)}: {shown(segment)} is not a whole segment such as {{id}}")
        if parameter and parameter[2] and number < len(segments):
            raise ValueError(f"{shown(route)}: {shown(segment)} takes all that follows, so it must be the last segment")
    return route


Route = Annotated[
    str,
    BeforeValidator(checked_route),
    WithJsonSchema({"type": "string", "pattern": f"^{_PATH}$", "description": "a path template: /users/{id}"}),
]
