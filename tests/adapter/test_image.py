"""What the image is made of."""

import re
import tomllib

import pytest

from local.state import CHECKOUT
from tests.adapter.running import ADAPTER_FOLDER

DOCKERFILE = (ADAPTER_FOLDER / "Dockerfile").read_text(encoding="utf-8").splitlines()
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def instructions(name: str) -> list[str]:
    return [line.removeprefix(f"{name} ") for line in DOCKERFILE if line.startswith(f"{name} ")]


def pins(path: str) -> dict[str, str]:
    text = (CHECKOUT / path).read_text(encoding="utf-8")
    return {name.lower().replace("_", "-"): version for name, version in _PIN.findall(text)}


def test_the_image_is_slim_and_runs_as_a_numbered_user() -> None:
    assert {line.split()[0] for line in instructions("FROM")} == {"python:3.11-slim"}
    assert instructions("USER") == ["10001:10001"]
    assert DOCKERFILE.index("USER 10001:10001") < DOCKERFILE.index('ENTRYPOINT ["python", "-m", "legacy_php_adapter"]')


def test_every_package_of_it_is_locked_with_its_hash() -> None:
    lock = (ADAPTER_FOLDER / "requirements.txt").read_text(encoding="utf-8")
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\S)", lock.strip()))
    assert any("--require-hashes" in line for line in instructions("RUN"))


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ADAPTER_FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {re.split(r"[<>=]", dependency)[0] for dependency in project["dependencies"]}
    assert asked <= set(pins("adapters/legacy_php/requirements.txt"))


def test_the_versions_of_the_image_are_those_that_are_checked() -> None:
    """Types and unit tests run with the packages of requirements-dev.txt."""
    checked = pins("requirements-dev.txt")
    shipped = pins("adapters/legacy_php/requirements.txt")
    assert {name: checked[name] for name in shipped if name in checked} == {
        name: version for name, version in shipped.items() if name in checked
    }


@pytest.mark.parametrize("file", ["Dockerfile", "requirements.txt", "pyproject.toml"])
def test_no_registry_is_named(file: str) -> None:
    text = (ADAPTER_FOLDER / file).read_text(encoding="utf-8").replace("registry.example.com", "")
    assert not re.search(r"https?://|[a-z0-9-]+\.(?:io|com|org)\b", text)
