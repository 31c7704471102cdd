"""Starting, mending, stopping: the real control plane, and nothing else on the machine, does as it is told.

The tests share one cluster and leave it running; what they break, the next `start` mends.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lightkube import ApiError
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace

from local import cluster
from local.cluster import Condition, credentials, ports, processes
from local.cluster.api import ask, authority, bearer
from local.cluster.ports import LOOPBACK
from local.errors import LocalError
from local.state import EMBEDDED_CONTEXT, State
from local.waiting import wait_until
from tests.engine.cluster_view import NAMES, command, listening_addresses, pids


@pytest.fixture
def running(embedded_cluster: State) -> Iterator[State]:
    """The shared cluster, running before and after the test."""
    cluster.start(embedded_cluster)
    wait_until_well(embedded_cluster)
    yield embedded_cluster
    cluster.start(embedded_cluster)


@pytest.fixture
def bystander() -> Iterator["subprocess.Popen[bytes]"]:
    """A program that has nothing to do with the cluster."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def conditions(state: State) -> set[Condition]:
    return {row.condition for row in cluster.status(state)}


def condition_of(state: State, name: str) -> Condition:
    return next(row.condition for row in cluster.status(state) if row.name == name)


def wait_until_well(state: State) -> None:
    """What follows the API server's objects is ready a moment after it runs, and after each break of its watches."""
    wait_until(lambda: conditions(state) == {Condition.HEALTHY}, 60, "every program to be healthy")


def test_every_program_is_healthy_and_the_cluster_says_where_it_is(running: State) -> None:
    rows = cluster.status(running)
    assert [row.name for row in rows] == NAMES
    found = cluster.attach(running)
    assert found.context == EMBEDDED_CONTEXT
    with cluster.client(running) as client:
        assert client.config.cluster.server == found.server
        metadata = client.get(Namespace, "kube-system").metadata
    assert metadata
    assert metadata.uid == found.uid


def test_a_second_start_reuses_the_running_cluster(running: State) -> None:
    before = pids(running)
    lines: list[str] = []
    again = cluster.start(running, lines.append)
    assert [line for line in lines if line.startswith("[")] == []
    assert again == cluster.attach(running)
    assert pids(running) == before


def test_credentials_are_readable_by_their_owner_only(running: State) -> None:
    modes: dict[Path, int] = {}
    roots = (running.cluster_data, running.processes)
    # Nobody else gets into the folder; what the cluster keeps in it is private even where it is copied.
    kept = [
        Path(folder, name) for root in roots for folder, folders, files in os.walk(root) for name in (*folders, *files)
    ]
    for path in [running.folder, running.kubeconfig, *kept]:
        # Programs that run make files and remove them while this looks. A link has no rights of its own.
        with contextlib.suppress(FileNotFoundError):
            modes[path] = path.stat().st_mode
    names = {path.name for path in modes}
    assert names >= {"tokens.csv", "apiserver.key", "etcd.json", "etcd.log", "ports.json", running.kubeconfig.name}
    assert [path for path, mode in modes.items() if stat.S_IMODE(mode) & 0o077] == []


def test_a_certificate_is_made_anew_before_it_expires(running: State, tmp_path: Path) -> None:
    copy = State(tmp_path / "state")
    shutil.copytree(credentials.certificate(running).parent, credentials.certificate(copy).parent)
    credentials.drop_unusable_certificate(copy)
    assert credentials.certificate(copy).exists()
    old = time.time() - 301 * 24 * 3600
    os.utime(credentials.certificate(copy), (old, old))
    credentials.drop_unusable_certificate(copy)
    assert not credentials.certificate(copy).exists()
    assert not credentials.private_key(copy).exists()


def test_the_api_server_lets_nobody_in_without_the_token(running: State) -> None:
    url = f"{cluster.attach(running).server}/api/v1/namespaces"
    guess = {"Authorization": f"Bearer {secrets.token_hex(32)}"}
    statuses = [ask(url, authority=authority(running), headers=headers).status for headers in (guess, {})]
    assert statuses == [401, 401]
    assert ask(url, authority=authority(running), headers=bearer(running)).status == 200


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="listeners are read from Linux's /proc")
@pytest.mark.parametrize("name", NAMES)
def test_every_listener_is_on_the_loopback_address(running: State, name: str) -> None:
    # etcd has no port at all, only sockets in the private state folder.
    assert listening_addresses(pids(running)[name]) == (set() if name == "etcd" else {"0100007F"})


def test_a_killed_scheduler_is_started_again_and_nothing_else(running: State) -> None:
    before = pids(running)
    os.kill(before["kube-scheduler"], signal.SIGKILL)
    wait_until(lambda: "kube-scheduler" not in pids(running), 60, "the scheduler to end")
    assert condition_of(running, "kube-scheduler") == Condition.DEAD
    with pytest.raises(LocalError, match="kube-scheduler of the embedded cluster is down"):
        cluster.attach(running)
    cluster.start(running)
    after = pids(running)
    assert {name for name in NAMES if after[name] != before[name]} == {"kube-scheduler"}
    assert condition_of(running, "kube-scheduler") == Condition.HEALTHY
    wait_until_well(running)


def test_a_killed_etcd_is_started_again_with_its_data(running: State) -> None:
    uid = cluster.attach(running).uid
    os.kill(pids(running)["etcd"], signal.SIGKILL)
    wait_until(lambda: "etcd" not in pids(running), 60, "etcd to end")
    assert cluster.start(running).uid == uid
    assert condition_of(running, "etcd") == Condition.HEALTHY
    wait_until_well(running)


def test_a_pid_file_that_names_another_program_does_it_no_harm(
    running: State, bystander: "subprocess.Popen[bytes]"
) -> None:
    pid_file, ours = processes.pid_path(running, "kwok"), pids(running)["kwok"]
    pid_file.write_text(pid_file.read_text().replace(f'"pid": {ours},', f'"pid": {bystander.pid},'))
    assert {row.name: row.pid for row in cluster.status(running)}["kwok"] is None
    cluster.start(running)
    wait_until_well(running)
    assert bystander.poll() is None


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="lost processes are found by Linux's /proc")
def test_a_process_whose_pid_file_was_lost_is_found_and_replaced(running: State) -> None:
    lost = pids(running)["kwok"]
    processes.pid_path(running, "kwok").unlink()
    cluster.start(running)
    assert processes.started_at(lost) is None
    assert condition_of(running, "kwok") == Condition.HEALTHY
    wait_until_well(running)


def test_stop_then_start_brings_the_same_cluster_back(running: State) -> None:
    before, token = cluster.attach(running), running.kubeconfig.read_text()
    name = f"kept-{secrets.token_hex(4)}"
    with cluster.client(running) as client:
        client.create(ConfigMap(metadata=ObjectMeta(name=name, namespace="default"), data={"kept": "yes"}))
    old = pids(running)

    cluster.stop(running)
    assert pids(running) == {}
    assert [pid for pid in old.values() if processes.started_at(pid)] == []
    assert [port for port in before.ports.values() if not ports.is_free(port)] == []
    assert conditions(running) == {Condition.STOPPED}

    assert cluster.start(running) == before
    assert running.kubeconfig.read_text() == token
    with cluster.client(running) as client:
        assert client.get(ConfigMap, name, namespace="default").data == {"kept": "yes"}


def test_a_recorded_port_that_others_took_is_replaced_and_clients_follow(running: State) -> None:
    before = cluster.attach(running)
    cluster.stop(running)
    with socket.create_server((LOOPBACK, before.ports["kube-apiserver"])):
        after = cluster.start(running)
        assert after.server != before.server
        assert after.uid == before.uid
        wait_until_well(running)
        with cluster.client(running) as client:
            assert client.config.cluster.server == after.server
            with pytest.raises(ApiError, match="not found"):
                client.get(ConfigMap, "nothing-of-that-name", namespace="default")


def test_a_port_taken_at_the_last_moment_is_replaced(running: State, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cluster.attach(running)
    cluster.stop(running)
    taken = before.ports["rollouts-controller-metrics"]
    honest, asked = ports.is_free, []

    def once_wrong(port: int) -> bool:
        asked.append(port)
        return True if asked.count(taken) == 1 and port == taken else honest(port)

    monkeypatch.setattr(ports, "is_free", once_wrong)
    with socket.create_server((LOOPBACK, taken)):
        after = cluster.start(running)
        assert after.ports["rollouts-controller-metrics"] != taken
        wait_until_well(running)


def test_two_starts_at_once_make_one_cluster(running: State) -> None:
    cluster.stop(running)
    first, second = command(running, "start"), command(running, "start")
    outputs = [first.communicate(timeout=300), second.communicate(timeout=300)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    said = sorted(out.splitlines()[-1].split(" at ")[0] for out, _ in outputs)
    assert said == ["the embedded cluster is up", "the embedded cluster runs"]
    assert any("waits for another command" in out for out, _ in outputs)


@pytest.mark.parametrize(
    ("interruption", "reached"),
    # The second one while definitions are being applied, by another thread.
    [(signal.SIGTERM, "kube-apiserver"), (signal.SIGINT, "kwok")],
)
def test_an_interrupted_start_leaves_no_process(tmp_path: Path, interruption: signal.Signals, reached: str) -> None:
    state = State(tmp_path / "state")
    starting = command(state, "start")
    wait_until(lambda: reached in pids(state), 120, f"{reached} to be started")
    launched = pids(state)
    starting.send_signal(interruption)
    _, errors = starting.communicate(timeout=60)
    assert starting.returncode == 130, errors
    assert errors.splitlines() == ["interrupted; what this command had started is stopped"]
    assert pids(state) == {}
    assert [pid for pid in launched.values() if processes.started_at(pid)] == []
    assert [port for port in ports.recorded(state).values() if not ports.is_free(port)] == []


def test_a_program_that_ends_at_its_start_is_told_in_one_line(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.cluster_data.mkdir(parents=True)
    state.marker.touch()
    (state.cluster_data / "etcd").write_text("a file where etcd wants its folder")
    starting = command(state, "start")
    _, errors = starting.communicate(timeout=60)
    assert starting.returncode == 1
    assert len(errors.splitlines()) == 1, errors
    assert errors.startswith("error: etcd ended at its start: ")
    assert "not a directory" in errors
    assert str(processes.log_path(state, "etcd")) in errors
    assert pids(state) == {}


def test_delete_leaves_nothing(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    starting = command(state, "start")
    wait_until(lambda: "etcd" in pids(state), 120, "etcd to be started")
    starting.send_signal(signal.SIGINT)
    starting.communicate(timeout=60)
    deleting = command(state, "delete")
    assert deleting.communicate(timeout=60)[1] == ""
    assert deleting.returncode == 0
    assert not state.folder.exists()
