"""`python -m tests.bench [part …]`: measure some parts, or all, and print one table for each."""

import os
import signal
import sys
from collections.abc import Sequence
from functools import partial

from cli.tables import columns
from tests.bench.machine import machine
from tests.bench.parts import PARTS, part


def main(names: Sequence[str]) -> int:
    """Measure the parts of those names, or all."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"error: no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    for name in names or PARTS:
        found = part(name)
        rows = [(row.what, row.figure, row.ratio) for row in found.measure(partial(_say, name))]
        print(f"\n{name}: {found.title}\n(on {machine()})\n")
        print("\n".join(columns([("WHAT", "FIGURE", "RATIO"), *rows])), flush=True)
    return 0


def _say(name: str, line: str) -> None:
    print(f"{name}: {line} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    # Where a shell forbids it, as those of containers often do, each run compiles the program's modules once more.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # A script's background job ignores SIGINT, by which Pulumi ends its language host: each run would wait 5 s for it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
