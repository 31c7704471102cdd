"""How the monitoring programs of the embedded cluster are started, and how `make up` tells others of them."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.local_stack import addresses, with_prometheus
from components.monitoring_values_kube_state_metrics import kube_state_metrics_values
from local.cluster import components
from local.cluster.bootstrap import OBJECTS
from local.cluster.component import Component, Setting
from local.cluster.last_words import last_words, port_was_taken
from local.cluster.monitoring import CONTROLLER_METRICS, KUBE_STATE_METRICS, MONITORING, ROLLOUT_STATE
from local.cluster.ports import LOOPBACK
from local.simulator.cluster_view import STANDS_FOR
from local.state import CHECKOUT, State
from tests.unit.golden import rollout_state

OURS = [component for component in MONITORING if component.module]


def setting(folder: Path) -> Setting:
    names = [port for component in components.COMPONENTS for port in component.ports]
    programs = {component.name: Path("/bin") / component.name for component in MONITORING if not component.module}
    return Setting(State(folder), programs, folder, {name: 20000 + at for at, name in enumerate(names)})


@pytest.mark.parametrize("component", OURS, ids=lambda component: component.name)
def test_a_program_of_ours_runs_in_this_python_from_this_checkout_on_that_state_folder(
    component: Component, tmp_path: Path
) -> None:
    launch = component.launch(setting(tmp_path))
    assert launch.command[:3] == [sys.executable, "-m", component.module]
    assert launch.environment["PYTHONPATH"] == str(CHECKOUT)
    assert launch.environment["API_OBSERVABILITY_STATE"] == str(tmp_path)
    told = subprocess.run([*launch.command, "--help"], env=launch.environment, check=True, capture_output=True)
    assert b"--listen-port" in told.stdout


@pytest.mark.parametrize("component", OURS, ids=lambda component: component.name)
def test_a_program_of_ours_is_started_anew_when_its_source_changes(component: Component, tmp_path: Path) -> None:
    read = {path.relative_to(CHECKOUT).as_posix() for path in component.launch(setting(tmp_path)).reads if path.suffix}
    folder = component.module.replace(".", "/")
    assert {f"{folder}/__main__.py", f"{folder}/__init__.py"} <= read


def objects(file: str, kind: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all((OBJECTS / file).read_text()) if each["kind"] == kind]


@pytest.mark.parametrize(
    ("file", "port"), [("argo-rollouts.yaml", CONTROLLER_METRICS), ("kube-state-metrics.yaml", KUBE_STATE_METRICS)]
)
def test_the_port_of_a_programs_metrics_is_what_its_pod_says_it_stands_for(
    file: str, port: str, tmp_path: Path
) -> None:
    (deployment,) = objects(file, "Deployment")
    assert deployment["spec"]["template"]["metadata"]["annotations"] == {STANDS_FOR: port}
    where = setting(tmp_path)
    (simulator,) = [component for component in MONITORING if component.name == "simulator"]
    assert f"--program={port}={where.ports[port]}" in simulator.launch(where).command


def test_kube_state_metrics_tells_here_what_the_program_has_it_tell_in_a_cluster() -> None:
    assert ROLLOUT_STATE.read_text(encoding="utf-8") == rollout_state.as_configured(), (
        "on purpose? then: python -m tests.unit.golden.rollout_state"
    )


def test_kube_state_metrics_is_scraped_here_as_the_charts_monitor_scrapes_it_in_a_cluster() -> None:
    (monitor,) = objects("kube-state-metrics.yaml", "ServiceMonitor")
    (endpoint,) = monitor["spec"]["endpoints"]
    told = kube_state_metrics_values()["prometheus"]["monitor"]["http"]
    assert endpoint == {"port": "http", **told}
    (service,) = objects("kube-state-metrics.yaml", "Service")
    labels = service["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert labels[monitor["spec"]["jobLabel"]] == "kube-state-metrics"


def test_kube_state_metrics_is_started_anew_when_it_is_to_tell_something_else(tmp_path: Path) -> None:
    (program,) = [component for component in MONITORING if component.name == KUBE_STATE_METRICS]
    assert ROLLOUT_STATE in program.launch(setting(tmp_path)).reads


def test_a_port_that_was_taken_is_told_by_our_programs_too(tmp_path: Path) -> None:
    log = tmp_path / "simulator.log"
    log.write_text(f"Traceback\nOSError: [Errno {errno.EADDRINUSE}] {os.strerror(errno.EADDRINUSE)}\n")
    assert port_was_taken(log)
    with socket.create_server((LOOPBACK, 0)) as server, pytest.raises(OSError, match=os.strerror(errno.EADDRINUSE)):
        socket.create_server((LOOPBACK, server.getsockname()[1]))


def test_the_last_words_of_our_programs_are_their_errors(tmp_path: Path) -> None:
    log = tmp_path / "config-reloader.log"
    log.write_text('time=2026-01-01 00:00:00,000 level=ERROR msg="it is bad"\ntime=x level=INFO msg="goes on"\n')
    assert last_words(log) == "it is bad"


def settings(**prometheus: str) -> dict[str, Any]:
    return {"config": {"api-observability:environment": "local", "api-observability:prometheus": prometheus}}


def test_analyses_of_the_local_stack_ask_the_clusters_own_prometheus() -> None:
    found = with_prometheus({"config": {"api-observability:environment": "local"}}, "http://127.0.0.1:9")
    assert found == settings(address="http://127.0.0.1:9")


def test_other_settings_of_prometheus_stay() -> None:
    found = with_prometheus(settings(retention="1d"), "http://127.0.0.1:9")
    assert found["config"]["api-observability:prometheus"] == {"address": "http://127.0.0.1:9", "retention": "1d"}


def test_an_address_in_the_stack_file_wins_and_none_is_made_up() -> None:
    assert with_prometheus(settings(address="http://mine:1"), "http://127.0.0.1:9") == settings(address="http://mine:1")
    assert with_prometheus(settings(), None) == settings()


def test_addresses_are_shown_where_a_cluster_is_up(tmp_path: Path) -> None:
    state = State(tmp_path)
    assert addresses(state) == []
    state.cluster_data.mkdir()
    (state.cluster_data / "ports.json").write_text('{"prometheus": 1, "alertmanager": 2, "etcd": 3, "receiver": 5}')
    assert addresses(state) == [], "the ports outlive the cluster"
    state.cluster_file.write_text('{"uid": "u", "server": "https://127.0.0.1:4"}')
    assert addresses(state) == [
        ("Prometheus", "http://127.0.0.1:1"),
        ("Alertmanager", "http://127.0.0.1:2"),
        ("Messages", "http://127.0.0.1:5"),
    ]
    (state.cluster_data / "ports.json").write_text('{"etcd": 3}')
    assert addresses(state) == [], "one that was started before there was a Prometheus"
