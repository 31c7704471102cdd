"""The parts of `make bench`, and what each of them is: a module with a function `measure`.

The first line of a module's docstring is the title of its table. `measure(say)` tells its progress by `say`, one line
each, and answers with rows. A part needs no other one, and leaves nothing running.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module

Say = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """What was measured, the figure with its unit, and how many times as much that is as what it is held against."""

    what: str
    figure: str
    ratio: str = ""


@dataclass(frozen=True)
class Part:
    """A part that is ready to run."""

    title: str
    measure: Callable[[Say], Iterable[Row]]


PARTS: Mapping[str, str] = {
    "program": "tests.bench.program",
    "engine": "tests.bench.engine_runs",
    "render": "tests.bench.render",
    "objects": "tests.bench.objects",
    "rules": "tests.bench.rules",
    "disk": "tests.bench.disk",
    "dashboards": "tests.bench.dashboards",
    "exposure": "tests.bench.exposure",
    "false-rollbacks": "tests.bench.false_rollbacks",
    "adapter": "tests.bench.adapter",
    "rollouts": "tests.bench.many_rollouts",
    "up": "tests.bench.make_up",
}
"""The module of each part, in the order in which they run. Loaded only when asked for."""


def part(name: str) -> Part:
    """The part of that name. Raises KeyError where there is none."""
    module = import_module(PARTS[name])
    return Part((module.__doc__ or name).splitlines()[0], module.measure)
