"""Tables and values as people read them in a terminal."""

from collections.abc import Iterator, Sequence

import yaml


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows as lines of even columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def spelled(value: object) -> str:
    """`value` as a YAML file spells it, in one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")
