"""An embedded cluster for tests: in a state folder of its own, and gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import lightkube
import pytest

from local import cluster
from local.cluster.api import REQUEST_SECONDS
from local.cluster.processes import terminations_interrupt
from local.plugin import CHOICE_VARIABLE
from local.state import STATE_VARIABLE, State

_TOLD_VARIABLE = "API_OBSERVABILITY_TEST_CLUSTERS"
"""The folder with a file for each cluster that is there, which holds the path of its state folder."""


@contextmanager
def embedded(folders: pytest.TempPathFactory, name: str, time_scale: float = 1) -> Iterator[State]:
    """The state folder of a running cluster, so many times as fast as usual; it is the current one meanwhile.

    The checkout's own cluster is never touched. However the tests end, nothing runs on; only the logs are kept, in
    pytest's folder `<name>-logs0`.
    """
    state = State(folders.mktemp(name))
    logs = folders.mktemp(f"{name}-logs")
    with pytest.MonkeyPatch.context() as variables, terminations_interrupt(), _told(state):
        variables.setenv(STATE_VARIABLE, str(state.folder))
        # The same plugin on every machine; API_OBSERVABILITY_PLUGIN=official runs the tests with that one.
        variables.setenv(CHOICE_VARIABLE, os.environ.get(CHOICE_VARIABLE, "stand-in"))
        try:
            cluster.start(state, time_scale=time_scale)
            yield state
        finally:
            cluster.stop(state)
            if state.processes.exists():
                shutil.copytree(state.processes, logs, dirs_exist_ok=True)
            cluster.delete(state)


def patient_client(kubeconfig: Path, context: str) -> lightkube.Client:
    """A client for the cluster of that context that waits for answers while both cores are busy."""
    config = lightkube.KubeConfig.from_file(kubeconfig).get(context)
    return lightkube.Client(config, timeout=httpx2.Timeout(REQUEST_SECONDS))


def recorded(state: State) -> cluster.Cluster:
    """Where the programs of a cluster are that was started: `cluster.attach` without asking each whether it is well."""
    found = cluster.Cluster.recorded(state)
    assert found
    return found


@contextmanager
def _told(state: State) -> Iterator[None]:
    """Tell of the cluster for as long as it is there."""
    file = Path(os.environ[_TOLD_VARIABLE]) / f"{os.getpid()}-{state.folder.name}"
    file.write_text(str(state.folder), encoding="utf-8")
    yield
    file.unlink()


def told_of_clusters() -> None:
    """From here on this process and its children tell of their clusters."""
    os.environ[_TOLD_VARIABLE] = tempfile.mkdtemp(prefix="test-clusters-")


def remove_what_is_left() -> None:
    """Remove the clusters whose tests could not: an interrupted worker is killed after ten seconds (execnet)."""
    folder = Path(os.environ.pop(_TOLD_VARIABLE))
    for file in folder.iterdir():
        cluster.delete(State(Path(file.read_text(encoding="utf-8"))))
    shutil.rmtree(folder)
