"""Every command of this project that a page shows is there, with the options that the page gives it."""

import argparse
import re
import shlex
from collections.abc import Iterator
from functools import cache

import pytest

from cli import _parser
from local.state import CHECKOUT
from tests.shell_blocks import blocks, pages

SHELL = ("sh", "bash", "console")
_STOPS = {"|", "||", "&&", "&", ";", ">", ">>", "<", "<<", "(", ")"}
_PYTHON = (".venv/bin/python", "python", "python3")
_ELLIPSIS = {"…", "..."}


def commands(script: str) -> Iterator[list[str]]:
    """The simple commands of a script, as words; comments and here-documents left out."""
    script = re.sub(r"<<'?(\w+)'?\n.*?^\1$", "", script.replace("\\\n", " "), flags=re.DOTALL | re.MULTILINE)
    for substituted in re.findall(r"\$\(([^()]+)\)", script):
        yield from commands(substituted)
    for line in script.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in lexer:
            if word in _STOPS:
                yield words
                words = []
            else:
                words.append(word)
        yield words


def shown(page: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of the page's shell blocks and code spans, and where it stands."""
    for block in blocks(page):
        if block.language in SHELL:
            yield from ((str(block), words) for words in commands(block.text))
    text = re.sub(r"```.*?```", "", (CHECKOUT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    for span in re.findall(r"`((?:make|api-observability|\.venv/bin/\S+) [^`\n]+)`", text):
        yield from ((page, words) for words in commands(span))


def of_make(words: list[str]) -> list[str] | None:
    """What follows `make`, variables before it left out; None where it is another command."""
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    return [word for word in words[1:] if word != "-s"] if words and words[0] == "make" else None


def of_command(words: list[str]) -> list[str] | None:
    """What follows `api-observability`, by either of its names."""
    if words and words[0].removeprefix(".venv/bin/") == "api-observability":
        return words[1:]
    return words[3:] if words[1:3] == ["-m", "cli"] and words[0] in _PYTHON else None


@cache
def makefile() -> tuple[set[str], set[str]]:
    """The targets of the Makefile, and the variables that it reads."""
    text = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([\w./-]+):(?!=)", text, re.MULTILINE)), set(re.findall(r"\$\(([A-Z_]+)\)", text))


def fault_of_make(words: list[str]) -> str | None:
    """What the Makefile has not."""
    targets, variables = makefile()
    for word in words:
        name, assigned, _ = word.partition("=")
        if word not in _ELLIPSIS and name not in (variables if assigned else targets):
            return f"the Makefile has no {'variable' if assigned else 'target'} {name}"
    return None


def fault_of_command(words: list[str], monkeypatch: pytest.MonkeyPatch) -> str | None:
    """What `api-observability` says to these words; an ellipsis stands for any."""

    def refuse(_parser: argparse.ArgumentParser, message: str) -> None:
        raise ValueError(message)

    monkeypatch.setattr(argparse.ArgumentParser, "error", refuse)
    try:
        _parser().parse_args([word for word in words if word not in _ELLIPSIS])
    except ValueError as error:
        return f"api-observability {' '.join(words)}: {error}"
    return None


def fault_of(words: list[str], monkeypatch: pytest.MonkeyPatch) -> str | None:
    """What of this command is not there; None where all of it is, or where it is none of this project's."""
    if (given := of_make(words)) is not None:
        return fault_of_make(given)
    given = of_command(words)
    return None if given is None else fault_of_command(given, monkeypatch)


@pytest.mark.parametrize("page", pages())
def test_every_command_of_a_page_is_there_with_its_options(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [(place, fault_of(words, monkeypatch)) for place, words in shown(page)]
    assert [each for each in told if each[1]] == []


def test_commands_are_found_wherever_they_stand() -> None:
    found = {tuple(of_command(words) or of_make(words) or ()) for page in pages() for _, words in shown(page)}
    assert {("env",), ("up",), ("check-prometheus", "STACK=prod")} <= found
    assert any(words[:1] == ("release",) for words in found)
    assert any(words[:1] == ("conformance",) for words in found)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("make upp", "the Makefile has no target upp"),
        ("X=1 make up STAK=prod | tail", "the Makefile has no variable STAK"),
        ("api-observability relaese a b", "invalid choice: 'relaese'"),
        (".venv/bin/python -m cli release a b --timout 1m", "unrecognized arguments: --timout"),
        ('eval "$(make -s env)" && make down && make cleanup', "the Makefile has no target cleanup"),
    ],
)
def test_a_command_that_is_not_there_is_told(script: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = filter(None, (fault_of(words, monkeypatch) for words in commands(script)))
    assert told in found
