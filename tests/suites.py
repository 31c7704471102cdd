"""`make test` and `make check`: the suites, one after another, each within its budget.

python -m tests.suites lint unit programs rules engine
"""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

PYTHON = sys.executable
_GRACE_SECONDS = 60


@dataclass(frozen=True)
class Suite:
    """Commands that prove one kind of thing; `budget` is in seconds, for two cores and cold caches, and is enforced."""

    budget: float
    commands: Sequence[Sequence[str]]


SUITES = {
    "lint": Suite(
        120,
        [
            [PYTHON, "-m", "ruff", "check"],
            [PYTHON, "-m", "ruff", "format", "--check"],
            [PYTHON, "-m", "mypy"],
            [PYTHON, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-logo"],
        ],
    ),
    "unit": Suite(500, [[PYTHON, "-m", "pytest", "-q", "tests/unit"]]),
    "programs": Suite(1800, [[PYTHON, "-m", "local.programs", "--group", "test"]]),
    "rules": Suite(120, [[PYTHON, "-m", "pytest", "-q", "tests/rules"]]),
    "adapter": Suite(300, [[PYTHON, "-m", "pytest", "-q", "tests/adapter"]]),
    # Most of it is waiting for controllers: two clusters side by side, each with files of its own.
    "engine": Suite(
        3000,
        [[PYTHON, "-m", "pytest", "-q", *("-n", "2", "--dist", "loadfile"), "tests/engine", "tests/e2e/interrupted"]],
    ),
    # Here a second counts for ten and more: one cluster at a time, which two cores can do in time.
    "e2e": Suite(1500, [[PYTHON, "-m", "pytest", "-q", "tests/e2e", "--ignore", "tests/e2e/interrupted"]]),
}
"""Each is about half as long again as on a quiet machine; the programs are built only once on a machine."""


def main(names: Sequence[str]) -> int:
    """Run the suites of those names until one fails; print what each took."""
    unknown = [name for name in names if name not in SUITES]
    if unknown or not names:
        print(f"error: no suite is called {', '.join(unknown)!r}; there are {', '.join(SUITES)}", file=sys.stderr)
        return 2
    lines: list[str] = []
    failed = False
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminated)
    for name in names:
        started = time.monotonic()
        failed = not _passes(name, SUITES[name])
        verdict = "FAILED" if failed else "ok"
        lines.append(f"{name:<10}{time.monotonic() - started:>7.0f} s of {SUITES[name].budget:>5g} s  {verdict}")
        if failed:
            break
    print("\n" + "\n".join(lines), flush=True)
    return 1 if failed else 0


def _passes(name: str, suite: Suite) -> bool:
    deadline = time.monotonic() + suite.budget
    for command in suite.commands:
        print(f"== {name}: {' '.join(command[2:])}", flush=True)
        process = subprocess.Popen(command)
        try:
            if process.wait(timeout=max(0.0, deadline - time.monotonic())) != 0:
                return False
        except KeyboardInterrupt:
            process.wait()  # the terminal has interrupted it too, and it stops what it started
            return False
        except SystemExit:
            _end(process)
            raise
        except subprocess.TimeoutExpired:
            _end(process)
            print(f"error: suite {name} is over its budget of {suite.budget:g} s (tests/suites.py)", file=sys.stderr)
            return False
    return True


def _terminated(number: int, _frame: FrameType | None) -> None:
    """Unlike Ctrl-C in a terminal, a SIGTERM reaches this process alone."""
    raise SystemExit(128 + number)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a suite as Ctrl-C would, so that it stops what it started; by force only where that does not help."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
