"""How a release is shown: golden lines for terminals of several widths, and lines of a log."""

import re
from io import StringIO
from pathlib import Path

import pytest

from cli.release_follow import Log
from cli.release_view import Line, Tone, landmark, lines, spelled, summary
from cli.terminal import Screen
from tests.unit.release_workbench import GOOD, PAUSED_AT, measured, rollout, run, state

WIDE = """\
a-api  registry.example.com/a-api:1.1.0                                   1m 12s
phase    Progressing
weight   10 % asked, 20 % real  ████░░░░░░░░░░░░░░░░
step     3 of 6: analysis
         ✔ 10 %  ✔ pause 1m  ▶ analysis  50 %  pause until promoted  analysis
pods     stable 4/4, canary 1/1
checks   step 3: Running
  ✔  error-rate   0.12 %  < 2 %     3 of 5
  ✔  p95-latency  151 ms  < 300 ms  3 of 5
checks   beside the steps: Running
  ✔  error-rate   0.12 %  < 2 %     3
  ✔  p95-latency  151 ms  < 300 ms  3
alerts   none"""

NARROW = """\
a-api  a-api:1.1.0                1m 12s
phase    Progressing
weight   10 % asked, 20 % real
step     3 of 6: analysis
pods     stable 4/4, canary 1/1
checks   step 3: Running
  ✔  error-rate   0.12 %  < 2 %
  ✔  p95-latency  151 ms  < 300 ms
checks   beside the steps: Running
  ✔  error-rate   0.12 %  < 2 %
  ✔  p95-latency  151 ms  < 300 ms
alerts   none"""

TAKEN_BACK = """\
a-api  registry.example.com/a-api:1.1.0                                  1h 01m
phase    rolled back: error-rate 11.14 %, limit < 2 % (step 3)
pods     stable 4/4, canary 0/0
checks   step 3: Failed
  ✘  error-rate   11.14 %  < 2 %     1 of 5
  ·  p95-latency  –        < 300 ms  0 of 5
alerts   not known: no Prometheus can be asked from here"""


def text(shown: list[Line]) -> str:
    return "\n".join(line.text.rstrip() for line in shown)


def test_a_wide_terminal_shows_all_of_a_canary(tmp_path: Path) -> None:
    found = state(
        tmp_path,
        rollout(phase="Progressing", message="more replicas need to be updated", currentStepIndex=2),
        run(GOOD),
        run(GOOD, step=None),
        alerts=[],
    )
    assert text(lines(found, 72, 80)) == WIDE


def test_a_narrow_terminal_shows_what_matters(tmp_path: Path) -> None:
    under_way = rollout(phase="Progressing", currentStepIndex=2)
    found = state(tmp_path, under_way, run(GOOD), run(GOOD, step=None), alerts=[])
    assert text(lines(found, 72, 40)) == NARROW


def test_a_release_that_was_taken_back_shows_why(tmp_path: Path) -> None:
    failed = {"error-rate": measured("[0.1114]", "Failed", phase="Failed")}
    aborted = rollout(phase="Degraded", abort=True, message="RolloutAborted: …")
    shown = lines(state(tmp_path, aborted, run(failed, phase="Failed"), canary=(0, 0)), 3700, 79)
    assert text(shown) == TAKEN_BACK
    assert [line.tone for line in shown if line.text.startswith(("phase", "  ✘", "  ·"))] == [
        Tone.BAD,
        Tone.BAD,
        Tone.FAINT,
    ]


@pytest.mark.parametrize("width", [1, 5, 20, 39, 60, 81, 300])
def test_no_line_is_ever_wider_than_the_terminal(tmp_path: Path, width: int) -> None:
    found = state(tmp_path, rollout(phase="Progressing", currentStepIndex=2), run(GOOD), alerts=["A (critical)"] * 9)
    assert max(len(line.text) for line in lines(found, 72, width, "not read: " + "x" * 400)) <= width


def test_firing_alerts_and_what_could_not_be_read_stand_out(tmp_path: Path) -> None:
    found = state(tmp_path, rollout(phase="Progressing", currentStepIndex=2), alerts=["HighErrorRate (critical)"])
    *_, alerts, trouble = lines(found, 1, 80, "not read, trying again: no cluster answers")
    assert (alerts.text, alerts.tone) == ("alerts   HighErrorRate (critical)", Tone.BAD)
    assert (trouble.text, trouble.tone) == ("not read, trying again: no cluster answers", Tone.WAITS)


def test_a_pause_counts_down(tmp_path: Path) -> None:
    conditions = [{"reason": "CanaryPauseStep", "startTime": PAUSED_AT}]
    paused = rollout(phase="Paused", message="CanaryPauseStep", currentStepIndex=1, pauseConditions=conditions)
    assert "phase    Paused, goes on in 45s" in text(lines(state(tmp_path, paused), 1, 80))


def test_a_line_of_a_log_tells_weight_step_and_the_checks_with_their_limits(tmp_path: Path) -> None:
    found = state(tmp_path, rollout(phase="Progressing", currentStepIndex=2), run(GOOD), alerts=["A (critical)"])
    assert summary(found) == (
        "Progressing; 3 of 6: analysis; 10 % asked, 20 % real; canary pods 1/1; "
        "error-rate 0.12 %, limit < 2 % (3 of 5); p95-latency 151 ms, limit < 300 ms (3 of 5); alerts: A (critical)"
    )


def test_a_log_has_a_line_for_every_change_and_one_a_minute_while_there_is_none(tmp_path: Path) -> None:
    told = StringIO()
    log, found = Log(told), state(tmp_path, rollout(phase="Progressing", currentStepIndex=2), run(GOOD))
    for elapsed in range(130):
        log(found, elapsed, "")
    later = state(tmp_path, rollout(phase="Progressing", currentStepIndex=3), run(GOOD))
    log(later, 131, "")
    assert [line.split()[:2] for line in told.getvalue().splitlines()] == [
        ["0s", "Progressing;"],
        ["1m", "00s"],
        ["2m", "00s"],
        ["2m", "11s"],
    ]
    assert landmark(found) != landmark(later)


@pytest.mark.parametrize(("seconds", "shown"), [(0.9, "0s"), (59, "59s"), (61, "1m 01s"), (3725, "1h 02m")])
def test_times_are_spelled_for_people(seconds: float, shown: str) -> None:
    assert spelled(seconds) == shown


class Terminal(StringIO):
    """What a terminal of so many columns would show: only the escapes that the screen uses."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns

    @property
    def rows(self) -> list[str]:
        rows, at = [""], 0
        for found in re.finditer(r"\x1b\[\??(\d*)([A-Za-z])|\r|\n|([^\x1b\r\n]+)", self.getvalue()):
            number, command, written = found.groups()
            if command == "A":
                at -= int(number)
            elif command == "J":
                del rows[at + 1 :]
                rows[at] = ""
            elif written:
                rows[at] = written
            elif found[0] == "\n":
                at += 1
                rows += [""] * (at + 1 - len(rows))
        return rows


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "5")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal(40)


def test_lines_are_drawn_in_the_place_of_those_before_and_in_one_piece(terminal: Terminal) -> None:
    screen = Screen(terminal)
    screen.draw([Line("one"), Line("two"), Line("three")])
    screen.draw([Line("uno"), Line("due")])
    assert terminal.rows == ["uno", "due", ""]
    assert terminal.getvalue().count("\x1b[?2026h") == 2


def test_a_screen_never_draws_more_lines_than_there_are_rows(terminal: Terminal) -> None:
    Screen(terminal).draw([Line(str(number)) for number in range(20)])
    assert terminal.rows == ["0", "1", "2", "3", ""]


def test_after_the_terminal_became_narrower_the_broken_lines_are_drawn_over(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen(terminal)
    screen.draw([Line("x" * 39), Line("y")])
    monkeypatch.setenv("COLUMNS", "20")
    screen.draw([Line("a")])
    assert "\x1b[3A" in terminal.getvalue()


def test_colors_are_left_out_where_nobody_wants_them(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    Screen(terminal).draw([Line("bad", Tone.BAD)])
    assert "\x1b[31mbad\x1b[0m" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal(40)
    Screen(plain).draw([Line("bad", Tone.BAD)])
    assert "\x1b[31m" not in plain.getvalue()


def test_the_cursor_comes_back_whatever_happens(terminal: Terminal) -> None:
    with pytest.raises(KeyboardInterrupt), Screen(terminal).held():
        raise KeyboardInterrupt
    assert terminal.getvalue() == "\x1b[?25l\x1b[?25h"
