"""Prometheus accepts the rules of every environment, without a word of its linter."""

import subprocess
from pathlib import Path

import pytest
import yaml

from catalog.catalog_file import Catalog, load_catalog
from components.rules import argo_rollouts_rules, fleet_rules, service_rules
from local import programs
from local.state import CHECKOUT
from observability.links import Links
from observability.platform_alerts import Releases
from observability.time_scale import faster
from tests.unit.catalog_workbench import load

ENVIRONMENTS = ("dev", "local", "prod")
LINKS = Links("https://grafana.example.com", "https://runbooks.example.com")

MIXED = """services:
  a-api: {project: A, port: 8001, image: 'a:1', team: core, slo: {availability: 99.99%, latency: null}}
  b-api: {project: A, port: 8002, image: 'b:1', team: edge, slo: {availability: 90%, latency: null}}
  c-api: {project: A, port: 8003, image: 'c:1', team: core, slo: {availability: null, latency: null}}
  d-api: {project: A, port: 8004, image: 'd:1', canary: {steps: [{setWeight: 10}, {pause: 5h}]}}
  e-api: {project: A, port: 8005, image: 'e:1', metrics: {buckets: [100ms, 1s], interval: 2m},
          canary: {analysis: {interval: 2m}}, slo: {latency: {threshold: 1s, objective: 99%}}}
"""


def told(folder: Path, catalog: Catalog, scale: float = 1) -> tuple[int, str]:
    """What promtool's linter says of every rule of a catalog, each object in a file of its own as in a cluster."""
    releases = Releases(catalog.services, "apis", LINKS)
    objects = [
        *(service_rules(service, "apis", "stack", LINKS) for service in catalog.services),
        fleet_rules(catalog.services, "apis", "stack"),
        argo_rollouts_rules(releases, "argo-rollouts", "stack"),
    ]
    files = []
    for each in objects:
        files.append(folder / f"{each['metadata']['name']}.yaml")
        files[-1].write_text(yaml.safe_dump(faster(each, scale)["spec"]), encoding="utf-8")
    promtool = programs.ensure(["promtool"], lambda _: None)["promtool"]
    run = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", *files], check=False, capture_output=True, text=True
    )
    assert run.stdout.count("SUCCESS") == len(objects) or run.returncode
    return run.returncode, run.stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_rules_of_the_nine_services_and_of_the_platform_are_sound(tmp_path: Path, environment: str) -> None:
    catalog = load_catalog(CHECKOUT / "services.yaml", environment, ENVIRONMENTS, None)
    assert len(catalog.services) == 9
    assert told(tmp_path, catalog) == (0, "")


@pytest.mark.parametrize("scale", [7, 10, 60])
def test_the_rules_of_a_stack_with_a_time_scale_are_sound(tmp_path: Path, scale: float) -> None:
    catalog = load_catalog(CHECKOUT / "services.yaml", "local", ENVIRONMENTS, None)
    assert told(tmp_path, catalog, scale) == (0, "")
    assert told(tmp_path, load(tmp_path, MIXED), scale) == (0, "")


def test_the_rules_of_services_with_teams_plans_and_buckets_of_their_own_are_sound(tmp_path: Path) -> None:
    assert told(tmp_path, load(tmp_path, MIXED)) == (0, "")
