"""What a dashboard asks of Prometheus: every query of its panels, its marks and its variables, to be run elsewhere."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel
from grafana_foundation_sdk.models.prometheus import Dataquery

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[a-z_]\w*)(?::\w+)?\}|(?P<plain>[a-z_]\w*))", re.IGNORECASE)
"""`$name`, `${name}` and `${name:format}`. What `label_replace` calls `$1` and `${1}` is none of Grafana's."""

_LABEL_VALUES = re.compile(r"label_values\((?P<series>.+), (?P<label>\w+)\)")


@dataclass(frozen=True)
class Asked:
    """One query: the uid of the dashboard, the title of the panel, and the expression.

    `instant` is one that is asked for the end of the time shown only.
    """

    dashboard: str
    panel: str
    expression: str
    instant: bool = False

    def filled_in(self, values: Mapping[str, str]) -> "Asked":
        """The query as Prometheus gets it. Raises KeyError for a variable without a value."""
        return replace(self, expression=filled_in(self.expression, values))


@dataclass(frozen=True)
class Choice:
    """What a variable offers: the values of a label among some series."""

    dashboard: str
    variable: str
    series: str
    label: str


def queries(dashboard: Dashboard) -> Iterator[Asked]:
    """Every query of the panels, and of the marks across them."""
    for panel in panels(dashboard):
        for target in panel.targets or []:
            if isinstance(target, Dataquery):
                yield Asked(dashboard.uid or "", panel.title or "", target.expr, bool(target.instant))
    for mark in dashboard.annotations.list_val or []:
        yield Asked(dashboard.uid or "", f"marks: {mark.name}", mark.expr or "")


def choices(dashboard: Dashboard) -> Iterator[Choice]:
    """What every variable offers that asks Prometheus."""
    for variable in dashboard.templating.list_val or []:
        if found := _LABEL_VALUES.fullmatch(str(variable.query)):
            yield Choice(dashboard.uid or "", variable.name, found["series"], found["label"])


def panels(dashboard: Dashboard) -> Iterator[Panel]:
    """The panels without the titles of rows."""
    return (panel for panel in dashboard.panels or [] if isinstance(panel, Panel))


def filled_in(expression: str, values: Mapping[str, str]) -> str:
    """The expression with values in the place of variables. Raises KeyError for one without a value."""
    return _VARIABLE.sub(lambda found: values[found["braced"] or found["plain"]], expression)
