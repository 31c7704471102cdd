"""What a check found, as people read it: a table of numbers, then the gaps, then what is missing and may be."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import get_args

from cli.tables import columns
from observability.checkup import Alike, Finding, Kind, Verdict, alike, summed_up

_MOST_NAMED = 2
"""Names of one cause that are told; the others are counted."""

Cells = tuple[str, str, str, str]

_NAMES: dict[Kind, str] = {
    "target": "targets",
    "rule": "rules",
    "metric": "metrics",
    "label": "queries' labels",
    "panel": "queries of panels",
}


def report(findings: Sequence[Finding], subject: str, young: str = "") -> str:
    """The whole of it; `subject` is what was checked, and where; `young` says of what it is too early to tell."""
    numbers = summed_up(findings)
    verdicts: tuple[Verdict, ...] = get_args(Verdict)
    counted = [[_NAMES[kind], *(str(numbers[kind, each]) for each in verdicts)] for kind in _NAMES]
    rows = [["CHECKED", "THERE", "NOT NOW", "GAPS"], *counted]
    gaps = sum(count for (_, verdict), count in numbers.items() if verdict == "gap")
    ends = f"{gaps} gaps" if gaps else "no gap: everything that is read is there"
    if young:
        told = f"{ends}, and for the others it is too early" if gaps else "it is too early to tell"
        ends = f"{told}: {young}"
    parts = ["\n".join(columns(rows)), *_listed(findings, "fine", "NOTHING NOW, AND THAT IS FINE")]
    return "\n\n".join([f"\n{subject}", *parts, *_listed(findings, "gap", "GAP"), ends])


def _listed(findings: Sequence[Finding], verdict: Verdict, title: str) -> list[str]:
    found = alike(findings, verdict)
    if not found:
        return []
    rows = [row for each in found for row in (_in_full(each) if verdict == "gap" else [_in_short(each)])]
    return ["\n".join(columns([(title, "OF", "WHAT", "WHY"), *rows]))]


def _in_short(found: Alike) -> Cells:
    return str(found.kind), _named(found.places), _named(found.about), found.why


def _in_full(found: Alike) -> Iterator[Cells]:
    """A line for each that is missing, and for each place in which it is; the reason stands at the first."""
    kind, why = str(found.kind), found.why
    for place, each in zip_longest(found.places, found.about, fillvalue=""):
        yield kind, place or ("–" if kind else ""), each, why
        kind = why = ""


def _named(about: Sequence[str]) -> str:
    shown = ", ".join(filter(None, about[:_MOST_NAMED])) or "–"
    return f"{shown} and {len(about) - _MOST_NAMED} more" if len(about) > _MOST_NAMED else shown
