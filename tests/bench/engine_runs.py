"""What a preview and an `up` without changes cost, beside a bare program that registers the same objects.

The same engine, plugin, API server, state and objects; of each run the best of some rounds in turns counts. Sizes are
those of `BENCH_SIZES`. Nothing but etcd and the API server runs beside them. `BENCH_PULUMI_LOG=1` has Pulumi write down
all it does, as it does by itself and not on the embedded stack.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from tests.bench import helm
from tests.bench.bare_stack import BareStack, quiet_run
from tests.bench.large_catalog import catalog_of, sizes, with_services
from tests.bench.own_cluster import leave_the_api_server, own_stack
from tests.bench.parts import Row, Say
from tests.bench.usage import Usage
from tests.engine.stack import Stack

LOG_VARIABLE = "BENCH_PULUMI_LOG"

AIM = 1.15
TIMES_AS_FAST_AS_HELM = {9: 3, 100: 5}

_NO_CHANGES = "up without changes"
COMMANDS: Mapping[str, Sequence[str]] = {
    "preview": ("preview", "--non-interactive"),
    _NO_CHANGES: ("up", "--yes", "--skip-preview", "--non-interactive"),
}
_ROUNDS = {9: 4, 100: 3}
_MEBIBYTE = 1024**2


def measure(say: Say) -> Iterator[Row]:
    """Every size after the other on one cluster, which only grows."""
    with own_stack(say) as stack:
        leave_the_api_server(stack.state)
        if os.environ.get(LOG_VARIABLE):
            stack.state.pulumi_log.mkdir(parents=True)
        for size in sizes():
            yield from _of_size(stack, size, say)


def _of_size(stack: Stack, size: int, say: Say) -> Iterator[Row]:
    say(f"{size} services: making them")
    make(stack, size)
    bare = BareStack.beside(stack)
    objects = bare.count
    yield Row(f"{size} services", f"{objects:,} objects")
    seconds: dict[str, float] = {}
    for name, command in COMMANDS.items():
        ours: list[Usage] = []
        theirs: list[Usage] = []
        for number in range(1, _ROUNDS.get(size, 1) + 1):
            say(f"{size} services: {name}, round {number}")
            theirs.append(bare.run(command, role))
            ours.append(run(stack, command, size))
        yield from rows(f"{size} services, {name}", objects, ours, theirs)
        seconds[name] = min(each.seconds for each in ours)
    if size <= max(TIMES_AS_FAST_AS_HELM):
        yield from _beside_helm(stack, size, seconds[_NO_CHANGES], say)


def _beside_helm(stack: Stack, size: int, ours: float, say: Say) -> Iterator[Row]:
    """The `up` without changes beside `helm upgrade` of the small chart for each service."""
    services = list(catalog_of(size)["services"])
    say(f"{size} services: helm upgrade --install for each")
    helm.upgrade(stack.state, services)
    rounds = []
    for number in range(1, _ROUNDS.get(size, 1) + 1):
        say(f"{size} services: helm upgrade without changes, round {number}")
        rounds.append(helm.timed(partial(helm.upgrade, stack.state, services)))
    best = min(rounds, key=lambda each: each.seconds)
    aim = TIMES_AS_FAST_AS_HELM.get(size)
    told = f"{best.seconds / ours:.2f} times as long as our up" + (f" (aim: {aim} or more)" if aim else "")
    yield Row(f"{size} services, helm upgrade for each without changes", f"{best.seconds:.1f} s", told)


def make(stack: Stack, size: int) -> None:
    """Have the services; the state is written once in the end, as this `up` is only what comes before measuring."""
    engine = stack.engine(with_services(size))
    seldom = {"PULUMI_EXPERIMENTAL": "1", "PULUMI_SKIP_CHECKPOINTS": "1"}
    engine = replace(engine, variables={**engine.variables, **seldom})
    engine.run("up", "--yes", "--skip-preview", "--non-interactive", check=True, capture=True)


def run(stack: Stack, command: Sequence[str], size: int) -> Usage:
    """A run of this program, which must find nothing to change."""
    return quiet_run(stack.engine(with_services(size)), command, role)


def role(command: str) -> str:
    """The engine, the plugin, or the program with its language host."""
    if "local.plugin" in command or "pulumi-resource" in command:
        return "plugin"
    return "program" if "pulumi-language-python" in command else "engine"


def rows(what: str, objects: int, ours: Sequence[Usage], theirs: Sequence[Usage]) -> Iterator[Row]:
    """The best of each: a run is never faster than it can be, only slower."""
    best, bare = (min(found, key=lambda each: each.seconds) for found in (ours, theirs))
    yield Row(f"{what}, bare program", _told(bare, objects), "1")
    ratio = f"{best.seconds / bare.seconds:.2f} × (aim: {AIM} at most)"
    yield Row(f"{what}, this program", _told(best, objects), ratio)
    least, of_bare = (min(each.cpu for each in found) for found in (ours, theirs))
    yield Row(f"{what}, CPU time", f"{least:.1f} s, bare {of_bare:.1f} s", f"{least / of_bare:.2f} ×")
    memory, of_bare_memory = (min(each.memory for each in found) / _MEBIBYTE for found in (ours, theirs))
    told = f"{memory:.0f} MiB, bare {of_bare_memory:.0f} MiB"
    yield Row(f"{what}, peak memory", told, f"{memory / of_bare_memory:.2f} ×")
    for name in sorted(best.roles):
        one, other = (min(each.roles[name].cpu for each in found) for found in (ours, theirs))
        held, held_bare = (min(each.roles[name].memory for each in found) / _MEBIBYTE for found in (ours, theirs))
        told = f"{one:.1f} s CPU, {held:.0f} MiB; bare {other:.1f} s, {held_bare:.0f} MiB"
        yield Row(f"{what}, of these the {name}", told, f"{one / max(other, 0.01):.2f} ×")


def _told(usage: Usage, objects: int) -> str:
    return f"{usage.seconds:.1f} s, {usage.seconds / objects * 1000:.0f} ms an object"
