"""What the pages in docs/ say to write is accepted as it stands; a failure names the page and the line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from catalog.canary import CanaryPlan
from catalog.model import Model
from catalog.problems import CatalogError
from catalog.services import ServiceEntry
from catalog.stack_file import load_stack_file
from tests.shell_blocks import blocks, pages
from tests.unit.catalog_workbench import ENVIRONMENTS, entry, load

OF_OTHERS = ("apiVersion", "jobs", "default")
"""Top keys of what this program does not read: objects of Kubernetes, workflows of GitHub, jobs of GitLab."""


class Snippet(NamedTuple):
    """A document of a block, and the page and line that the block begins in."""

    place: str
    document: dict[str, Any]

    def __str__(self) -> str:
        return self.place


def snippets(page: str, text: str | None = None) -> Iterator[Snippet]:
    for block in blocks(page, text):
        if block.language == "yaml":
            for document in yaml.safe_load_all(block.text):
                yield Snippet(str(block), document)


def refused(snippet: Snippet, folder: Path) -> str:
    """Why the program would refuse the snippet; empty where it would not."""
    document = snippet.document
    try:
        if {"services", "defaults"} & document.keys():
            load(folder, yaml.safe_dump(document), environments=(*ENVIRONMENTS, *environments_of(document)))
        elif "config" in document:
            of_a_stack(document, folder)
        elif document.keys() <= keys_of(ServiceEntry):
            load(folder, in_an_entry(document))
        elif document.keys() <= keys_of(CanaryPlan):
            load(folder, in_an_entry({"canary": document}))
        elif not document.keys() & set(OF_OTHERS):
            return f"{snippet}: {', '.join(document)}: neither a file of this program, nor a part of an entry of it"
    except CatalogError as error:
        return f"{snippet}: {error}"
    return ""


def environments_of(document: dict[str, Any]) -> set[str]:
    """The environments that a catalog speaks of."""
    entries = [document.get("defaults") or {}, *(document.get("services") or {}).values()]
    return {name for each in entries for name in each.get("environments") or {}}


def of_a_stack(document: dict[str, Any], folder: Path) -> None:
    """What a page leaves out of a stack file is filled in."""
    rest = {
        "api-observability:environment": "prod",
        "api-observability:cluster": {"context": "a", "uid": "6f0c1fd2-7d6c-4b9e-9a53-0d6c2a3b1f11"},
    }
    (folder / "Pulumi.a.yaml").write_text(yaml.safe_dump({"config": {**rest, **document["config"]}}), encoding="utf-8")
    load_stack_file(folder, "a")


def in_an_entry(document: dict[str, Any]) -> str:
    """With enough pods and a router, so that every kind of step may stand in it."""
    rest = {"replicas": 10, "hosts": ["a.example.com"], "traffic": {"router": "nginx"}}
    return entry(yaml.safe_dump({**rest, **document}, default_flow_style=True, width=10_000).strip()[1:-1])


def keys_of(model: type[Model]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize("snippet", [snippet for page in pages() for snippet in snippets(page)], ids=str)
def test_what_a_page_says_to_write_is_accepted(tmp_path: Path, snippet: Snippet) -> None:
    assert refused(snippet, tmp_path) == ""


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("services:\n  a-api: {prot: 1}", "services.a-api.prot: unknown key"),
        ("config:\n  api-observability:grafana: {uri: x}", "grafana.uri: unknown key"),
        ("canary: {analysis: {p95: fast}}", "services.a-api.canary.analysis.p95: 'fast' is not a duration"),
        ("analysis: {errorRate: 200%}", "services.a-api.canary.analysis.errorRate"),
        ("somethingElse: 1", "somethingElse: neither"),
    ],
)
def test_what_would_be_refused_is_told_with_its_page_and_line(tmp_path: Path, written: str, told: str) -> None:
    (snippet,) = snippets("page.md", f"# A page\n\n```yaml\n{written}\n```\n")
    assert refused(snippet, tmp_path).startswith("page.md:3: ")
    assert told in refused(snippet, tmp_path)
