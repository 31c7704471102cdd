"""Whatever a file says, it is accepted and builds, or refused with lines that name a place; never a traceback."""

import tempfile
from pathlib import Path

import yaml
from hypothesis import given

import program
from catalog.catalog_file import Catalog, load_catalog
from catalog.problems import CatalogError
from catalog.stack import StackSettings
from catalog.stack_file import load_stack_file
from cli.recording import record
from cli.rendering import rendered_files
from local.state import CHECKOUT
from tests.mutations import Document, mutated, read, with_everything

ENVIRONMENTS = ("dev", "local", "prod")


def assert_told(error: CatalogError, file: str) -> None:
    assert error.problems
    for problem in error.problems:
        line = str(problem)
        assert line.startswith(f"{file}: ")
        assert "\n" not in line
        assert len(line) > len(file) + 10


def load_services(document: Document, environment: str) -> Catalog | None:
    """The catalog of a document, or None where it is refused as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "services.yaml"
        path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        try:
            return load_catalog(path, environment, ENVIRONMENTS)
        except CatalogError as error:
            assert_told(error, "services.yaml")
            return None


def load_stack(document: Document) -> StackSettings | None:
    """The settings of a stack file, or None where it is refused as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        try:
            return load_stack_file(Path(folder), "dev")
        except CatalogError as error:
            assert_told(error, "Pulumi.dev.yaml")
            return None


def build(settings: StackSettings, catalog: Catalog) -> None:
    _, recording = record(lambda: program.build(settings, catalog), stack="dev")
    assert len(recording.of("Rollout")) == len(catalog.services)
    assert all(content.isprintable() or content for content in rendered_files(recording).values())


@given(mutated(with_everything()))
def test_a_mutated_services_file_builds_or_is_refused(document: Document) -> None:
    catalog = load_services(document, "dev")
    if catalog is not None:
        build(load_stack_file(CHECKOUT, "dev"), catalog)


@given(mutated(read("Pulumi.prod.yaml")))
def test_a_mutated_stack_file_builds_or_is_refused(document: Document) -> None:
    settings = load_stack(document)
    if settings is not None:
        build(settings, load_catalog(CHECKOUT / "services.yaml", "prod", ENVIRONMENTS))
