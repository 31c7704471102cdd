"""The real programs say the versions their pins stand for."""

import subprocess
from pathlib import Path

import pytest

from local.programs import assets, ensure
from local.programs.registry import Program, load_registry
from local.programs.versions import accepts, find_version

REGISTRY = load_registry()


@pytest.fixture(scope="module")
def paths() -> dict[str, Path]:
    return ensure("test")


@pytest.mark.parametrize("program", [p for p in REGISTRY.select("test") if p.ask], ids=lambda program: program.name)
def test_each_program_says_a_version_that_counts(program: Program, paths: dict[str, Path]) -> None:
    answer = subprocess.run([paths[program.name], *program.ask], capture_output=True, text=True, check=True)
    version = find_version(answer.stdout + answer.stderr)
    assert version is not None
    assert accepts(program.accept, program.number, version)


def test_the_language_host_has_its_script_beside_it(paths: dict[str, Path]) -> None:
    beside = paths["pulumi-language-python"].parent / "pulumi-language-python-exec"
    assert beside.stat().st_mode & 0o111


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [("argo-rollouts", "CustomResourceDefinition", 5), ("prometheus-operator", "CustomResourceDefinition", 10)],
)
def test_the_manifests_are_those_of_the_pinned_module(name: str, kind: str, count: int) -> None:
    texts = [file.read_text() for file in assets(name).iterdir()]
    assert len(texts) == count
    assert all(f"kind: {kind}" in text for text in texts)


def test_kwok_gets_all_five_stages_as_documents_of_their_own() -> None:
    documents = (assets("kwok") / "stages.yaml").read_text().split("\n---\n")
    assert ["kind: Stage" in document for document in documents] == [True] * 5
