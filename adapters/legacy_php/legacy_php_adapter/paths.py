"""The label `path`: a template, never what a client wrote.

A path of the configured list counts under its own template. Another one is folded by rule, what tells single things
apart (numbers, UUIDs, hashes) becomes `{id}`, and gets a name of its own only once PHP has answered it with less than
400 and while there is room: whoever tries ten thousand addresses that do not exist fills nothing.
"""

import re
from collections.abc import Iterable

OTHER = "other"
"""Every path that has no template of its own."""

ID = "{id}"

_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(:path)?\}")
_MOST_SEGMENTS = 8
_LONGEST_SEGMENT = 48
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")
_TELLS_APART = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"  # a UUID
    r"|(?=[a-fA-F]*[0-9])[0-9a-fA-F]{8,}"  # a hash, or the beginning of one; `feedback` has no digit
    r"|[0-9]+"  # a number
    r")(?![A-Za-z0-9])"
)


class WrongRouteError(Exception):
    """A configured route that cannot be a template."""


def checked_route(route: object) -> str:
    """The route where it is one: a path with whole segments such as `{id}`, at its end also `{file:path}`."""
    if not isinstance(route, str) or not re.fullmatch(r"/[^\s?#]*", route):
        raise WrongRouteError(f"{route!r} is not a path that begins with '/'")
    for number, segment in enumerate(segments := _segments(route), start=1):
        parameter = _PARAMETER.fullmatch(segment)
        if ("{" in segment or "}" in segment) and not parameter:
            raise WrongRouteError(f"{route!r}: {segment!r} is not a whole segment such as {{id}}")
        if parameter and parameter[2] and number < len(segments):
            raise WrongRouteError(f"{route!r}: {segment!r} takes all that follows, so it must be the last segment")
    return route


class Paths:
    """Which template a path counts under."""

    def __init__(self, routes: Iterable[str], learned: int) -> None:
        self._room = learned
        self._exact: dict[str, str] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        for route in sorted(routes, key=_specific_first):
            if _PARAMETER.search(route):
                self._patterns.append((_pattern(route), route))
            else:
                self._exact.setdefault(_joined(_segments(route)), route)

    def template(self, path: str, *, works: bool) -> str:
        """The template of a decoded path; `works` says that PHP has just answered it with less than 400."""
        segments = _segments(path)
        if found := self._known(_joined(segments)):
            return found
        template = _joined(_folded(segment) for segment in segments)
        if found := self._known(template):
            return found
        if not works or self._room <= 0 or len(segments) > _MOST_SEGMENTS:
            return OTHER
        self._room -= 1
        self._exact[template] = template
        return template

    def _known(self, path: str) -> str | None:
        if exact := self._exact.get(path):
            return exact
        return next((route for pattern, route in self._patterns if pattern.fullmatch(path)), None)


def _segments(path: str) -> list[str]:
    """Without empty ones: PHP serves `/users/` and `//users` as it does `/users`."""
    return [segment for segment in path.split("/") if segment]


def _joined(segments: Iterable[str]) -> str:
    return "/" + "/".join(segments)


def _folded(segment: str) -> str:
    if len(segment) > _LONGEST_SEGMENT or not _PLAIN.fullmatch(segment):
        return ID
    return _TELLS_APART.sub(ID, segment)


def _specific_first(route: str) -> tuple[bool, int, list[bool]]:
    """Where several routes fit a path, the one with the fewest parameters counts, and those as late as possible."""
    parameters = [bool(_PARAMETER.fullmatch(segment)) for segment in _segments(route)]
    return ":path}" in route, sum(parameters), parameters


def _pattern(route: str) -> re.Pattern[str]:
    parts = []
    for segment in _segments(route):
        parameter = _PARAMETER.fullmatch(segment)
        parts.append((r".+" if parameter[2] else r"[^/]+") if parameter else re.escape(segment))
    return re.compile(_joined(parts), re.DOTALL)
