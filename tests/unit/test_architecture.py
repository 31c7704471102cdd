"""What import-linter cannot see: the single modules at the top."""

import ast

import pytest

from local.state import CHECKOUT


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


def test_main_reads_as_a_page() -> None:
    assert len((CHECKOUT / "__main__.py").read_text(encoding="utf-8").splitlines()) <= 50


def test_no_file_outgrows_a_room() -> None:
    packages = ["catalog", "observability", "components", "cli", "local", "tests"]
    lengths = {
        str(path.relative_to(CHECKOUT)): len(path.read_text(encoding="utf-8").splitlines())
        for package in packages
        for path in (CHECKOUT / package).rglob("*.py")
    }
    assert {path: length for path, length in lengths.items() if length > 300} == {}
