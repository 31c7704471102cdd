"""The stack `local`: an embedded cluster, and an engine and a plugin that work on it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalog.config_keys import NAMESPACE
from catalog.stack_file import load_stack_file, stack_file
from catalog.yaml_file import read_mapping
from cli import backend
from cli.engine import Engine, keep_exports, local_engine, write_project
from cli.local_receiver import Receiver
from local import cluster, plugin, programs
from local.cluster.monitoring import RECEIVER
from local.errors import LocalError
from local.plugin.settings import UPSERT_VARIABLE
from local.state import CHECKOUT, EMBEDDED_STACK, State

_SHOWN = {"Prometheus": "prometheus", "Alertmanager": "alertmanager", "Messages": RECEIVER}


def prepare(state: State, report: Callable[[str], None], images: Mapping[str, str] | None = None) -> Engine:
    """Have programs, cluster, plugin and stack ready, making only what is missing; return the engine to run.

    `images` are the stack's, by service: what was released on this cluster is in no file of the checkout. Raises
    LocalError.
    """
    paths = programs.ensure("up", report)
    cluster.start(state, report, load_stack_file(CHECKOUT, EMBEDDED_STACK).time_scale)
    return engine_for(state, paths, report, with_images(read_mapping(stack_file(CHECKOUT, EMBEDDED_STACK)), images))


def with_images(stack_settings: Mapping[str, Any], images: Mapping[str, str] | None) -> Mapping[str, Any]:
    """The settings with these images, where there are any."""
    if not images:
        return stack_settings
    return {**stack_settings, "config": {**stack_settings["config"], f"{NAMESPACE}:images": dict(images)}}


def engine_for(
    state: State,
    paths: Mapping[str, Path],
    report: Callable[[str], None],
    stack_settings: Mapping[str, Any] | None = None,
) -> Engine:
    """The engine of the embedded stack, which is made in its backend on the first run.

    `stack_settings` stands for the content of Pulumi.local.yaml.
    """
    backend.forget_another_cluster(state, report)
    settings = stack_settings or read_mapping(stack_file(CHECKOUT, EMBEDDED_STACK))
    settings = with_prometheus(settings, dict(addresses(state)).get("Prometheus"))
    receiver = Receiver.of(state, settings)
    webhook = receiver.sealed(state) if receiver else None
    write_project(state, receiver.added_to(settings, webhook) if receiver else settings)
    engine = local_engine(state, programs.engine_folder(paths))
    provided = plugin.provide(state, engine.executable, report)
    report(f"Kubernetes plugin: {provided}")
    backend.remove_torn_files(state, report)
    fault = engine.stack_fault()
    if fault and "no stack named" not in fault:
        raise LocalError(f"pulumi cannot open the embedded stack: {fault}; `make clean` removes it with its cluster")
    if fault:
        engine.run("stack", "init", "--no-select", "--secrets-provider", "passphrase", check=True, capture=True)
    if receiver and not webhook:
        receiver.seal(state, engine)
    keep_exports(state, engine)
    backend.release_dead_locks(state, report)
    if backend.put_right(state, engine, report):
        # Nobody else works on this cluster: what is there already is the killed run's.
        return replace(engine, variables={**engine.variables, UPSERT_VARIABLE: "true"})
    return engine


def with_prometheus(stack_settings: Mapping[str, Any], address: str | None) -> Mapping[str, Any]:
    """The settings with the address of the cluster's own Prometheus, where it has one and they name no other.

    Analyses ask it from this machine, where the name of its Service leads nowhere, and no file can name a port that is
    chosen at the first start.
    """
    if address is None:
        return stack_settings
    key = f"{NAMESPACE}:prometheus"
    config = stack_settings["config"]
    return {**stack_settings, "config": {**config, key: {"address": address, **config.get(key, {})}}}


def addresses(state: State) -> list[tuple[str, str]]:
    """What a person may want to ask, by name, in the order in which it is shown; none where no cluster is up."""
    found = cluster.Cluster.recorded(state)
    return [(name, found.url(port)) for name, port in _SHOWN.items() if port in found.ports] if found else []
