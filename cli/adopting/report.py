"""What is told of an adoption: every object, what becomes of it, and whether pods and requests stay as they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.problems import Problem
from cli.adopting.plan import Owner, Planned
from cli.adopting.release_record import Release, Stray
from cli.diffing.fields import FieldChange
from cli.diffing.shortened import shortened
from cli.tables import columns

_WIDTH = 60


@dataclass(frozen=True)
class Report:
    """All that is known before the first run.

    `kept` are the services whose pods stay, by what runs them; `later` are by service the fields of the pod template
    that are the stack's only once `cluster.adopt` is off; `refused` is what must be mended first; `unread` is why
    Helm's records may not be read.
    """

    objects: Sequence[Planned]
    kept: Mapping[str, str] = field(default_factory=dict)
    later: Mapping[str, Sequence[FieldChange]] = field(default_factory=dict)
    strays: Sequence[Stray] = ()
    refused: Sequence[Problem] = ()
    unread: str = ""

    @property
    def adopted(self) -> list[Planned]:
        """What is taken over from somebody."""
        return [each for each in self.objects if each.is_adopted]

    @property
    def to_hand_over(self) -> list[Planned]:
        """What Helm owns, and what people have made by hand."""
        return [each for each in self.objects if each.owner in (Owner.HELM, Owner.PEOPLE)]


def text(report: Report, title: str) -> str:
    """The whole report, for a terminal."""
    parts = [_objects(report.objects), _changes(report.adopted), _pods(report), _later(report), _strays(report)]
    return "\n".join([title, *(f"\n{part}" for part in map("\n".join, parts) if part)])


def _objects(objects: Iterable[Planned]) -> list[str]:
    rows = [("OBJECT", "NOW", "FIRST UP")]
    rows += [(str(each.key), each.whose, _fate(each)) for each in objects]
    return list(columns(rows))


def _fate(planned: Planned) -> str:
    if planned.owner is Owner.NOBODY:
        return "made"
    if planned.fault:
        return "refused"
    if not planned.is_adopted:
        return "as any other"
    changed = len(planned.fields)
    return f"taken over, {changed} fields change" if changed else "taken over as it is"


def _changes(adopted: Iterable[Planned]) -> Iterator[str]:
    changing = [each for each in adopted if each.fields]
    if changing:
        yield "What changes in what is there"
    for each in changing:
        yield f"  {each.key}"
        yield from _fields(each.fields)


def _fields(fields: Iterable[FieldChange]) -> Iterator[str]:
    for change in fields:
        before, after = shortened(change.before, change.after, _WIDTH)
        yield f"    {change.path}: {_line(before)} → {_line(after)}"


def _pods(report: Report) -> Iterator[str]:
    if not report.kept:
        return
    yield "Pods"
    yield from (f"  {name}: {how}" for name, how in report.kept.items())
    if not report.refused:
        yield "No pod is restarted, no request goes another way, and no canary begins."


def _later(report: Report) -> Iterator[str]:
    if report.later:
        yield "Their own pod templates, each through a canary, once cluster.adopt is off again"
    for name, fields in report.later.items():
        yield f"  {name}"
        yield from _fields(fields)


def _strays(report: Report) -> Iterator[str]:
    if report.unread:
        yield f"What else the chart made cannot be told: {report.unread}"
    if report.strays:
        yield "What the chart made and this stack does not"
    for each in report.strays:
        yield f"  {each.key}: {each.told}" + (f": {each.removed_by}" if each.removed_by else "")


def next_steps(stack: str, turn_on: str, turn_off: str, releases: Iterable[Release]) -> list[str]:
    """What a person types from here on, in this order."""
    suffix = "" if stack == "local" else f" STACK={stack}"
    return [
        "Next:",
        f"  {turn_on}",
        f"  make up{suffix}",
        f"  make status{suffix}   # and wait until every service is Healthy",
        *(f"  {release.retired_by}   # Helm forgets the release; never `helm uninstall`" for release in releases),
        f"  {turn_off}",
        f"  make up{suffix}   # each service's own pod template, through its canary",
    ]


def _line(value: str | None) -> str:
    return "–" if value is None else " ".join(value.split())
