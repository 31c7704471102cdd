"""What import-linter cannot see: the single modules at the top."""

import ast
import re
import sys
import tomllib

import pytest

from local.state import CHECKOUT

PROJECT = ["catalog", "observability", "components", "cli", "local"]

SHIPPED = {"adapters/legacy_php": "legacy_php_adapter", "instrumentation": "contract_metrics"}
"""What runs in other containers, as packages of their own: the folder of each, and its name."""


def imported(path: str) -> set[str]:
    """The top-level packages that a module imports."""
    tree = ast.parse((CHECKOUT / path).read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    return names


@pytest.mark.parametrize("module", ["program.py", "__main__.py"])
def test_the_program_knows_nothing_of_the_command_line_and_the_embedded_cluster(module: str) -> None:
    assert not imported(module) & {"cli", "local", "tests"}


def modules(folder: str) -> list[str]:
    """The modules below a folder, as paths in the checkout."""
    return sorted(str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / folder).rglob("*.py"))


def asked_for(folder: str) -> set[str]:
    """What a package's own pyproject.toml asks for, as it is imported."""
    project = tomllib.loads((CHECKOUT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {re.split(r"[<>=]", dependency)[0].replace("-", "_") for dependency in project["dependencies"]}


@pytest.mark.parametrize("folder", SHIPPED)
def test_what_runs_elsewhere_imports_only_itself_and_what_it_asks_for(folder: str) -> None:
    assert modules(folder)
    found = {name: imported(name) - sys.stdlib_module_names for name in modules(folder)}
    assert {name: names for name, names in found.items() if names - asked_for(folder) - {SHIPPED[folder]}} == {}


@pytest.mark.parametrize("folder", SHIPPED)
def test_what_it_asks_for_it_needs(folder: str) -> None:
    used = set[str]().union(*map(imported, modules(folder)))
    assert asked_for(folder) <= used


@pytest.mark.parametrize("folder", [*PROJECT, "program.py", "__main__.py"])
def test_the_project_knows_what_runs_elsewhere_by_its_settings_and_metrics_only(folder: str) -> None:
    names = [folder] if folder.endswith(".py") else modules(folder)
    assert [name for name in names if imported(name) & set(SHIPPED.values())] == []


def test_main_reads_as_a_page() -> None:
    assert len((CHECKOUT / "__main__.py").read_text(encoding="utf-8").splitlines()) <= 50


def test_no_file_outgrows_a_room() -> None:
    packages = [*PROJECT, *SHIPPED, "tests"]
    lengths = {
        str(path.relative_to(CHECKOUT)): len(path.read_text(encoding="utf-8").splitlines())
        for package in packages
        for path in (CHECKOUT / package).rglob("*.py")
    }
    assert {path: length for path, length in lengths.items() if length > 300} == {}
