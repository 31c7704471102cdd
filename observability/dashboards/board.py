"""What all dashboards have in common."""

import json
from collections.abc import Sequence

from grafana_foundation_sdk.builders.dashboard import Dashboard as DashboardBuilder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationContainer,
    AnnotationQuery,
    Dashboard,
    DashboardCursorSync,
    DashboardDashboardTemplating,
    VariableModel,
)

from observability.dashboards.layout import Row, placed
from observability.dashboards.navigation import links_from, title

TAG = "api-observability"
_SHOWN = "now-3h"
"""A release at the default plan takes a quarter of an hour; what was before is there to compare it with."""

_REFRESH = "30s"


def board(
    uid: str,
    description: str,
    variables: Sequence[VariableModel],
    marks: Sequence[AnnotationQuery],
    rows: Sequence[Row],
) -> Dashboard:
    """A dashboard; what is edited in Grafana is lost with the next update, so it cannot be edited there."""
    found = (
        DashboardBuilder(title(uid))
        .uid(uid)
        .description(description)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time(_SHOWN, "now")
        .refresh(_REFRESH)
        .build()
    )
    found.templating = DashboardDashboardTemplating(list_val=list(variables))
    found.annotations = AnnotationContainer(list_val=list(marks))
    found.links = links_from(uid)
    found.panels = placed(rows)
    return found


def written(dashboard: Dashboard) -> str:
    """The dashboard as Grafana reads it, the same text at every run."""
    return json.dumps(dashboard, cls=JSONEncoder, sort_keys=True, indent=1, ensure_ascii=False)
