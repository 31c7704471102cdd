"""A comparison for a terminal, or for any place that shows no markup."""

from collections.abc import Iterator, Sequence

from cli.diffing.alike import alike
from cli.diffing.blocks import Block, Rank, fitted
from cli.diffing.comparison import Comparison, Group, ObjectChange
from cli.diffing.rows import Row
from cli.diffing.shortened import shortened
from cli.diffing.summary import BELOW, NAME_ALONE, NOTHING, Title, canaries, summary, warnings
from cli.tables import columns

_WIDTH = 60


def plain(comparison: Comparison, title: Title, limit: int = 0) -> str:
    """The whole comparison, or as much of it as fits into `limit` bytes (0: all)."""
    return fitted(list(_blocks(comparison, title)), limit, title.hint)


def _blocks(comparison: Comparison, title: Title) -> Iterator[Block]:
    first = summary(comparison)
    lines = [_unmarked(str(title)), first if first == NOTHING else f"{first} {_unmarked(canaries(comparison))}"]
    for warned in warnings(comparison):
        lines.append(f"{'!!' if warned.is_grave else '!'} {_unmarked(warned.text)}")
    yield Block(Rank.SUMMARY, "\n".join(lines))
    if comparison.secrets:
        yield Block(Rank.TABLE, "\n".join(["\nSecrets of the stack file", *_table(comparison.secrets)]), "secrets")
    for told in alike(comparison.groups):
        heading = f"\n{told.subject}: {told.fate}" if told.fate else f"\n{told.subject}"
        yield Block(Rank.TABLE, "\n".join([heading, *_rows(told.group)]), told.subject)
        yield Block(
            Rank.FIELDS, "\n".join(line for change in told.group.objects for line in _object(change)), told.subject
        )


def _rows(group: Group) -> list[str]:
    return _table(group.rows) if group.rows else [f"  {NAME_ALONE if group.renamed_from else BELOW}"]


def _table(rows: Sequence[Row]) -> list[str]:
    cells = [("", "BEFORE", "AFTER")]
    for row in rows:
        before, after = shortened(row.before, row.after, _WIDTH if row.before else 2 * _WIDTH)
        cells.append((_line(row.what), _line(before), "REMOVED" if after is None else _line(after)))
    return [f"  {line}" for line in columns(cells)]


def _object(change: ObjectChange) -> Iterator[str]:
    yield f"  {change.key}: {change.state}"
    for field in change.fields:
        before, after = shortened(field.before, field.after, _WIDTH)
        yield f"    {_line(field.path)}: {_line(before)} → {_line(after)}"


def _line(text: str | None) -> str:
    return "–" if text is None else " ".join(text.split())


def _unmarked(text: str) -> str:
    return text.replace("**", "").replace("`", "")
