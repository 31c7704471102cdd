"""The picture of a time line, drawn by matplotlib."""

import math
from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cli.timeline import COLORS, LIMIT_COLOR, Curve, Timeline, clock
from observability import metrics

_INCHES, _DOTS_PER_INCH = (11.0, 7.0), 100
_TEXT, _SMALL = 9, 7.5
_GAP_SECONDS = 5.0


def draw(timeline: Timeline, picture: Path) -> None:
    """Weight, errors and p95 below each other over the same time, with what was decided across them."""
    figure = Figure(figsize=_INCHES, facecolor="white", layout="constrained")
    weight, errors, latency = figure.subplots(3, 1, sharex=True, height_ratios=[1.5, 1, 1])
    figure.suptitle(
        f"{timeline.service.name}: a good and a bad release, {timeline.scale:g} times as fast as usual", fontsize=12
    )
    _weight(timeline, weight)
    criteria = timeline.service.canary.analysis
    _measured(errors, "errors (5xx)", timeline.errors, criteria.error_rate, lambda value: f"{100 * value:g} %")
    _measured(latency, "p95", timeline.p95, criteria.p95, lambda value: f"{1000 * value:g} ms")
    _marks(timeline, weight, errors, latency)
    latency.xaxis.set_major_formatter(lambda at, _: clock(at) if at >= 0 else "")
    latency.set_xlabel("minutes since the first release", fontsize=_TEXT)
    figure.savefig(picture, dpi=_DOTS_PER_INCH)


def _weight(timeline: Timeline, axes: Axes) -> None:
    asked, real = timeline.weights()
    axes.fill_between(*_held(real), step="post", color=COLORS[metrics.CANARY], alpha=0.3, label="canary gets")
    axes.step(*_held(asked), where="post", color=COLORS[metrics.CANARY], lw=1.5, label="canary is to get")
    axes.set_ylim(0, 160)
    axes.set_yticks([0, 50, 100])
    _dressed(axes, "weight", lambda value: f"{value:g} %")


def _measured(
    axes: Axes, name: str, curve: Callable[[str], Curve], limit: float | None, written: Callable[[float], str]
) -> None:
    for version, color in COLORS.items():
        axes.plot(*_sides(curve(version)), color=color, lw=1.5, label=version)
    if limit is not None:
        axes.axhline(limit, color=LIMIT_COLOR, ls="--", lw=1, label=f"limit {written(limit)}")
    axes.set_ylim(bottom=0)
    _dressed(axes, name, written)


def _dressed(axes: Axes, name: str, written: Callable[[float], str]) -> None:
    axes.set_ylabel(name, fontsize=_TEXT)
    axes.yaxis.set_major_formatter(lambda value, _: written(round(value, 6)))
    axes.tick_params(labelsize=_SMALL)
    axes.grid(axis="y", color="#e6e9ec", lw=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=_SMALL, frameon=False)


def _marks(timeline: Timeline, top: Axes, *others: Axes) -> None:
    """A line for each decision across all of the graphs, and what it was, in the uppermost."""
    marks = list(timeline.marks())
    for number, mark in enumerate(marks):
        for axes in (top, *others):
            axes.axvline(mark.at, color=mark.color, lw=1.2 if mark.ends else 0.7, ls="-" if mark.ends else ":")
        text = mark.what.partition(", limit")[0]
        height = 154 - 9 * (number % 6)
        late = mark.at > 0.7 * marks[-1].at
        side, gap = ("right", -0.4) if late else ("left", 0.4)
        top.text(mark.at + gap, height, text, fontsize=_SMALL, color=mark.color, va="top", ha=side)


def _sides(curve: Curve) -> tuple[list[float], list[float]]:
    """Times and values; a line breaks where there was nothing for a while."""
    times: list[float] = []
    values: list[float] = []
    for at, value in curve:
        if times and at - times[-1] > _GAP_SECONDS:
            times.append(at)
            values.append(math.nan)
        times.append(at)
        values.append(value)
    return times, values


def _held(curve: Curve) -> tuple[list[float], list[float]]:
    """Times and values of what holds until it is changed."""
    return [at for at, _ in curve], [value for _, value in curve]
