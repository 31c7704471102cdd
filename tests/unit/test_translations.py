"""The pages in Korean say what the English ones say: the same parts, commands, tables and figures."""

import re
from collections import Counter
from itertools import zip_longest

import pytest

from local.state import CHECKOUT
from tests.shell_blocks import blocks, pages

PAGES = [page for page in pages() if page.endswith(".ko.md")]

_HEADING = re.compile(r"^(#+) ", re.MULTILINE)
_TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
_RULE = re.compile(r"\|[-|]+\n")


def english(page: str) -> str:
    return page.replace(".ko.md", ".md")


def text_of(page: str) -> str:
    """The text without its code blocks."""
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


def without_words(language: str, text: str) -> str:
    """A block without what is for people alone: comments, and the labels of a picture."""
    if language == "mermaid":
        return re.sub(r'"[^"]*"', '""', text)
    return re.sub(r"(?:^|\s+)#.*", "", text, flags=re.MULTILINE)


def code(page: str) -> list[tuple[str, str, int, str]]:
    """Of each code block its mark, exit status, language and code."""
    return [
        (each.mark, each.language, each.exits, without_words(each.language, each.text.strip())) for each in blocks(page)
    ]


def rows(page: str) -> list[Counter[str]]:
    """The figures in each row of the page's tables; their order is the language's."""
    tables = _TABLE.findall(_RULE.sub("", text_of(page)))
    return [Counter(re.findall(r"\d[\d,.]*\d|\d", row)) for table in tables for row in table.splitlines()]


def test_the_readme_and_the_operations_guide_are_there_in_korean() -> None:
    assert {"README.ko.md", "docs/operations.ko.md"} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_headings(page: str) -> None:
    assert _HEADING.findall(text_of(page)) == _HEADING.findall(text_of(english(page)))


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_code_blocks(page: str) -> None:
    for korean, original, place in zip_longest(code(page), code(english(page)), blocks(english(page))):
        assert korean == original, f"{place}: {page} has another block there"


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_rows_with_the_same_figures(page: str) -> None:
    for number, (korean, original) in enumerate(zip_longest(rows(page), rows(english(page))), 1):
        assert korean == original, f"{page}: row {number} of its tables is not that of {english(page)}"


@pytest.mark.parametrize("page", PAGES)
def test_each_language_leads_to_the_other(page: str) -> None:
    here, there = page.rpartition("/")[2], english(page).rpartition("/")[2]
    assert f"]({there})" in text_of(page)
    assert f"]({here})" in text_of(english(page))
