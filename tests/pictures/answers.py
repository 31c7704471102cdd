"""What a panel shows: the answers to its queries, under the names and in the colors that the panel gives them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from grafana_foundation_sdk.models.dashboard import Panel, ValueMap
from grafana_foundation_sdk.models.prometheus import Dataquery

from catalog.quantities import Duration
from observability.dashboards.asked import Asked, filled_in
from observability.dashboards.look import STEP
from tests.engine.watched_fully import Asking

COLORS = {"blue": "#3274d9", "green": "#56a64b", "orange": "#ff780a", "red": "#e02f44", "purple": "#a352cc"}
COLORS |= {"light-blue": "#8ab8ff", "light-orange": "#ffcb7d"}
_PALETTE = (
    "#3274d9",
    "#ff780a",
    "#56a64b",
    "#a352cc",
    "#e0b400",
    "#e02f44",
    "#1f60c4",
    "#96d98d",
    "#8f3bb8",
    "#ffb357",
)


@dataclass(frozen=True)
class Shown:
    """One series as a panel shows it: moments in seconds since 1970, and values."""

    name: str
    times: list[float]
    values: list[float]
    color: str
    dashed: bool = False
    right: bool = False


def series(panel: Panel, asking: Asking, values: Mapping[str, str], seconds: int) -> list[Shown]:
    """All series of a panel, those without a color of their own in the colors of a palette."""
    palette = cycle(_PALETTE)
    found: list[Shown] = []
    step = step_seconds(panel)
    values = {**values, "__interval": f"{step}s", "__rate_interval": f"{step}s"}
    for target in targets(panel):
        for each in asking.answer(_asked(target, values), seconds, step):
            name = _name(target.legend_format or "", each["metric"])
            samples = [(at, float(value)) for at, value in each.get("values") or [each["value"]] if value != "NaN"]
            times, numbers = [at for at, _ in samples], [number for _, number in samples]
            style = _style(panel, name)
            color = color_of(style.get("color", {}).get("fixedColor")) or next(palette)
            dashed, right = "custom.lineStyle" in style, style.get("custom.axisPlacement") == "right"
            found.append(Shown(name, times, numbers, color, dashed, right))
    return found


def _name(legend: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"{{(\w+)}}", lambda label: labels.get(label[1], ""), legend)


def rows(panel: Panel, asking: Asking, values: Mapping[str, str]) -> tuple[list[str], list[list[Any]]]:
    """The columns of a table and its lines, which are told from each other by the labels that all answers have."""
    (organized,) = [each.options for each in panel.transformations if each.id_val == "organize"]
    assert isinstance(organized, dict)
    names: dict[str, str] = organized["renameByName"]
    keys = [label for label in names if not label.startswith("Value")]
    numbers = [label for label in names if label.startswith("Value") and label not in organized["excludeByName"]]
    lines: dict[tuple[str, ...], dict[str, float]] = {}
    for target, column in zip(targets(panel), [*numbers, "Value"], strict=False):
        for each in asking.answer(_asked(target, values)):
            line = lines.setdefault(tuple(each["metric"].get(label, "") for label in keys), {})
            line[column] = float(each["value"][1])
    found = [[*key, *(line.get(column) for column in numbers)] for key, line in lines.items()]
    return [names[label] for label in (*keys, *numbers)], _sorted(
        panel, found, [names[each] for each in (*keys, *numbers)]
    )


def step_seconds(panel: Panel) -> int:
    """The time between two points: the shortest that the panel may have, as what is shown is short."""
    return int(Duration.parse(panel.interval or STEP))


def targets(panel: Panel) -> Iterator[Dataquery]:
    """The queries of a panel."""
    return (each for each in panel.targets or [] if isinstance(each, Dataquery))


def phases(mappings: list[Any] | None) -> dict[int, tuple[str, str]]:
    """The names and colors of numbers that stand for phases."""
    (mapped,) = [each for each in mappings or [] if isinstance(each, ValueMap)] or [ValueMap()]
    return {int(number): (shown.text or "", color_of(shown.color) or "") for number, shown in mapped.options.items()}


def color_of(name: str | None) -> str | None:
    """A color of Grafana's as matplotlib has it."""
    return COLORS.get(name, name) if name else None


def threshold_color(steps: list[Any], value: float) -> str:
    """The color of the highest threshold that a value reaches."""
    reached = [step for step in steps if step.value is None or value >= step.value]
    return color_of(reached[-1].color) or "black" if reached else "black"


def column(panel: Panel, name: str) -> dict[str, Any]:
    """How a column of a table is shown."""
    return _style(panel, name)


def written(value: float, unit: str) -> str:
    """A number with its unit, as Grafana writes it, more or less."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s":
        if value >= 120:
            return f"{value / 60:.3g} min"
        return f"{value:.3g} s" if value >= 1 or value == 0 else f"{value * 1000:.3g} ms"
    if unit == "bytes":
        return f"{value / 2**20:.3g} MiB"
    return f"{value:.3g}{ {'reqps': ' req/s', 'ops': ' ops/s'}.get(unit, '') }"


def _asked(target: Dataquery, values: Mapping[str, str]) -> Asked:
    return Asked("", "", filled_in(target.expr, values), bool(target.instant))


def _style(panel: Panel, name: str) -> dict[str, Any]:
    """What the overrides say of a series or a column; a later one wins."""
    found: dict[str, Any] = {}
    for override in panel.field_config.overrides:
        pattern = str(override.matcher.options)
        if pattern == name or (override.matcher.id_val == "byRegexp" and re.search(pattern.strip("/"), name)):
            found |= {each.id_val: each.value for each in override.properties}
    return found


def _sorted(panel: Panel, lines: list[list[Any]], names: list[str]) -> list[list[Any]]:
    (by,) = getattr(panel.options, "sort_by", None) or [None]
    if by is None or by.display_name not in names:
        return lines
    index = names.index(by.display_name)
    return sorted(lines, key=lambda line: (line[index] is not None, line[index]), reverse=bool(by.desc))
