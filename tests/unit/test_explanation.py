"""`explain`: where each value of a service comes from."""

from pathlib import Path

import pytest

from catalog.catalog_file import Catalog, load_catalog
from catalog.explanation import explain
from catalog.problems import CatalogError
from cli import main

TEXT = """
defaults:
  replicas: 3
  environments: {live: {replicas: 4, labels: {tier: gold}}}
services:
  a-api:
    project: A
    port: 1
    image: a:1
    canary: {analysis: {p95: 200ms}}
    environments: {live: {canary: {analysis: {count: 7}}}}
  b-api: {project: B, port: 1, image: b:1}
"""


def catalog(folder: Path, environment: str, images: dict[str, str] | None = None) -> Catalog:
    path = folder / "services.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return load_catalog(path, environment, ("dev", "live"), images)


@pytest.mark.parametrize(
    ("environment", "path", "value", "origin"),
    [
        ("live", "replicas", 4, "services.yaml: defaults.environments.live"),
        ("dev", "replicas", 3, "services.yaml: defaults"),
        ("live", "labels.tier", "gold", "services.yaml: defaults.environments.live"),
        ("dev", "labels", {}, "built-in default"),
        ("live", "canary.analysis.p95", "200ms", "services.yaml: services.a-api"),
        ("live", "canary.analysis.count", 7, "services.yaml: services.a-api.environments.live"),
        ("dev", "canary.analysis.count", 5, "built-in default"),
        ("dev", "image", "a:2", "the stack's config: images"),
    ],
)
def test_each_value_is_told_with_the_strongest_layer_that_gives_it(
    tmp_path: Path, environment: str, path: str, value: object, origin: str
) -> None:
    values = {each.path: each for each in explain(catalog(tmp_path, environment, {"a-api": "a:2"}), "a-api", "")}
    assert (values[path].value, values[path].origin) == (value, origin)


def test_what_is_explained_is_what_is_resolved(tmp_path: Path) -> None:
    resolved = catalog(tmp_path, "live")
    values = {each.path: each.value for each in explain(resolved, "a-api", "")}
    (service, _) = resolved.services
    assert values["replicas"] == service.replicas
    assert values["canary.analysis.count"] == service.canary.analysis.count
    assert values["canary.analysis.p95"] == str(service.canary.analysis.p95)


def test_an_unknown_service_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"there is no 'a-apu' — did you mean 'a-api'\? \(there are a-api, b-api\)"):
        explain(catalog(tmp_path, "dev"), "a-apu", "services.yaml")


def test_the_command_prints_a_table_of_the_real_catalog(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "univprepai-api", "--stack", "prod"]) == 0
    rows = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = {row[0]: [cell.strip() for cell in row[1:] if cell.strip()] for row in rows}
    assert cells["KEY"] == ["FROM", "VALUE"]
    assert cells["replicas"] == ["services.yaml: defaults.environments.prod", "10"]
    assert cells["port"] == ["services.yaml: services.univprepai-api", "8006"]
    assert cells["canary.analysis.errorRate"] == ["built-in default", "2%"]
