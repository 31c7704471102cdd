"""How panels look: one builder for each kind of panel, with all that a panel must say as arguments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import gauge as gauges
from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.builders import stat as stats
from grafana_foundation_sdk.builders import statetimeline as timelines
from grafana_foundation_sdk.builders import timeseries as timeseries_builders
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DynamicConfigValue,
    FieldColorModeId,
    Panel,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from catalog.quantities import Duration
from observability import metrics, records

DATASOURCE = "datasource"
"""The variable of every dashboard that says which Prometheus is asked."""

PROMETHEUS = DataSourceRef(type_val="prometheus", uid=f"${{{DATASOURCE}}}")

STEP = str(Duration(2 * records.INTERVAL))
"""The shortest time between two points. A shorter one would find no sample of a record between them now and then."""

BLUE, GREEN, ORANGE, PURPLE, RED, GREY = "blue", "green", "orange", "purple", "red", "#808080"
_COLORS_OF_VERSIONS = {metrics.CANARY: ORANGE, metrics.STABLE: BLUE}

_DASHES = [10, 10]
_POINTS_OF_A_BAR_CHART = 100
"""More bars than this are too thin to be seen."""

PanelBuilder = Builder[Panel]


@dataclass(frozen=True)
class Query:
    """What a panel asks, and how the answer is called: `{{label}}` stands for the value of a label."""

    expression: str
    legend: str


@dataclass(frozen=True)
class Says:
    """What every panel says: its title, what it shows and where from, its unit, and what it means to see nothing.

    `nothing` is no number: Grafana would draw that in every gap.
    """

    title: str
    description: str
    unit: str
    nothing: str


class _Builder(Protocol):
    def title(self, title: str, /) -> Self: ...
    def description(self, description: str, /) -> Self: ...
    def unit(self, unit: str, /) -> Self: ...
    def no_value(self, no_value: str, /) -> Self: ...
    def datasource(self, datasource: DataSourceRef, /) -> Self: ...
    def interval(self, interval: str, /) -> Self: ...
    def with_target(self, target: Builder[Dataquery], /) -> Self: ...


_B = TypeVar("_B", bound=_Builder)


def saying(panel: _B, says: Says) -> _B:
    """The panel with all that it says, asking the chosen Prometheus."""
    return (
        panel.title(says.title)
        .description(says.description)
        .unit(says.unit)
        .no_value(says.nothing)
        .datasource(PROMETHEUS)
        .interval(STEP)
    )


def asking(
    panel: _B,
    queries: Sequence[Query],
    *,
    instant: bool = False,
    format_as: PromQueryFormat = PromQueryFormat.TIME_SERIES,
) -> _B:
    """The panel with its queries: over the time shown, or at its end only."""
    for reference, query in zip(ascii_uppercase, queries, strict=False):
        target = prometheus.Dataquery().expr(query.expression).legend_format(query.legend).ref_id(reference)
        target = target.format(format_as)
        panel = panel.with_target(target.instant() if instant else target.range())
    return panel


def timeseries(says: Says, *queries: Query) -> timeseries_builders.Panel:
    """Lines over time, from zero up."""
    panel = saying(timeseries_builders.Panel(), says)
    return (
        asking(panel, queries)
        .min(0)
        .line_width(1)
        .fill_opacity(8)
        # Where there is a number now and then only, lines alone would show nothing.
        .show_points(common.VisibilityMode.AUTO)
        # A service has the same color on every graph.
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .legend(_legend())
        .tooltip(_tooltip())
    )


def compared(says: Says, *queries: Query) -> timeseries_builders.Panel:
    """Lines over time whose values are told below them too: for a few lines that are held against each other."""
    return timeseries(says, *queries).legend(_table_legend("lastNotNull", "mean", "max")).fill_opacity(0)


def stacked(says: Says, *queries: Query) -> timeseries_builders.Panel:
    """Areas on top of each other: parts of a whole."""
    normal = common_builders.StackingConfig().mode(common.StackingMode.NORMAL)
    return timeseries(says, *queries).stacking(normal).fill_opacity(40)


def bars(says: Says, *queries: Query) -> timeseries_builders.Panel:
    """Bars on top of each other, each of what happened within its time; the sum of all of them is told below."""
    return (
        stacked(says, *queries)
        .draw_style(common.GraphDrawStyle.BARS)
        .fill_opacity(80)
        .max_data_points(_POINTS_OF_A_BAR_CHART)
        .legend(_table_legend("sum"))
        .decimals(0)
    )


def stat(says: Says, *queries: Query) -> stats.Panel:
    """The newest value in large."""
    return (
        asking(saying(stats.Panel(), says), queries, instant=True)
        .reduce_options(_newest())
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(common.BigValueColorMode.VALUE)
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(thresholds(GREEN))
    )


def gauge(says: Says, *queries: Query) -> gauges.Panel:
    """The newest value on a dial."""
    panel = asking(saying(gauges.Panel(), says), queries, instant=True)
    return panel.reduce_options(_newest()).min(0).color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))


def states(says: Says, phases: Mapping[str, str], *queries: Query) -> timelines.Panel:
    """A band for each series, colored by which of the `phases` it was in; `phases.py` says how they are numbered."""
    return (
        asking(saying(timelines.Panel(), says), queries)
        .mappings([mapping(phases)])
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(thresholds(GREY))
        .line_width(0)
        .fill_opacity(70)
        .show_value(common.VisibilityMode.AUTO)
        .merge_values(True)
        .legend(common_builders.VizLegendOptions().show_legend(False))
        .tooltip(common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.SINGLE))
    )


def mapping(phases: Mapping[str, str]) -> ValueMap:
    """The names and colors of phases, which queries number in this order from 0."""
    return ValueMap(
        {
            str(number): ValueMappingResult(text=phase, color=color, index=number)
            for number, (phase, color) in enumerate(phases.items())
        }
    )


def thresholds(base: str, *steps: tuple[float, str]) -> ThresholdsConfig:
    """The color of the lowest values, and from which value on it is another; values rise."""
    found = [Threshold(None, base), *(Threshold(value, color) for value, color in steps)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)


def drawn_at_thresholds() -> common_builders.GraphThresholdsStyleConfig:
    """Thresholds as dashed lines across a graph."""
    return common_builders.GraphThresholdsStyleConfig().mode(common.GraphTresholdsStyleMode.DASHED)


def colored(color: str) -> list[DynamicConfigValue]:
    """One series in a color of its own."""
    return [DynamicConfigValue("color", {"mode": FieldColorModeId.FIXED, "fixedColor": color})]


def by_version(panel: timeseries_builders.Panel, legend: str = "{}", shade: str = "") -> timeseries_builders.Panel:
    """Canary and stable in the same colors everywhere; `legend` is how each is called, `shade` such as `light-`."""
    for version, color in _COLORS_OF_VERSIONS.items():
        panel = panel.override_by_name(legend.format(version), colored(f"{shade}{color}"))
    return panel


def as_limit(color: str = RED) -> list[DynamicConfigValue]:
    """A series that others are held against: a dashed line with nothing below."""
    return [
        *colored(color),
        DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": _DASHES}),
        DynamicConfigValue("custom.lineWidth", 2),
        DynamicConfigValue("custom.fillOpacity", 0),
        DynamicConfigValue("custom.stacking", {"mode": common.StackingMode.NONE, "group": "limits"}),
    ]


def on_the_right(unit: str) -> list[DynamicConfigValue]:
    """A series with a scale and unit of its own."""
    return [DynamicConfigValue("unit", unit), DynamicConfigValue("custom.axisPlacement", common.AxisPlacement.RIGHT)]


def _legend() -> common_builders.VizLegendOptions:
    legend = common_builders.VizLegendOptions().show_legend(True)
    return legend.display_mode(common.LegendDisplayMode.LIST).placement(common.LegendPlacement.BOTTOM)


def _table_legend(*calculations: str) -> common_builders.VizLegendOptions:
    return _legend().display_mode(common.LegendDisplayMode.TABLE).calcs(list(calculations))


def _tooltip() -> common_builders.VizTooltipOptions:
    tooltip = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    return tooltip.sort(common.SortOrder.DESCENDING)


def _newest() -> common_builders.ReduceDataOptions:
    return common_builders.ReduceDataOptions().values(False).calcs(["lastNotNull"])
