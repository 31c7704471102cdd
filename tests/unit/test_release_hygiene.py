"""What a release of the program itself rests on: one version, a licence, and pins that somebody keeps up to date."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from cli import main
from local.state import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = [CHECKOUT / folder / "requirements.txt" for folder in (".", "adapters/legacy_php", "policy", ".github/tools")]


def read(file: str) -> str:
    return (CHECKOUT / file).read_text(encoding="utf-8")


def test_the_version_comes_from_one_place(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"api-observability {PROJECT['version']}\n"
    assert version("api-observability") == PROJECT["version"]


def test_the_changes_begin_with_the_version_that_is_being_made() -> None:
    headings = re.findall(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == PROJECT["version"]


def test_the_licence_is_there_in_full() -> None:
    text = read("LICENSE")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert len(text.splitlines()) > 195


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.parent.relative_to(CHECKOUT)))
def test_every_locked_dependency_has_a_hash(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    pinned = re.findall(r"^(\S+==\S+)(.*)$", text, re.MULTILINE)
    assert len(pinned) > 5
    assert [name for name, rest in pinned if not rest.endswith("\\")] == []


def test_every_folder_with_pins_is_kept_up_to_date() -> None:
    updates = yaml.safe_load(read(".github/dependabot.yml"))["updates"]
    watched = {update["package-ecosystem"]: update["directories"] for update in updates}
    assert {str((CHECKOUT / each.lstrip("/")).resolve()) for each in watched["pip"]} == {
        str(lock.parent.resolve()) for lock in LOCKS
    }
    assert watched["gomod"] == ["/local/programs/*"]
    assert watched["github-actions"] == ["/", "/.github/actions/*"]


def test_the_hooks_before_a_commit_run_programs_that_there_are() -> None:
    (repository,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    programs = {hook["entry"].split()[0] for hook in repository["hooks"]}
    locked = read("requirements-dev.txt")
    assert programs == {".venv/bin/ruff", ".venv/bin/lint-imports", ".venv/bin/python"}
    assert re.search(r"^ruff==", locked, re.MULTILINE)
    assert re.search(r"^import-linter==", locked, re.MULTILINE)


def test_every_page_of_the_documentation_is_in_the_sites_navigation() -> None:
    """`make docs` fails on one that is not; here it is known sooner."""
    pages = {path.name for path in (CHECKOUT / "docs").glob("*.md")}
    assert pages == set(re.findall(r"^ +- (?:\w+: )?([\w.-]+\.md)$", read("mkdocs.yml"), re.MULTILINE))
