"""The command `api-observability`: what `make` calls, and what people call by hand."""

import argparse
import os
import sys
from collections.abc import Sequence

from catalog.problems import CatalogError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every fault a person can mend is told in one line each, with exit status 1."""
    options = _parser().parse_args(arguments)
    # Imported only now: a fault of the files is told at once, and rendering need not load a cluster's client.
    from cli import commands  # noqa: PLC0415
    from components.cluster import ClusterError  # noqa: PLC0415
    from local.errors import LocalError  # noqa: PLC0415

    run = commands.BY_NAME[options.command]
    try:
        return int(run(options))
    except (CatalogError, ClusterError, LocalError) as error:
        print("\n".join(f"error: {line}" for line in str(error).splitlines()), file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever reads has seen enough, as in `… explain a | head`; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"error: {error.filename or options.command}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; run the same command again to go on", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="api-observability", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    helps = {
        "up": "provision the stack and show its services (local: on an embedded cluster)",
        "preview": "show what `up` would change",
        "render": "write the stack's objects as YAML under rendered/<stack>/",
        "explain": "show one service as it is resolved for a stack, and where each value comes from",
        "schema": "write the JSON Schema of services.yaml and the page of its keys from the models",
        "status": "show the services of the stack as the cluster has them",
        "clean": "stop the embedded cluster and remove its data",
        "env": "print what a shell needs to use `pulumi` and `kubectl` on the embedded cluster",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text, description=text)
        if name not in ("clean", "env", "schema"):
            command.add_argument("--stack", default="local", help="the stack, by its file Pulumi.<stack>.yaml")
        if name == "explain":
            command.add_argument("service", help="its key in services.yaml")
        if name == "up":
            command.add_argument("--yes", action="store_true", help="do not ask before changing a cluster of yours")
    return parser
