"""Dashboards: the ConfigMaps that Grafana's sidecar turns into dashboards."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.grafana_dashboard import FOLDER_ANNOTATION, LABEL, LABEL_VALUE
from components.kubernetes_object import MANAGED_BY, KubernetesObject
from observability.dashboards import DASHBOARDS, written
from observability.links import API_DASHBOARD, ARGO_ROLLOUTS_DASHBOARD, CANARY_DASHBOARD, FLEET_DASHBOARD

_FOLDER = "API observability"

_NAMES = {
    FLEET_DASHBOARD: "grafana-dashboard-fleet",
    API_DASHBOARD: "grafana-dashboard-api-monitoring",
    CANARY_DASHBOARD: "grafana-dashboard-canary-analysis",
    ARGO_ROLLOUTS_DASHBOARD: "grafana-dashboard-argo-rollouts",
}

CONTROLLER_DASHBOARD = _NAMES[ARGO_ROLLOUTS_DASHBOARD]
"""The ConfigMap by which is seen that a stack with the platform is there."""


@dataclass(frozen=True)
class DashboardsArgs:
    """The namespace of the monitoring stack, and what must be there first.

    All of them live there: a sidecar that an adopted stack limits to one namespace is mostly limited to its own.
    """

    namespace: str
    after: Sequence[pulumi.Resource] = field(default=())


class Dashboards(pulumi.ComponentResource):
    """A ConfigMap for each dashboard, which is the same in every environment."""

    def __init__(self, name: str, args: DashboardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("api-observability:index:Dashboards", name, None, opts)
        self._args = args
        self.fleet = self._config_map(FLEET_DASHBOARD)
        self.api = self._config_map(API_DASHBOARD)
        self.canary = self._config_map(CANARY_DASHBOARD)
        self.argo_rollouts = self._config_map(ARGO_ROLLOUTS_DASHBOARD)
        self.register_outputs({})

    def _config_map(self, uid: str) -> KubernetesObject:
        manifest = dashboard_config_map(uid, self._args.namespace)
        options = pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after))
        return KubernetesObject(manifest["metadata"]["name"], manifest, options)


def dashboard_config_map(uid: str, namespace: str) -> dict[str, Any]:
    """The ConfigMap of one dashboard. Its key becomes the name of a file, beside those of other people's dashboards."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": _NAMES[uid],
            "namespace": namespace,
            "labels": {**MANAGED_BY, LABEL: LABEL_VALUE},
            "annotations": {FOLDER_ANNOTATION: _FOLDER},
        },
        # As text: nested, the engine would have thousands of properties to compare at every run.
        "data": {f"{uid}.json": written(DASHBOARDS[uid]())},
    }
