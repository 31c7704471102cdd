"""The command `api-observability`: what `make` calls, and what people call by hand."""

import argparse
import os
import sys
from collections.abc import Sequence

from catalog.problems import CatalogError
from catalog.quantities import Duration


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


class _Version(argparse.Action):
    """Looks the version up only where it is asked for; it stands in pyproject.toml alone."""

    def __call__(self, parser: argparse.ArgumentParser, *_others: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415  # takes longer than most commands' own parsing

        print(f"{parser.prog} {version('api-observability')}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="api-observability", description=__doc__)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    helps = {
        "up": "provision the stack and show its services (local: on an embedded cluster)",
        "preview": "show what `up` would change",
        "render": "write the stack's objects as YAML under rendered/<stack>/",
        "explain": "show one service as it is resolved for a stack, and where each value comes from",
        "schema": "write the JSON Schema of services.yaml and the page of its keys from the models",
        "status": "show the services of the stack as the cluster has them",
        "clean": "stop the embedded cluster and remove its data",
        "conformance": "scrape an application a few times, and tell what breaks the metrics contract",
        "release": "give one service another image, and follow it until it is promoted or taken back",
        "check": "ask a Prometheus whether it has all that the dashboards, rules and analyses of the stack rely on",
        "adopt": "show what the stack takes over of a Helm chart on its cluster, and what changes by that",
        "diff": "show what the working tree changes in the stack, against a commit; without a cluster",
        "policy": "hold the stack's objects against the policies of policy/, and say how to mend what breaks one",
        "demo": "a good and a bad release in a few minutes, on an embedded cluster made for it, and what came of them",
        "env": "print what a shell needs to use `pulumi` and `kubectl` on the embedded cluster",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text, description=text)
        if name not in ("clean", "demo", "env", "schema"):
            command.add_argument("--stack", default="local", help="the stack, by its file Pulumi.<stack>.yaml")
        if name == "explain":
            command.add_argument("service", help="its key in services.yaml")
        if name == "conformance":
            command.add_argument("url", help="where its metrics are, such as http://127.0.0.1:8006/metrics")
            command.add_argument("--service", help="its key in services.yaml: hold it against that entry's limits too")
        if name == "demo":
            _of_demo(command)
        if name == "release":
            _of_release(command)
        if name == "check":
            command.add_argument("--prometheus", metavar="URL", help="where it is; else the stack's own")
            command.add_argument("--ca", metavar="FILE", help="certificates (PEM) that its own is signed by")
            command.epilog = "exit status: 0 nothing is missing, 1 something is, 3 too early to tell"
        if name == "adopt":
            command.add_argument("--take", action="store_true", help="have Helm's fields handed over if all is well")
            command.add_argument("--yes", action="store_true", help="do not ask before that")
        if name == "diff":
            _of_diff(command)
        if name == "policy":
            command.set_defaults(stack="prod")
        if name == "up":
            command.add_argument("--yes", action="store_true", help="do not ask before changing a cluster of yours")
    return parser


def _of_diff(command: argparse.ArgumentParser) -> None:
    command.set_defaults(stack="prod")
    command.add_argument("--base", default="main", help="the branch, tag or commit to compare with (main)")
    command.add_argument("--format", default="text", choices=("text", "markdown"), help="markdown is for comments")
    command.add_argument("--limit", type=int, metavar="BYTES", help="0: all (markdown: what GitHub takes; text: all)")


def _of_release(command: argparse.ArgumentParser) -> None:
    command.add_argument("service", help="its key in services.yaml")
    command.add_argument("image", help="as `image:` in services.yaml")
    command.add_argument("--timeout", type=_seconds, help="follow it no longer than that, such as 90m")
    command.add_argument(
        "--wait-for-lock",
        type=_seconds,
        default=_LOCK_SECONDS,
        metavar="TIME",
        help="while another run works on the stack, wait so long (10m); 0s: not at all",
    )
    command.add_argument("--yes", action="store_true", help="do not ask before changing a cluster of yours")
    command.add_argument("--plain", action="store_true", help="line by line, as where standard output is no terminal")
    command.epilog = (
        "exit status: 0 promoted, 1 not begun, 3 rolled back, 4 waits for a person, 5 does not come up, "
        "6 replaced by another release, 7 not ended in time, 8 another run has the stack, 130 interrupted; after 7 and "
        "130 it goes on by itself"
    )


_LOCK_SECONDS = 600.0
"""An `up` of nine services takes a minute or two; one that waits for a chart takes longer."""


def _of_demo(command: argparse.ArgumentParser) -> None:
    command.add_argument("service", nargs="?", default="univprepai-api", help="its key in services.yaml")
    command.add_argument("--picture", help="where the picture goes (rendered/demo.png)")
    command.add_argument("--plain", action="store_true", help="line by line, as where standard output is no terminal")


def _seconds(text: str) -> float:
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
