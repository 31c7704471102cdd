"""The durations of a PromQL expression, and the numbers in it that are seconds, divided by a scale.

An expression is read token by token: ranges, offsets and subqueries are the only things that look like `5m`, and names,
texts and what is behind a `#` are tokens of their own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.quantities import Duration
from observability import metrics
from observability.queries import number

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy])")
DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+")
"""A duration as Prometheus and Argo Rollouts write it."""

_TOKEN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\#[^\n]*)"""
    r"|(?P<name>[A-Za-z_][\w:]*)"
    rf"|(?P<duration>{DURATION.pattern}(?!\w))"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<compared>[<>]=?)"
    r"|(?P<other>\s+|.)",
    re.DOTALL,
)
_ENDS = frozenset({"and", "or", "unless"})
_OPEN, _CLOSE = "([{", ")]}"


def seconds_of(written: str) -> float:
    """The seconds of a duration."""
    return sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(written))


def faster_expression(expression: str, scale: float) -> str:
    """The expression over windows `scale` times as short, from offsets as many times as near."""
    return "".join(_Reader(scale).read(expression))


@dataclass
class _Reader:
    """Reads one expression, and remembers what the numbers to come are.

    Three of them are made of time: what an age (`time() - x`) is compared with, the seconds that a sum over time is
    multiplied by, which lie between two samples, and the failures of the controller within a window, which tries again
    every 10 s at any scale.
    """

    scale: float
    depth: int = 0
    called: list[str] = field(default_factory=list)
    recent: tuple[str, ...] = ()
    age: int | None = None
    """The depth at which an age is being reckoned."""
    failures: bool = False
    due: bool = False
    """Whether the next number is one of the three."""

    def read(self, expression: str) -> Iterator[str]:
        for match in _TOKEN.finditer(expression):
            kind, token = match.lastgroup, match.group()
            if kind == "duration":
                yield str(Duration(max(seconds_of(token) / self.scale, 0.001)))
            elif kind == "number" and self.due:
                yield number(float(token) / self.scale)
            else:
                yield token
            if not token.isspace():
                self._remember(kind, token)

    def _remember(self, kind: str | None, token: str) -> None:
        summed = self.recent[-1:] == (_SUM,)
        self.due = False
        if token in _ENDS:
            self.age, self.failures = None, False
        elif kind == "compared":
            self.due = self.age == self.depth or self.failures
            self.age, self.failures = None, False
        elif token == "*":
            self.due = summed
        elif token == "-" and self.recent[-3:] == ("time", "(", ")"):
            self.age = self.depth
        elif token == metrics.RECONCILE_ERRORS and "increase" in self.called:
            self.failures = True
        self._follow(token)

    def _follow(self, token: str) -> None:
        """Keep the depth, the functions that are being called, and the last three tokens."""
        if token in _OPEN:
            self.depth += 1
            self.called.append(self.recent[-1] if self.recent else "")
        elif token in _CLOSE:
            self.depth -= 1
            if self.called and self.called.pop() == "sum_over_time":
                token = _SUM
        self.recent = (*self.recent[-2:], token)


_SUM = "sum_over_time()"
"""Stands for the parenthesis that closes a sum over time."""
