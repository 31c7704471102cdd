"""`python -m local.programs`: build the programs ahead of need, or ask where one is."""

import argparse
import sys
from collections.abc import Sequence

from local.errors import LocalError
from local.programs.cache import clean
from local.programs.console import say
from local.programs.provision import ensure, where

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.clean:
            clean(say)
        elif options.where:
            print(where(options.where))
        else:
            ensure(options.names or options.group)
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.programs", description=__doc__)
    parser.add_argument("names", nargs="*", help="programs to provide; without any, those of --group")
    parser.add_argument("--group", default="up", help="up (default): what `make up` runs; test: the tests too; all")
    parser.add_argument("--where", metavar="NAME", help="print the path of one program that is there already")
    parser.add_argument("--clean", action="store_true", help="remove every built program and manifest from the cache")
    return parser


if __name__ == "__main__":
    sys.exit(main())
