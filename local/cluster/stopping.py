"""Stopping and removing the cluster."""

import shutil
from collections.abc import Callable, Sequence

from local.cluster import folder, processes
from local.cluster.component import Component, Stage
from local.cluster.components import COMPONENTS
from local.state import State

GRACE_SECONDS = 5.0
"""What a program gets to end by itself before it is killed. All end within 2 s, except an API server that somebody
still watches: it would wait for a minute. A kill costs nothing, etcd's log is in the system's hands by then."""


def stop(state: State, report: Callable[[str], None] = print) -> None:
    """Stop the embedded cluster, if any of it runs; its data stay for the next start."""
    if not state.marker.exists():
        # The folder may have been removed under a running cluster.
        _report_stopped(processes.stop_strays(state, GRACE_SECONDS), report)
        return
    with folder.telling_refusals(state), folder.locked(state, report):
        _stop_all(state, report)


def delete(state: State, report: Callable[[str], None] = print) -> None:
    """Stop the embedded cluster and remove its data and credentials; the rest of the state folder stays."""
    if not state.marker.exists():
        stop(state, report)
        return
    with folder.telling_refusals(state), folder.locked(state, report):
        _stop_all(state, report)
        for data in (state.cluster_data, state.processes):
            if data.exists():
                shutil.rmtree(data)
        state.kubeconfig.unlink(missing_ok=True)
        state.cluster_lock.unlink()
        if list(state.folder.iterdir()) == [state.marker]:
            state.marker.unlink()
            state.folder.rmdir()
        report(f"removed the embedded cluster in {state.folder}")


def stop_components(state: State, components: Sequence[Component]) -> list[str]:
    """Stop programs in reverse order of their start, those of a stage together; return the names of those that ran."""
    stopped: list[str] = []
    for stage in reversed(Stage):
        names = [component.name for component in reversed(components) if component.stage == stage]
        stopped += processes.stop(state, names, GRACE_SECONDS)
    return stopped


def _stop_all(state: State, report: Callable[[str], None]) -> None:
    # An interrupted stop would leave half a cluster; it takes a few seconds at most.
    with processes.interrupts_held():
        state.cluster_file.unlink(missing_ok=True)
        stopped = processes.stop_strays(state, GRACE_SECONDS) + stop_components(state, COMPONENTS)
    _report_stopped(stopped, report)


def _report_stopped(names: Sequence[str], report: Callable[[str], None]) -> None:
    report(f"stopped {', '.join(names)}" if names else "no embedded cluster is running")
