"""Tables: a line for each thing, and in its columns the newest answers to several queries about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from observability.dashboards.look import Says, mapping, saying

EMPTY = "–"
"""In a cell of a line that has something in others; what it means to see no line at all is the panel's to say."""


@dataclass(frozen=True)
class Column:
    """One number of each line: what it is called, its query, and its unit.

    Colored by `thresholds`, or by the names and colors of the `phases` that its numbers stand for.
    """

    name: str
    expression: str
    unit: str
    decimals: int | None = None
    thresholds: ThresholdsConfig | None = None
    phases: Mapping[str, str] | None = None

    def properties(self) -> list[DynamicConfigValue]:
        """How the column is shown."""
        found: dict[str, Any] = {"unit": self.unit, "noValue": EMPTY}
        if self.decimals is not None:
            found["decimals"] = self.decimals
        if self.thresholds is not None:
            found |= {"thresholds": self.thresholds.build(), "custom.cellOptions": {"type": "color-text"}}
        if self.phases is not None:
            found |= {
                "mappings": [mapping(self.phases)],
                "custom.cellOptions": {"type": "color-background", "mode": "basic"},
            }
        return [DynamicConfigValue(name, value) for name, value in found.items()]


@dataclass(frozen=True)
class Key:
    """A label that tells lines from each other: what its column is called, and where a click on it may lead.

    `long` ones are sentences, which take several lines.
    """

    label: str
    name: str
    links: Sequence[Mapping[str, str]] = field(default=())
    long: bool = False

    def properties(self) -> list[DynamicConfigValue]:
        """How the column is shown."""
        found: dict[str, Any] = {"custom.filterable": True, "noValue": EMPTY}
        if self.links:
            found["links"] = [dict(link) for link in self.links]
        if self.long:
            found["custom.cellOptions"] = {"type": "auto", "wrapText": True}
        return [DynamicConfigValue(name, value) for name, value in found.items()]


def table(says: Says, keys: Sequence[Key], *columns: Column, worst: str | None = None) -> tables.Panel:
    """A table; `worst` is the column whose largest value comes first, without one it goes by the first key."""
    panel = saying(tables.Panel(), says)
    for reference, column in zip(ascii_uppercase, columns, strict=False):
        target = prometheus.Dataquery().expr(column.expression).ref_id(reference).instant()
        panel = panel.with_target(target.format(PromQueryFormat.TABLE))
    shown: list[Key | Column] = [*keys, *columns]
    for each in shown:
        panel = panel.override_by_name(each.name, each.properties())
    order = common_builders.TableSortByFieldState().display_name(worst or keys[0].name).desc(worst is not None)
    return panel.transformations(_as_one(keys, columns)).sort_by([order])


def listed(says: Says, keys: Sequence[Key], expression: str) -> tables.Panel:
    """A table of labels alone: what has them is 1, which says nothing and is left out."""
    return table(says, keys, Column(_VALUE, expression, "none"))


_VALUE = "Value"


def _as_one(keys: Sequence[Key], columns: Sequence[Column]) -> list[DataTransformerConfig]:
    """All answers as one table, with the columns in order and under their names.

    Grafana calls the values `Value #A` and so on by the query, or `Value` where there is but one.
    """
    values = [_VALUE] if len(columns) == 1 else [f"{_VALUE} #{letter}" for letter in ascii_uppercase[: len(columns)]]
    names = {key.label: key.name for key in keys} | dict(zip(values, (each.name for each in columns), strict=True))
    organized = {
        "excludeByName": {"Time": True, **({_VALUE: True} if names.get(_VALUE) == _VALUE else {})},
        "indexByName": {name: index for index, name in enumerate(names)},
        "renameByName": names,
    }
    merged = [DataTransformerConfig("merge", options={})] if len(columns) > 1 else []
    return [*merged, DataTransformerConfig("organize", options=organized)]
