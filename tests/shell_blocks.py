"""The code blocks of the pages, and which of them say that they can be run as they stand.

A block that has `<!-- runnable -->` on the line before it is run by tests/engine/test_runnable_blocks.py; with
`<!-- runnable: exits 2 -->` it has to end so. Where the next block has `<!-- prints -->` before it, the output must
hold its lines. Readers of the pages see neither.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import dedent

from local.state import CHECKOUT

_MARK = re.compile(r" *<!-- (?P<mark>runnable|prints)(?:: exits (?P<exits>\d+))? -->")
_FENCE = re.compile(r" *```(?P<language>[^`]*)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Block:
    """One code block: its language, its text, and the mark before it; `line` is that of its opening fence.

    `exits` is the exit status of a block that can be run.
    """

    page: str
    line: int
    language: str
    text: str
    mark: str = ""
    exits: int = 0

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Runnable:
    """A block that can be run, and the lines that its output must hold."""

    block: Block
    prints: Sequence[str] = field(default=())


def pages() -> list[str]:
    """Every page for people: README.md in each language, CONTRIBUTING.md, and those of docs/."""
    found = [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")]
    return sorted(str(page.relative_to(CHECKOUT)) for page in found)


def blocks(page: str, text: str | None = None) -> list[Block]:
    """The code blocks of a page, in their order; `text` stands for what the page says. ValueError for a stray mark."""
    return list(_blocks(page, text if text is not None else (CHECKOUT / page).read_text(encoding="utf-8")))


def _blocks(page: str, text: str) -> Iterator[Block]:
    content: list[str] = []
    mark: re.Match[str] | None = None
    opened: tuple[int, re.Match[str]] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.fullmatch(line)
        if opened is None and mark and not fence:
            raise ValueError(f"{page}:{number}: the mark above stands before no code block")
        if opened is None and fence:
            opened, content = (number, fence), []
        elif opened and fence and not fence["language"]:
            yield _block(page, *opened, content, mark)
            opened = mark = None
        elif opened:
            content.append(line)
        else:
            mark = _MARK.fullmatch(line)
            if not mark and re.match(r" *<!-- (run|print)", line):
                raise ValueError(f"{page}:{number}: no such mark: {line.strip()}")
    if opened:
        raise ValueError(f"{page}:{opened[0]}: the code block has no end")


def _block(page: str, line: int, fence: re.Match[str], content: Sequence[str], mark: re.Match[str] | None) -> Block:
    said = mark.groupdict() if mark else {}
    exits = int(said.get("exits") or 0)
    return Block(page, line, fence["language"], dedent("\n".join(content)), said.get("mark") or "", exits)


def runnable(page: str, text: str | None = None) -> list[Runnable]:
    """The blocks of a page that can be run, in their order. ValueError for lines that no block prints."""
    found: list[Runnable] = []
    before: Block | None = None
    for block in blocks(page, text):
        if block.mark == "runnable":
            found.append(Runnable(block))
        elif block.mark == "prints":
            if before is None or before.mark != "runnable":
                raise ValueError(f"{block}: what is printed stands right after the block that prints it")
            found[-1] = Runnable(before, tuple(block.text.splitlines()))
        before = block
    return found


def lacking(printed: str, lines: Sequence[str]) -> str | None:
    """The first of the lines that an output does not hold, in their order; None where it holds all of them.

    `…` in a line stands for anything, a line of its own for any lines; columns may be as wide as they like.
    """
    there = iter([_plain(line) for line in printed.splitlines()])
    for line in lines:
        if _plain(line) in ("", "…"):
            continue
        wanted = re.compile(".*".join(re.escape(part) for part in _plain(line).split("…")))
        if not any(wanted.fullmatch(each) for each in there):
            return line
    return None


def _plain(line: str) -> str:
    """Without colours, and with one space for several."""
    return " ".join(_COLOUR.sub("", line).split())
