"""docs/traffic.md: what it says to write is accepted as it stands."""

import re
from pathlib import Path

import pytest
import yaml

from catalog.stack_file import load_stack_file
from components.traffic import GATEWAY_API_PLUGIN
from tests.pages import documents_with, text_of
from tests.unit.catalog_workbench import entry, load

PAGE = "traffic.md"


@pytest.mark.parametrize("replicas", [2, 10, 37])
def test_the_plan_for_testers_is_accepted_without_a_warning(tmp_path: Path, replicas: int) -> None:
    (plan,) = documents_with("steps", PAGE)
    more = {
        "hosts": ["a.example.com"],
        "replicas": replicas,
        "traffic": {"router": "nginx", "testerHeader": {"name": "X-Canary", "value": "me"}},
        "canary": plan,
    }
    assert load(tmp_path, entry(yaml.safe_dump(more, default_flow_style=True).strip()[1:-1])).warnings == ()


def test_the_shutdown_for_an_alb_is_accepted_without_a_warning(tmp_path: Path) -> None:
    (shutdown,) = re.findall(r"`(shutdown: \{.*?\})`", text_of(PAGE))
    said = f"replicas: 10, hosts: [a.example.com], traffic: {{router: alb}}, {shutdown}"
    assert load(tmp_path, entry(said)).warnings == ()


def test_the_waypoint_can_be_named_among_the_callers(tmp_path: Path) -> None:
    (waypoint,) = re.findall(r"`(\{namespace: apis, .*?\}\})`", text_of(PAGE))
    said = f"replicas: 10, traffic: {{router: istio}}, network: {{from: [{waypoint}]}}"
    assert load(tmp_path, entry(said)).warnings == ()


def test_the_plugin_has_the_name_that_rollouts_ask_for_in_the_stack_and_in_the_config_map(tmp_path: Path) -> None:
    (stack,) = documents_with("config", PAGE)
    stack["config"] |= {"api-observability:environment": "dev", "api-observability:cluster": {"context": "dev"}}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump(stack), encoding="utf-8")
    values = load_stack_file(tmp_path, "dev").platform.argo_rollouts.values
    (config,) = documents_with("data", PAGE)
    installed, adopted = values["controller"]["trafficRouterPlugins"], config["data"]["trafficRouterPlugins"]
    assert installed == yaml.safe_load(adopted)
    assert [plugin["name"] for plugin in installed] == [GATEWAY_API_PLUGIN]
