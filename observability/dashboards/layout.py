"""Where panels stand: rows with a title, lines of panels in them, on Grafana's grid of 24 columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from grafana_foundation_sdk.models.dashboard import GridPos, Panel, RowPanel

from observability.dashboards.look import PanelBuilder

COLUMNS = 24


@dataclass(frozen=True)
class Line:
    """Panels beside each other, `height` units of some 38 pixels high; as wide as each other, or as `widths` says."""

    height: int
    panels: Sequence[PanelBuilder]
    widths: Sequence[int] = ()

    def placed(self, top: int, numbers: Iterator[int]) -> Iterator[Panel]:
        """The panels at that height of the grid."""
        left = 0
        widths = self.widths or [COLUMNS // len(self.panels)] * len(self.panels)
        for builder, width in zip(self.panels, widths, strict=True):
            panel = builder.build()
            panel.id_val, panel.grid_pos = next(numbers), GridPos(h=self.height, w=width, x=left, y=top)
            left += width
            yield panel


@dataclass(frozen=True)
class Row:
    """Lines of panels under a title."""

    title: str
    lines: Sequence[Line]


def placed(rows: Sequence[Row]) -> list[Panel | RowPanel]:
    """The panels of a dashboard from top to bottom, numbered in that order."""
    numbers, top = count(1), 0
    found: list[Panel | RowPanel] = []
    for row in rows:
        place = GridPos(h=1, w=COLUMNS, x=0, y=top)
        found.append(RowPanel(title=row.title, id_val=next(numbers), grid_pos=place, collapsed=False))
        top += 1
        for line in row.lines:
            found += line.placed(top, numbers)
            top += line.height
    return found
