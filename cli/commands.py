"""What each command of `api-observability` does; each returns its exit status."""

import importlib
import shutil
from argparse import Namespace
from collections.abc import Callable, Mapping

import program
from catalog import explanation
from catalog.json_schema import SCHEMA_FILE, schema_text
from catalog.reference_page import REFERENCE_PAGE, reference_page
from cli import local_stack, rendering, status
from cli.engine import shell_exports
from cli.stacks import engine_of, reachable, read
from cli.tables import columns, spelled
from local import cluster
from local.errors import LocalError
from local.state import CHECKOUT, EMBEDDED_STACK, State

_SETTLE_SECONDS = 180
"""Nine services settle within seconds on the embedded cluster; a real one also pulls images."""

_REAL_CLUSTER_SETTLE_SECONDS = 900


def up(options: Namespace) -> int:
    """`pulumi up` on the stack, then the table of its services once they have settled."""
    settings, catalog = read(options.stack)
    engine = engine_of(options.stack, settings, _say)
    asked = [] if options.stack != EMBEDDED_STACK and not options.yes else ["--yes"]
    if engine.run("up", *asked).returncode != 0:
        return 1
    timeout = _SETTLE_SECONDS if options.stack == EMBEDDED_STACK else _REAL_CLUSTER_SETTLE_SECONDS
    settings = reachable(options.stack, settings)
    settled = status.wait_until_settled(lambda: status.read_status(settings, catalog), timeout, _say)
    print(f"\n{status.table(settled)}")
    _print_addresses(options.stack)
    if faults := [service.fault for service in settled if service.fault]:
        raise LocalError("\n".join(faults))
    return 0


def preview(options: Namespace) -> int:
    """`pulumi preview` with the differences of each object."""
    settings, _ = read(options.stack)
    return engine_of(options.stack, settings, _say).run("preview", "--diff").returncode


def render(options: Namespace) -> int:
    """The stack's objects as files, without an engine or a cluster."""
    program.look_for_garbage_seldom()
    files = rendering.rendered_files(rendering.record_stack(CHECKOUT, options.stack))
    target = CHECKOUT / "rendered" / options.stack
    rendering.write(files, target)
    print(f"{len(files)} objects in {target.relative_to(CHECKOUT)}/")
    return 0


def schema(_options: Namespace) -> int:
    """The JSON Schema of services.yaml and the page that lists its keys, written from the models."""
    for file, content in ((SCHEMA_FILE, schema_text()), (REFERENCE_PAGE, reference_page())):
        target = CHECKOUT / file
        target.parent.mkdir(exist_ok=True)
        target.write_text(content, encoding="utf-8")
        print(f"written: {file}")
    return 0


def explain(options: Namespace) -> int:
    """One service as it is resolved for the stack, and the place each value comes from."""
    settings, catalog = read(options.stack)
    values = explanation.explain(catalog, options.service, settings.services_file)
    rows = [("KEY", "FROM", "VALUE"), *((each.path, each.origin, spelled(each.value)) for each in values)]
    print("\n".join(columns(rows)))
    return 0


def show_status(options: Namespace) -> int:
    """The embedded cluster's processes, where it is one, and the table of the services."""
    settings, catalog = read(options.stack)
    if options.stack == EMBEDDED_STACK:
        print(cluster.table(cluster.status(State.current())), end="\n\n")
    print(status.table(status.read_status(reachable(options.stack, settings), catalog)))
    _print_addresses(options.stack)
    return 0


def clean(_options: Namespace) -> int:
    """Nothing of the embedded cluster, its stack and the rendered files is left; the programs stay in their cache."""
    state = State.current()
    if state.marker.exists():
        for folder in (state.bin, state.backend, state.pulumi_home, state.project):
            if folder.exists():
                shutil.rmtree(folder)
        for file in (state.passphrase, state.environment):
            file.unlink(missing_ok=True)
    cluster.delete(state, _say)
    if (CHECKOUT / "rendered").exists():
        shutil.rmtree(CHECKOUT / "rendered")
    return 0


def env(_options: Namespace) -> int:
    """Shell exports; `eval "$(make -s env)"` makes pulumi and kubectl speak to the embedded cluster."""
    state = State.current()
    print("\n".join(shell_exports(state)))
    return 0


def _print_addresses(stack: str) -> None:
    """Where the embedded cluster's Prometheus and Alertmanager are; a user's own are not ours to know."""
    if stack == EMBEDDED_STACK and (rows := local_stack.addresses(State.current())):
        print("\n" + "\n".join(columns(rows)))


Command = Callable[[Namespace], int]


MODULES = {
    "release": "cli.release",
    "demo": "cli.demo",
    "adopt": "cli.adopt",
    "diff": "cli.diff",
    "policy": "cli.policies",
    "conformance": "cli.conformance",
    "check": "cli.check",
}
"""Commands with a module of their own, whose `run` they are. Each is loaded only once it is asked for: it may bring the
client of a cluster, or every dashboard."""


def _of(module: str) -> Command:
    return lambda options: int(importlib.import_module(module).run(options))


BY_NAME: Mapping[str, Command] = {
    "up": up,
    "preview": preview,
    "render": render,
    "explain": explain,
    "schema": schema,
    "status": show_status,
    "clean": clean,
    "env": env,
    **{name: _of(module) for name, module in MODULES.items()},
}


def _say(line: str) -> None:
    print(line, flush=True)
