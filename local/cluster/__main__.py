"""`python -m local.cluster start|stop|status|delete`: the embedded cluster of this checkout."""

import argparse
import sys
from collections.abc import Sequence

from local.cluster import Condition, delete, start, status, stop, table
from local.errors import LocalError
from local.programs.console import say
from local.state import State

INTERRUPTED = 130
NOT_RUNNING = 3
"""As `systemctl status` exits for a unit that is not active."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.cluster", description="the embedded cluster")
    parser.add_argument("command", choices=["start", "stop", "status", "delete"])
    command = parser.parse_args(arguments).command
    state = State.current()
    try:
        if command == "start":
            start(state, say)
        elif command == "stop":
            stop(state, say)
        elif command == "delete":
            delete(state, say)
        else:
            rows = status(state)
            print(table(rows))
            return 0 if all(row.condition == Condition.HEALTHY for row in rows) else NOT_RUNNING
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what this command had started is stopped", file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
