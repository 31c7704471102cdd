"""A comparison as a comment on a pull request."""

from collections.abc import Iterator, Sequence

from cli.diffing.alike import Alike, alike
from cli.diffing.blocks import Block, Rank, fitted
from cli.diffing.comparison import Comparison, ObjectChange, State
from cli.diffing.rows import Row
from cli.diffing.shortened import shortened
from cli.diffing.summary import BELOW, NAME_ALONE, NOTHING, Title, canaries, summary, warnings

GITHUB_LIMIT = 65536
"""Characters that a comment may have."""

_WIDTH = 100
_MOST_FIELDS = 100
"""Of one object; a whole dashboard may differ in thousands."""


def markdown(comparison: Comparison, title: Title, limit: int = GITHUB_LIMIT) -> str:
    """The whole comparison, or as much of it as fits into `limit` bytes (0: all)."""
    return fitted(list(_blocks(comparison, title)), limit, title.hint)


def _blocks(comparison: Comparison, title: Title) -> Iterator[Block]:
    first = summary(comparison)
    lines = [f"### {title}", "", f"**{first}**"]
    if first != NOTHING:
        lines[-1] += f" {canaries(comparison)}"
    for warned in warnings(comparison):
        lines += ["", f"> [!{'CAUTION' if warned.is_grave else 'WARNING'}]", f"> {warned.text}"]
    yield Block(Rank.SUMMARY, "\n".join([*lines, ""]))
    if comparison.secrets:
        yield Block(
            Rank.TABLE, "\n".join(["#### Secrets of the stack file", "", *_table(comparison.secrets), ""]), "secrets"
        )
    for told in alike(comparison.groups):
        yield from _group(told)


def _group(told: Alike) -> Iterator[Block]:
    group = told.group
    heading = " → ".join(", ".join(f"`{name}`" for name in side.split(", ")) for side in told.subject.split(" → "))
    heading = f"{heading}: {told.fate}" if told.fate else told.subject
    rows = _table(group.rows) if group.rows else [NAME_ALONE if group.renamed_from else BELOW]
    yield Block(Rank.TABLE, "\n".join([f"#### {heading}", "", *rows, ""]), told.subject)
    if lines := [line for change in group.objects if change.fields for line in _fields(change)]:
        number = sum(bool(change.fields) for change in group.objects)
        yield _folded(f"Field by field: {number} object{'s' * (number > 1)}", lines, told.subject)
    whole = [change for change in group.objects if change.state is not State.CHANGED]
    if whole and group.state is not State.RENAMED:
        lines = [*(f"- {change.state}: {code(str(change.key))}" for change in whole), ""]
        yield _folded(f"Whole objects: {len(whole)}", lines, told.subject)


def _folded(title: str, lines: Sequence[str], name: str) -> Block:
    text = "\n".join([f"<details><summary>{title}</summary>", "", *lines, "</details>", ""])
    return Block(Rank.FIELDS, text, name)


def _table(rows: Sequence[Row]) -> list[str]:
    lines = ["| | before | after |", "|---|---|---|"]
    for row in rows:
        before, after = shortened(row.before, row.after, _WIDTH if row.before else 2 * _WIDTH)
        shown = code(after) if after is not None else "**removed**"
        lines.append(f"| {_text(row.what)} | {'–' if before is None else code(before)} | {shown} |")
    return lines


def _fields(change: ObjectChange) -> Iterator[str]:
    yield from (f"**{code(str(change.key))}**", "", "| field | before | after |", "|---|---|---|")
    for field in change.fields[:_MOST_FIELDS]:
        sides = ("–" if side is None else code(side) for side in shortened(field.before, field.after, _WIDTH))
        yield f"| {code(shortened(field.path, field.path, _WIDTH)[0] or '')} | {' | '.join(sides)} |"
    if len(change.fields) > _MOST_FIELDS:
        yield f"| {len(change.fields) - _MOST_FIELDS} more fields | | |"
    yield ""


def code(text: str) -> str:
    """Text as a code span of a table's cell: whatever it holds, it is no markup, no mention and no end of the cell."""
    text = " ".join(text.split()).replace("|", "\\|")
    if not text:
        return ""
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _text(text: str) -> str:
    """The name of a row, which may hold what a person wrote in services.yaml."""
    marked = "".join(f"\\{letter}" if letter in "\\`*_[]|#!~" else letter for letter in " ".join(text.split()))
    return marked.replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
