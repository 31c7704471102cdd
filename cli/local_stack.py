"""The stack `local`: an embedded cluster, and an engine and a plugin that work on it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from catalog.stack_file import stack_file
from catalog.yaml_file import read_mapping
from cli.engine import Engine, keep_exports, local_engine, write_project
from local import cluster, plugin, programs
from local.state import CHECKOUT, State

STACK = "local"


def prepare(state: State, report: Callable[[str], None], stack_settings: Mapping[str, Any] | None = None) -> Engine:
    """Have programs, cluster, plugin and stack ready, making only what is missing; return the engine to run.

    `stack_settings` stands for the content of Pulumi.local.yaml. Raises LocalError.
    """
    paths = programs.ensure("up", report)
    cluster.start(state, report)
    return engine_for(state, paths, report, stack_settings)


def engine_for(
    state: State,
    paths: Mapping[str, Path],
    report: Callable[[str], None],
    stack_settings: Mapping[str, Any] | None = None,
) -> Engine:
    """The engine of the embedded stack, which is made in its backend on the first run."""
    write_project(state, stack_settings or read_mapping(stack_file(CHECKOUT, STACK)))
    engine = local_engine(state, programs.engine_folder(paths))
    provided = plugin.provide(state, engine.executable, report)
    report(f"Kubernetes plugin: {provided}")
    if engine.stack_fault():
        engine.run("stack", "init", "--no-select", "--secrets-provider", "passphrase", check=True, capture=True)
    keep_exports(state, engine)
    return engine
