"""Dashboards: the ConfigMaps that Grafana's sidecar looks for."""

import json
from typing import Any

import pytest

from catalog.platform import Grafana
from cli.recording import Recording, record
from components.dashboards import Dashboards, DashboardsArgs, dashboard_config_map
from components.grafana_dashboard import FOLDER_ANNOTATION, LABEL, LABEL_VALUE
from components.monitoring_values_grafana import grafana_values
from observability.dashboards import DASHBOARDS, written

_CONFIG_MAP_LIMIT_BYTES = 2**20
"""What a ConfigMap may hold."""

_FEW_BYTES = _CONFIG_MAP_LIMIT_BYTES // 8


def recorded(preview: bool) -> Recording:
    return record(lambda: Dashboards("dashboards", DashboardsArgs("observe")), stack="dev", preview=preview)[1]


def config_maps(preview: bool = True) -> list[dict[str, Any]]:
    return [entry.inputs for entry in recorded(preview).resources if entry.custom]


def test_each_dashboard_is_a_config_map_in_the_namespace_of_the_monitoring_stack(preview: bool) -> None:
    found = config_maps(preview)
    assert [(each["kind"], each["metadata"]["namespace"]) for each in found] == [("ConfigMap", "observe")] * 4
    assert sorted(each["metadata"]["name"] for each in found) == [
        "grafana-dashboard-api-monitoring",
        "grafana-dashboard-argo-rollouts",
        "grafana-dashboard-canary-analysis",
        "grafana-dashboard-fleet",
    ]


def test_the_sidecar_of_the_stack_that_is_installed_looks_for_just_these() -> None:
    sidecar = grafana_values(Grafana())["sidecar"]["dashboards"]
    for each in config_maps():
        assert each["metadata"]["labels"][sidecar["label"]] == sidecar["labelValue"] == LABEL_VALUE
        assert each["metadata"]["annotations"] == {sidecar["folderAnnotation"]: "API observability"}
    assert (sidecar["label"], sidecar["folderAnnotation"]) == (LABEL, FOLDER_ANNOTATION)
    assert sidecar["searchNamespace"] == "ALL"


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_a_dashboard_is_one_text_in_a_file_of_its_own_name(uid: str) -> None:
    data = dashboard_config_map(uid, "observe")["data"]
    assert data == {f"{uid}.json": written(DASHBOARDS[uid]())}
    assert json.loads(data[f"{uid}.json"])["uid"] == uid


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_a_dashboard_is_far_from_the_most_that_a_config_map_holds(uid: str) -> None:
    assert len(written(DASHBOARDS[uid]()).encode()) < _FEW_BYTES
