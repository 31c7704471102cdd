"""A services.yaml of one service, and what is said of it."""

from pathlib import Path

import pytest

from catalog.catalog_file import Catalog, load_catalog
from catalog.problems import CatalogError
from catalog.services import Service

ENVIRONMENTS = ("dev", "live", "local")
MINIMAL = "services:\n  a-api: {project: A, port: 8001, image: 'registry.example.com/a:1.0.0'}\n"


def load(
    tmp_path: Path,
    text: str,
    environment: str = "dev",
    images: dict[str, str] | None = None,
    environments: tuple[str, ...] = ENVIRONMENTS,
) -> Catalog:
    path = tmp_path / "services.yaml"
    path.write_text(text, encoding="utf-8")
    return load_catalog(path, environment, environments, images)


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        load(tmp_path, text)
    return str(caught.value).splitlines()


def entry(more: str) -> str:
    """The text of a file whose only service says `more` on top."""
    return MINIMAL.replace("project: A", f"project: A, {more}")


def service(tmp_path: Path, more: str, environment: str = "dev") -> Service:
    (found,) = load(tmp_path, entry(more), environment).services
    return found


def fault(tmp_path: Path, more: str) -> str:
    """The only fault of a service that says `more`."""
    (line,) = faults(tmp_path, entry(more))
    return line.removeprefix("services.yaml: services.a-api.")


def warnings(tmp_path: Path, more: str, environment: str = "dev") -> list[str]:
    """What is told of a service that is accepted; enough replicas, so that nothing is told of its weights."""
    catalog = load(tmp_path, entry(f"replicas: 10, {more}"), environment)
    return [str(warning).removeprefix("services.yaml: services.a-api.") for warning in catalog.warnings]
