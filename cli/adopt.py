"""`api-observability adopt`: what a stack finds of a Helm chart on its cluster, and what its first run would do to it.

Nothing is changed but, with `--take`, who owns the fields of the objects: no value of them, and no pod.
"""

import sys
from argparse import Namespace

from catalog.config_keys import config_set
from catalog.stack import StackSettings
from cli import stacks
from cli.adopting.looking import look, releases_of
from cli.adopting.report import next_steps, text
from components.cluster import ensure_cluster
from components.field_managers import handed_over
from components.kubernetes_object import Manifest
from components.live_objects import LiveObjects, RefusedError
from local.errors import LocalError
from local.state import EMBEDDED_STACK

_TRIES = 5
"""A controller may write into an object between our reading and our writing of it."""


def run(options: Namespace) -> int:
    """Show it all; LocalError with every refusal, and with `--take` the fields are handed over where there is none."""
    settings, catalog = stacks.read(options.stack)
    settings = stacks.reachable(options.stack, settings)
    ensure_cluster(settings)
    cluster = LiveObjects(settings)
    report = look(settings, catalog, cluster)
    print(text(report, f"Stack {settings.stack}, namespace {settings.namespace} of context {settings.cluster.context}"))
    if report.refused:
        raise LocalError("\n".join(map(str, report.refused)))
    if not report.adopted:
        print("\nThere is nothing to take over.")
        return 0
    waiting = report.to_hand_over
    if waiting and not options.take:
        command = f"make adopt {_stack(options)}TAKE=1"
        print(
            f"\nFields of {len(waiting)} objects are Helm's, or were set by hand; to have them handed over: {command}"
        )
        return 0
    if waiting and not (options.yes or _agreed(len(waiting))):
        return 1
    for each in waiting:
        hand_over(cluster, each.wanted)
    print(f"\n{len(waiting)} objects handed over; nothing else of them has changed.\n" if waiting else "")
    print("\n".join(next_steps(options.stack, *_switch(settings), releases_of(report.objects))))
    return 0


def _stack(options: Namespace) -> str:
    return f"STACK={options.stack} " if options.stack != EMBEDDED_STACK else ""


def _switch(settings: StackSettings) -> tuple[str, str]:
    on, off = (config_set("cluster.adopt", settings.stack, value) for value in ("true", "false"))
    return on, off


def _agreed(objects: int) -> bool:
    if not sys.stdin.isatty():
        raise LocalError("nobody is there to be asked; say --yes (make: YES=1)")
    return input(f"\nHand over the fields of {objects} objects? No value of them changes. [y/N] ").lower() == "y"


def hand_over(cluster: LiveObjects, wanted: Manifest) -> None:
    """Make the fields of one object the program's; LocalError where others keep on writing into it."""
    for _ in range(_TRIES):
        live = cluster.read(wanted)
        managers = handed_over(live) if live else None
        if live is None or managers is None:
            return
        try:
            cluster.hand_over(live, managers)
        except RefusedError as refused:
            told = str(refused)
        else:
            return
    raise LocalError(f"{wanted['kind']} {wanted['metadata']['name']} could not be handed over: {told}; run it again")
