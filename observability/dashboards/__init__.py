"""The dashboards, as typed code: each panel is a small function named for what it shows."""

from collections.abc import Callable, Mapping

from grafana_foundation_sdk.models.dashboard import Dashboard

from observability import links
from observability.dashboards.api import api
from observability.dashboards.argo_rollouts import argo_rollouts
from observability.dashboards.board import written
from observability.dashboards.canary import canary
from observability.dashboards.fleet import fleet

__all__ = ["DASHBOARDS", "written"]

DASHBOARDS: Mapping[str, Callable[[], Dashboard]] = {
    links.FLEET_DASHBOARD: fleet,
    links.API_DASHBOARD: api,
    links.CANARY_DASHBOARD: canary,
    links.ARGO_ROLLOUTS_DASHBOARD: argo_rollouts,
}
"""All of them, by their uid."""
