"""The stand-in plugin as a process: what it refuses to touch, what it says, and when it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import lightkube
import pytest
import yaml

from local.plugin import install
from local.plugin.provider import NOTICE
from local.plugin.readiness import SETTLE_SECONDS
from local.state import EMBEDDED_CONTEXT, STATE_VARIABLE, State
from local.waiting import wait_until
from tests.engine import plugin_harness as harness
from tests.engine.plugin_harness import CONFIG_MAP, SERVICE, Plugin, PluginFailure


def refusal(state: State, folder: Path, **settings: str) -> str:
    """What Configure says; it must be one line."""
    with harness.running(state, folder, configured=False) as plugin, pytest.raises(PluginFailure) as failure:
        plugin.configure(**settings)
    said = str(failure.value)
    assert "\n" not in said
    assert "install the official plugin" in said
    return said


def test_a_cluster_on_another_machine_is_refused(embedded_cluster: State, tmp_path: Path) -> None:
    config = yaml.safe_load(embedded_cluster.kubeconfig.read_text())
    for entry in config["clusters"]:
        entry["cluster"]["server"] = "https://192.0.2.7:6443"
    elsewhere = yaml.safe_dump(config)
    assert "192.0.2.7" in refusal(embedded_cluster, tmp_path, kubeconfig=elsewhere, context=EMBEDDED_CONTEXT)


def test_another_cluster_on_this_machine_is_refused(embedded_cluster: State, tmp_path: Path) -> None:
    other = State(tmp_path / "state")
    other.folder.mkdir()
    described = json.loads(embedded_cluster.cluster_file.read_text())
    other.cluster_file.write_text(json.dumps({**described, "uid": "00000000-0000-0000-0000-000000000000"}))
    said = refusal(other, tmp_path, kubeconfig=str(embedded_cluster.kubeconfig), context=EMBEDDED_CONTEXT)
    assert described["uid"] in said


def test_without_an_embedded_cluster_everything_is_refused(embedded_cluster: State, tmp_path: Path) -> None:
    nothing = State(tmp_path / "state")
    said = refusal(nothing, tmp_path, kubeconfig=str(embedded_cluster.kubeconfig), context=EMBEDDED_CONTEXT)
    assert str(nothing.cluster_file) in said


def test_a_cluster_that_does_not_answer_fails_operations_and_not_the_preview(
    embedded_cluster: State, tmp_path: Path
) -> None:
    config = yaml.safe_load(embedded_cluster.kubeconfig.read_text())
    for entry in config["clusters"]:
        entry["cluster"]["server"] = "https://127.0.0.1:1"
    with harness.running(embedded_cluster, tmp_path, kubeconfig=yaml.safe_dump(config)) as plugin:
        inputs = harness.config_map("default", colour="red")
        assert plugin.create(CONFIG_MAP, inputs, preview=True).outputs == inputs
        with pytest.raises(PluginFailure, match="configured Kubernetes cluster is unreachable: unable to load schema"):
            plugin.create(CONFIG_MAP, inputs)


def test_a_context_that_is_not_there_is_named(embedded_cluster: State, tmp_path: Path) -> None:
    with (
        harness.running(embedded_cluster, tmp_path, context="nowhere") as plugin,
        pytest.raises(PluginFailure, match="kubeconfig has no context 'nowhere'"),
    ):
        plugin.create(CONFIG_MAP, harness.config_map("default", colour="red"))


def test_it_says_once_that_it_is_a_stand_in(embedded_cluster: State, tmp_path: Path) -> None:
    with harness.running(embedded_cluster, tmp_path) as plugin:
        plugin.configure(kubeconfig=str(embedded_cluster.kubeconfig), context=EMBEDDED_CONTEXT)
        assert plugin.log.messages == [NOTICE]


def test_a_service_waits_until_its_endpoints_have_settled(embedded_cluster: State, tmp_path: Path, space: str) -> None:
    inputs = harness.service(space)
    del inputs["metadata"]["annotations"]
    with harness.running(embedded_cluster, tmp_path) as plugin:
        begin = time.monotonic()
        made = plugin.create(SERVICE, inputs)
        waited = time.monotonic() - begin
        assert made.resource_id == f"{space}/checkout"
        assert waited >= SETTLE_SECONDS
        headless = harness.service(space)
        headless["metadata"] |= {"name": "headless", "annotations": {}}
        headless["spec"]["clusterIP"] = "None"
        begin = time.monotonic()
        plugin.create(SERVICE, headless)
        assert time.monotonic() - begin < waited


def test_a_service_whose_pods_are_not_ready_is_kept_with_the_reason(
    embedded_cluster: State, client: lightkube.Client, tmp_path: Path, space: str
) -> None:
    inputs = harness.service(space)
    del inputs["metadata"]["annotations"]
    harness.pod_that_never_gets_ready(client, space, inputs["spec"]["selector"])
    with harness.running(embedded_cluster, tmp_path) as plugin:
        with pytest.raises(PluginFailure, match="timed out waiting to be Ready") as failure:
            plugin.create(SERVICE, inputs, timeout=12)
        assert failure.value.kept
        assert any("does not target any Pods" in reason for reason in failure.value.kept.reasons)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once(embedded_cluster: State, tmp_path: Path, number: signal.Signals) -> None:
    with harness.running(embedded_cluster, tmp_path) as plugin:
        plugin.process.send_signal(number)
        assert plugin.process.wait(timeout=60) == 128 + number


def test_it_ends_when_the_engine_is_gone(tmp_path: Path, embedded_cluster: State) -> None:
    launcher = (
        "import subprocess, sys\n"
        f"p = subprocess.Popen([{str(install(tmp_path))!r}, '127.0.0.1:1'], stdout=subprocess.PIPE, text=True)\n"
        "p.stdout.readline()\n"
        "print(p.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    engine = subprocess.Popen(
        [sys.executable, "-c", launcher],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, STATE_VARIABLE: str(embedded_cluster.folder)},
    )
    assert engine.stdout
    plugin = int(engine.stdout.readline())
    assert _alive(plugin)
    engine.kill()
    engine.wait()
    wait_until(lambda: not _alive(plugin), 60, "the plugin to end after its engine")


def test_it_needs_no_particular_working_directory(embedded_cluster: State, tmp_path: Path) -> None:
    (tmp_path / "grpc.py").write_text("raise AssertionError('imported from the working directory')\n")
    with harness.running(embedded_cluster, tmp_path) as plugin:
        assert isinstance(plugin, Plugin)


def _alive(pid: int) -> bool:
    """Whether the process runs; one that ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
