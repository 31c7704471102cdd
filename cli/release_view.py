"""A release for people who watch it: lines for a terminal, and one line at a time for a log."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from cli.release_checks import FAILED, INCONCLUSIVE, SUCCESSFUL, Judged
from cli.release_state import ANALYSIS, Measuring, Outcome, Pods, ReleaseState
from cli.tables import columns

_LABEL = 9
"""The width of the names at the left."""

_BAR = 20
_NARROW = 60
"""Below so many columns what is nice to know is left out."""

_MARKS = {SUCCESSFUL: "✔", FAILED: "✘", INCONCLUSIVE: "?"}


class Tone(Enum):
    """What a line means, which a terminal may show as a color; the value is the color's number in ANSI."""

    PLAIN = 0
    GOOD = 32
    BAD = 31
    WAITS = 33
    FAINT = 2


@dataclass(frozen=True)
class Line:
    """One line, no wider than was asked for."""

    text: str
    tone: Tone = Tone.PLAIN


_TONES = {
    Outcome.PROMOTED: Tone.GOOD,
    Outcome.ROLLED_BACK: Tone.BAD,
    Outcome.STANDS_STILL: Tone.BAD,
    Outcome.WAITS: Tone.WAITS,
}

_ENDED = {
    Outcome.PROMOTED: "promoted",
    Outcome.ROLLED_BACK: "rolled back",
    Outcome.WAITS: "waits for a person",
    Outcome.STANDS_STILL: "does not come up",
    Outcome.REPLACED: "replaced by another release",
}


def lines(state: ReleaseState, elapsed: float, width: int, trouble: str = "") -> list[Line]:
    """What a terminal of that width shows after so many seconds; `trouble` is why the newest could not be read."""
    found = [
        _heading(state, elapsed, width),
        _row("phase", _phase(state), _TONES.get(state.outcome, Tone.PLAIN)),
        *_progress(state, width),
        _row("pods", f"stable {_pods(state.stable)}, canary {_pods(state.canary)}"),
        *(line for run in state.measuring for line in _checks(run, width)),
        _alerts(state),
        *([Line(trouble, Tone.WAITS)] if trouble else []),
    ]
    return [Line(_cut(line.text, width), line.tone) for line in found]


def summary(state: ReleaseState) -> str:
    """The state in one line of a log."""
    parts = [_phase(state)]
    if state.outcome is not Outcome.UNDER_WAY:
        return parts[0]
    if state.asked is not None:
        parts += [_step(state), _weight(state), f"canary pods {_pods(state.canary)}"]
    parts += [f"{each.told}{_taken(each)}" for run in state.measuring[:1] for each in run.checks if each.last]
    if state.alerts:
        parts.append(f"alerts: {', '.join(state.alerts)}")
    return "; ".join(parts)


def landmark(state: ReleaseState) -> tuple[object, ...]:
    """What makes a line of a log worth another: the rest of it only counts on."""
    verdicts = tuple(
        (run.what, each.name, each.taken, each.phase) for run in state.measuring[:1] for each in run.checks
    )
    return (state.outcome, state.phase, state.step, state.asked, state.real, state.alerts, verdicts)


def spelled(seconds: float) -> str:
    """A time for people: 45s, 3m 05s, 1h 02m."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    return f"{whole // 60}m {whole % 60:02}s" if whole < 3600 else f"{whole // 3600}h {whole // 60 % 60:02}m"


def _heading(state: ReleaseState, elapsed: float, width: int) -> Line:
    image = state.image if width >= _NARROW else state.image.rpartition("/")[2]
    left, right = f"{state.service}  {image}", spelled(elapsed)
    return Line(f"{_cut(left, width - len(right) - 2):<{max(width - len(right), 0)}}{right}")


def _phase(state: ReleaseState) -> str:
    if ended := _ENDED.get(state.outcome):
        return f"{ended}: {state.reason}" if state.reason else ended
    if state.left is not None:
        return f"{state.phase}, goes on in {spelled(state.left)}"
    # While a step measures, the message is still about the pods of which the next steps will want more.
    measures = 0 < state.step <= len(state.steps) and state.steps[state.step - 1] == ANALYSIS
    return f"{state.phase} ({state.message})" if state.message and not measures else state.phase


def _progress(state: ReleaseState, width: int) -> Iterator[Line]:
    """The weight and the steps, while a canary is under way."""
    if state.asked is None:
        return
    bar = f"  {'█' * round(_BAR * (state.real or 0) / 100):░<{_BAR}}" if width >= _NARROW else ""
    yield _row("weight", _weight(state) + bar)
    yield _row("step", _step(state))
    path = "  ".join(f"{_passed(number, state.step)}{name}" for number, name in enumerate(state.steps, 1))
    if _LABEL + len(path) <= width:
        yield _row("", path, Tone.FAINT)


def _weight(state: ReleaseState) -> str:
    return f"{state.asked} % asked, {state.real} % real"


def _step(state: ReleaseState) -> str:
    if state.step > len(state.steps):
        return f"all {len(state.steps)} steps done, the pods follow"
    return f"{state.step} of {len(state.steps)}: {state.steps[state.step - 1]}"


def _passed(number: int, step: int) -> str:
    return "✔ " if number < step else "▶ " if number == step else ""


def _pods(pods: Pods) -> str:
    return f"{pods.ready}/{pods.wanted}"


def _checks(run: Measuring, width: int) -> Iterator[Line]:
    """A table of the checks of one run."""
    rows = [
        (
            _MARKS.get(each.last, "·"),
            each.name,
            each.shown,
            each.limit,
            *((_measured(each),) if width >= _NARROW else ()),
        )
        for each in run.checks
    ]
    yield _row("checks", f"{run.what}: {run.phase}")
    for text, each in zip(columns(rows), run.checks, strict=True) if rows else ():
        yield Line(f"  {text}", _tone(each))


def _measured(each: Judged) -> str:
    dry = " (decides nothing)" if each.dry else ""
    return f"{each.taken} of {each.count}{dry}" if each.count else f"{each.taken}{dry}"


def _taken(each: Judged) -> str:
    return f" ({each.taken} of {each.count})" if each.count else ""


def _tone(each: Judged) -> Tone:
    if each.dry or not each.last:
        return Tone.FAINT
    return {SUCCESSFUL: Tone.GOOD, FAILED: Tone.BAD}.get(each.last, Tone.WAITS)


def _alerts(state: ReleaseState) -> Line:
    if state.alerts is None:
        return _row("alerts", "not known: no Prometheus can be asked from here", Tone.FAINT)
    return _row("alerts", ", ".join(state.alerts) or "none", Tone.BAD if state.alerts else Tone.PLAIN)


def _row(name: str, text: str, tone: Tone = Tone.PLAIN) -> Line:
    return Line(f"{name:<{_LABEL}}{text}", tone)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"
