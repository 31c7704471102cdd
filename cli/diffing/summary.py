"""The first lines of a comparison, which are never cut: how much changes, and what one must be warned of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cli.diffing.comparison import Comparison, Group, State


@dataclass(frozen=True)
class Title:
    """What is compared: a stack, and the base it is held against as people name it."""

    stack: str
    base: str
    hint: str = ""

    def __str__(self) -> str:
        return f"What changes in `{self.stack}` against `{self.base}`"


@dataclass(frozen=True)
class Warned:
    """Something that hurts when it is overlooked; `is_grave` where requests fail or something is lost."""

    text: str
    is_grave: bool = False


NOTHING = "Nothing changes: both render the same objects."
NAME_ALONE = "Nothing but the name changes."
BELOW = "Only fields that have no row here; they are below."
"""Stand for a table that has no rows."""

_MOST_NAMES = 20


def summary(comparison: Comparison) -> str:
    """How many services and objects become what, in one line."""
    if not comparison.groups and not comparison.secrets:
        return NOTHING
    services = _counted(
        "service",
        [(len(comparison.services_of(state)), state) for state in (State.CHANGED, State.ADDED, State.REMOVED)]
        + [(len(comparison.services_of(State.RENAMED)), State.RENAMED)],
    )
    objects = _counted(
        "object",
        [(comparison.objects_of(state), state) for state in (State.CHANGED, State.ADDED, State.REMOVED)],
    )
    secrets = _counted("secret", [(len(comparison.secrets), State.CHANGED)])
    return "; ".join(part for part in (services, objects, secrets) if part) + "."


def canaries(comparison: Comparison) -> str:
    """Which services get a new version; a change of weights or thresholds alone moves no pod."""
    names = [group.name for group in comparison.services if group.starts_canary]
    new = comparison.services_of(State.ADDED)
    first = f" The first pods of {_named(new)} come without one: there is no stable version yet." if new else ""
    return (f"A canary starts for {_named(names)}." if names else "No canary starts.") + first


def warnings(comparison: Comparison) -> Iterator[Warned]:
    """What to say aloud, gravest first."""
    for group in comparison.services:
        if group.state is State.REMOVED:
            yield Warned(f"**`{group.name}` is removed.** {_what_goes(group)}", is_grave=True)
    for group in comparison.services:
        if group.state is State.RENAMED:
            yield Warned(
                f"**`{group.renamed_from}` is renamed to `{group.name}`.** Kubernetes knows no renames: "
                f"`{group.renamed_from}` is deleted with its pods, history and alerts, and `{group.name}` is created "
                "without a canary. Whoever calls the old name gets no answer.",
                is_grave=True,
            )
    for group in comparison.services:
        if group.is_replaced:
            yield Warned(
                f"**`{group.name}` is deleted and created anew**: its namespace or the selector of its pods changes, "
                "which no object can take. Requests fail until the new pods are ready.",
                is_grave=True,
            )
    gone = [change for group in _others(comparison) for change in group.objects if change.state is State.REMOVED]
    if gone:
        kept = " (those marked retainOnDelete stay in the cluster)" if any(change.is_kept for change in gone) else ""
        yield Warned(f"**Removed besides: {_named([str(change.key) for change in gone])}**{kept}.")
    if lost := _lost_alerts(comparison):
        yield Warned(f"**Nobody is alerted any more by {_named(lost)}.**")


def _others(comparison: Comparison) -> list[Group]:
    """The groups whose removals no other warning tells."""
    return [group for group in comparison.groups if group.state is State.CHANGED and not group.is_replaced]


def _what_goes(group: Group) -> str:
    kinds = ", ".join(dict.fromkeys(change.key.kind for change in group.objects))
    return f"Its pods end and requests to it fail; deleted: {kinds}."


def _lost_alerts(comparison: Comparison) -> list[str]:
    return [
        f"{row.what.removeprefix('alert ')}{f' of {group.name}' if group.name else ''}"
        for group in _others(comparison)
        for row in group.rows
        if row.what.startswith("alert ") and row.after is None
    ]


def _counted(noun: str, numbers: Sequence[tuple[int, State]]) -> str:
    """`2 services changed, 1 added`; nothing where there are none."""
    words = [(number, state) for number, state in numbers if number]
    if not words:
        return ""
    first, *more = words
    plural = noun if first[0] == 1 else f"{noun}s"
    return ", ".join([f"{first[0]} {plural} {first[1]}", *(f"{number} {state}" for number, state in more)])


def _named(names: Sequence[str]) -> str:
    shown = ["`{}`".format(" ".join(name.replace("`", "'").split())) for name in names[:_MOST_NAMES]]
    return ", ".join(shown) + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")
