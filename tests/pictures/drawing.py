"""Drawing a dashboard with matplotlib: every panel where it stands on Grafana's grid, and what it shows."""

import math
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import matplotlib as mpl
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox

from observability.dashboards.asked import Asked, filled_in, queries
from observability.dashboards.layout import COLUMNS
from tests.engine.watched_fully import Asking
from tests.pictures.answers import Shown, color_of, column, phases, rows, series, step_seconds, threshold_color, written

_COLUMN_INCHES, _ROW_INCHES, _HEAD_ROWS = 0.72, 0.36, 2
_TITLE, _TEXT, _SMALL = 9, 7, 6
_LINE_INCHES, _LONGEST_LINE = 0.24, 75
_MARKS = {"Releases": "#3274d9", "Troubles": "#e02f44"}
_LETTERS_AN_INCH, _LONGEST_NAME = 21, 30
_STEP_SECONDS = 60
_MARGINS = {"timeseries": (0.95, 1.3), "heatmap": (0.95, 0.8), "state-timeline": (2.2, 1.3), "table": (0.15, 0.1)}
"""Room at the left and below for the labels of the axes, in columns and rows of the grid."""


@dataclass
class Drawing:
    """A dashboard for one choice of variables, over the last so many seconds."""

    asking: Asking
    values: Mapping[str, str]
    seconds: int

    def of(self, dashboard: Dashboard) -> Figure:
        """The picture."""
        mpl.rcParams.update({"font.family": "DejaVu Sans", "axes.edgecolor": "#c7d0d9", "axes.linewidth": 0.6})
        self._end = time.time()
        self._marks = self._events(dashboard)
        found = dashboard.panels or []
        height = max(each.grid_pos.y + each.grid_pos.h for each in found if each.grid_pos) + _HEAD_ROWS
        figure = Figure(figsize=(COLUMNS * _COLUMN_INCHES, height * _ROW_INCHES), facecolor="#f4f5f5")
        chosen = ", ".join(f"{name}: {self.values[name]}" for name in _named(dashboard) if name in self.values)
        figure.text(0.008, 1 - 0.8 / height, dashboard.title or "", fontsize=15, fontweight="bold")
        figure.text(0.008, 1 - 1.5 / height, chosen, fontsize=_TITLE, color="#52545c")
        for panel in found:
            place = panel.grid_pos
            assert place
            top = place.y + _HEAD_ROWS
            left, width = place.x / COLUMNS + 0.004, place.w / COLUMNS - 0.008
            bottom, tall = 1 - (top + place.h) / height, place.h / height
            if not isinstance(panel, Panel):
                figure.text(left + 0.004, bottom + 0.3 * tall, f"▾ {panel.title}", fontsize=10, fontweight="bold")
                continue
            gap = 0.12 / height
            box = figure.add_axes((left, bottom + gap, width, tall - 2 * gap), facecolor="white")
            box.set(xticks=[], yticks=[])
            head = 0.75 / place.h
            box.text(0.012, 1 - head / 2, panel.title or "", fontsize=_TITLE, fontweight="bold", va="center")
            side, below = _MARGINS.get(panel.type_val, (0.0, 0.1))
            inner = box.inset_axes(
                (side / place.w, below / place.h, 0.985 - side / place.w, 1 - head - (below + 0.2) / place.h)
            )
            self._kind(panel)(panel, inner)
        return figure

    def _kind(self, panel: Panel) -> Callable[[Panel, Axes], None]:
        kinds: dict[str, Callable[[Panel, Axes], None]] = {
            "stat": self._stat,
            "gauge": self._stat,
            "table": self._table,
            "state-timeline": self._states,
            "heatmap": self._heatmap,
        }
        return kinds.get(panel.type_val, self._graph)

    def _graph(self, panel: Panel, axes: Axes) -> None:
        defaults = panel.field_config.defaults
        found = self._series(panel, axes)
        if not found:
            return
        custom, unit = defaults.custom, defaults.unit or ""
        as_bars = getattr(custom, "draw_style", None) == "bars"
        stacking = getattr(getattr(custom, "stacking", None), "mode", None) == "normal"
        floor: dict[float, float] = {}
        right = axes.twinx() if any(each.right for each in found) else axes
        right.tick_params(labelsize=_SMALL, length=2, width=0.5)
        right.patch.set_visible(False)
        for each in found:
            base = [floor.get(at, 0.0) if stacking and not each.dashed else 0.0 for at in each.times]
            tops = [below + value for below, value in zip(base, each.values, strict=True)]
            if as_bars:
                axes.bar(each.times, each.values, bottom=base, width=45, color=each.color)
            elif stacking and not each.dashed:
                axes.fill_between(each.times, base, tops, color=each.color, alpha=0.45, linewidth=0.8)
            else:
                drawn = right if each.right else axes
                times, values = _with_gaps(each, 1.5 * step_seconds(panel))
                drawn.plot(times, values, color=each.color, lw=1.2, ls="--" if each.dashed else "-", marker=".", ms=2)
            floor |= dict(zip(each.times, tops, strict=True))
        if getattr(getattr(custom, "thresholds_style", None), "mode", None) == "dashed" and defaults.thresholds:
            for step in defaults.thresholds.steps:
                if step.value is not None and step.value <= 1.6 * max(max(each.values) for each in found):
                    axes.axhline(step.value, color=color_of(step.color), ls="--", lw=0.8)
        axes.set_ylim(bottom=min(0, *(min(each.values) for each in found)))
        axes.yaxis.set_major_formatter(lambda value, _: written(value, unit))
        self._over_time(axes)
        _legend(axes, {each.name: each.color for each in found})

    def _states(self, panel: Panel, axes: Axes) -> None:
        found = sorted(self._series(panel, axes), key=lambda each: each.name, reverse=True)
        known = phases(panel.field_config.defaults.mappings)
        for line, each in enumerate(found):
            for at, value in zip(each.times, each.values, strict=True):
                axes.broken_barh([(at, _STEP_SECONDS + 1)], (line + 0.1, 0.8), facecolors=known[int(value)][1])
        axes.set_yticks([line + 0.5 for line in range(len(found))], [each.name[-_LONGEST_NAME:] for each in found])
        axes.set_ylim(0, max(len(found), 1))
        self._over_time(axes)
        shown = {int(value) for each in found for value in each.values}
        _legend(axes, dict(known[number] for number in sorted(shown)))

    def _heatmap(self, panel: Panel, axes: Axes) -> None:
        found = sorted(self._series(panel, axes), key=lambda each: float(each.name.replace("+Inf", "inf")))
        times = sorted({at for each in found for at in each.times})
        below: dict[float, float] = {}
        counts: list[list[float]] = []
        for each in found:
            rates = dict(zip(each.times, each.values, strict=True))
            counts.append([max(rates.get(at, 0) - below.get(at, 0), 0) for at in times])
            below = rates
        edges = [*times, times[-1] + _STEP_SECONDS]
        axes.pcolormesh(edges, list(range(len(found) + 1)), counts, cmap="Blues", norm="symlog")
        axes.set_yticks([line + 1 for line in range(len(found))], [f"{each.name} s" for each in found])
        self._over_time(axes)

    def _stat(self, panel: Panel, axes: Axes) -> None:
        axes.axis("off")
        defaults = panel.field_config.defaults
        found, known = self._series(panel, axes), phases(defaults.mappings)
        for place, each in enumerate(found):
            value, middle = each.values[-1], (place + 0.5) / len(found)
            text, color = known.get(int(value), ("", "")) if known else ("", "")
            color = color or threshold_color(defaults.thresholds.steps if defaults.thresholds else [], value)
            told = text or written(value, defaults.unit or "")
            axes.text(middle, 0.55, told, fontsize=17, color=color, ha="center", va="center", fontweight="bold")
            if len(found) > 1 or getattr(panel.options, "text_mode", None) == "value_and_name":
                axes.text(middle, 0.02, each.name, fontsize=_TEXT, ha="center", color="#52545c")

    def _table(self, panel: Panel, axes: Axes) -> None:
        axes.axis("off")
        names, lines = rows(panel, self.asking, self.values)
        if not lines:
            _nothing(panel, axes)
            return
        shown = [[_cell(column(panel, name), value) for name, value in zip(names, line, strict=True)] for line in lines]
        cells = [[text for text, _ in line] for line in shown]
        colors = [[color for _, color in line] for line in shown]
        widths = [max(len(text.partition("\n")[0]) for text in each) + 2 for each in zip(names, *cells, strict=True)]
        text_lines = sum(1 + max(text.count("\n") for text in each) for each in cells)
        tall = min(1.0, (text_lines + 1) * _LINE_INCHES / (axes.get_window_extent().height / axes.figure.dpi))
        drawn = axes.table(
            cells,
            cellColours=colors,
            colLabels=names,
            colWidths=[width / sum(widths) for width in widths],
            cellLoc="left",
            colLoc="left",
            edges="B",
            bbox=Bbox.from_bounds(0, 1 - tall, 1, tall),
        )
        drawn.auto_set_font_size(False)
        drawn.set_fontsize(_TEXT + 1)
        for (number, index), cell in drawn.get_celld().items():
            cell.set_edgecolor("#dde1e6")
            if number and colors[number - 1][index] != "white":
                cell.visible_edges = "closed"
                cell.set_text_props(color="white")

    def _series(self, panel: Panel, axes: Axes) -> list[Shown]:
        found = series(panel, self.asking, self.values, self.seconds)
        if not found:
            _nothing(panel, axes)
        return found

    def _events(self, dashboard: Dashboard) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {name: [] for name in _MARKS}
        for mark in queries(dashboard):
            if mark.panel.startswith("marks: "):
                asked = Asked("", "", filled_in(mark.expression, self.values))
                for each in self.asking.answer(asked, self.seconds):
                    found[mark.panel.removeprefix("marks: ")] += [at for at, _ in each["values"]]
        return found

    def _over_time(self, axes: Axes) -> None:
        """The time axis, and the marks of what happened."""
        for name, moments in self._marks.items():
            for at in moments:
                axes.axvline(at, color=_MARKS[name], ls=":", lw=0.7, alpha=0.7)
        axes.xaxis.set_major_formatter(lambda at, _: datetime.fromtimestamp(at, UTC).strftime("%H:%M"))
        axes.tick_params(labelsize=_SMALL, length=2, width=0.5)
        axes.grid(axis="y", color="#e6e9ec", lw=0.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlim(self._end - self.seconds, self._end)


def _cell(style: Mapping[str, Any], value: Any) -> tuple[str, str]:
    """The text of a cell and the color behind it."""
    if value is None:
        return str(style.get("noValue", "")), "white"
    if isinstance(value, str):
        return textwrap.fill(value, _LONGEST_LINE), "white"
    if known := phases(style.get("mappings")):
        return known[int(value)]
    return written(value, style.get("unit", "")), "white"


def _nothing(panel: Panel, axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    axes.axis("off")
    told = panel.field_config.defaults.no_value or ""
    axes.text(0.5, 0.5, told, ha="center", va="center", fontsize=_TEXT, color="#52545c", wrap=True)


def _with_gaps(shown: Shown, most: float) -> tuple[list[float], list[float]]:
    """The points of a line, which breaks where there is none for a while."""
    times: list[float] = []
    values: list[float] = []
    for at, value in zip(shown.times, shown.values, strict=True):
        if times and at - times[-1] > most:
            times.append(at - 1)
            values.append(math.nan)
        times.append(at)
        values.append(value)
    return times, values


def _legend(axes: Axes, names: Mapping[str, str]) -> None:
    """Names in their colors below a graph, as many as find room in one line."""
    inches = axes.get_window_extent().width / axes.figure.dpi
    room, shown = inches * _LETTERS_AN_INCH, []
    for name, color in names.items():
        room -= len(name) + 4
        if room < 0:
            break
        shown.append(Patch(color=color, label=name))
    axes.legend(
        handles=shown,
        loc="upper left",
        bbox_to_anchor=(-0.01, -0.42 / (axes.get_window_extent().height / axes.figure.dpi / 0.3)),
        ncols=max(len(shown), 1),
        fontsize=_SMALL,
        frameon=False,
        handlelength=0.8,
        handletextpad=0.4,
        columnspacing=1.0,
        borderpad=0,
    )


def _named(dashboard: Dashboard) -> list[str]:
    return [each.name for each in dashboard.templating.list_val or []]
