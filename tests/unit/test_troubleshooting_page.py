"""docs/troubleshooting.md quotes what the program says, and not what it once said."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from local.state import CHECKOUT
from tests.pages import text_of

FOLDERS = ("catalog", "components", "cli", "local")
SECTIONS = ("The files", "The cluster", "The embedded cluster")
"""Those in which everything that is quoted is this program's; elsewhere it is Pulumi's, Helm's, or Kubernetes'."""

_VALUE = "\0"


def said(node: ast.AST) -> str:
    """The text of a string in the code, a mark in the place of each value."""
    if isinstance(node, ast.JoinedStr):
        return "".join(said(each) for each in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else _VALUE


def messages() -> Iterator[str]:
    for folder in FOLDERS:
        for file in (CHECKOUT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr | ast.Constant):
                    yield said(node)
    yield (CHECKOUT / "Makefile").read_text(encoding="utf-8")


def quoted() -> list[str]:
    """What stands as code in the first column of the sections' tables, and is a sentence."""
    parts = re.split(r"^## (.+)$", text_of("troubleshooting.md"), flags=re.MULTILINE)
    bodies = dict(zip(parts[1::2], parts[2::2], strict=True))
    cells = [line.split("|")[1] for section in SECTIONS for line in bodies[section].splitlines() if line[:1] == "|"]
    return [span for cell in cells for span in re.findall(r"`([^`]+)`", cell) if span.count(" ") > 1]


def fixed(quote: str) -> list[str]:
    """The runs of three words and more in which no value stands."""
    runs: list[list[str]] = [[]]
    for word in quote.split():
        if re.search(r"[\d…'\"()_:;—]|\w\.\w", word):
            runs.append([])
        else:
            runs[-1].append(word)
    return [" ".join(run) for run in runs if len(run) > 2]


@cache
def all_said() -> str:
    return " ".join(" ".join(messages()).split())


@pytest.mark.parametrize("quote", quoted())
def test_what_is_quoted_is_what_the_program_says(quote: str) -> None:
    unknown = [run for run in fixed(quote) if run not in all_said()]
    # The last word of a run may be a value too, such as a name.
    assert [run for run in unknown if run.rpartition(" ")[0] not in all_said()] == []


def test_most_quotes_can_be_compared() -> None:
    assert len([quote for quote in quoted() if fixed(quote)]) > 20
    assert fixed("asks for 10 %, but of 3 pods and one more") == ["%, but of", "pods and one more"]
