"""Prometheus and Alertmanager as the operator configures them, and what stands for the pods that they watch."""

from pathlib import Path

from local.cluster.component import Component, Setting, Stage
from local.cluster.ports import LOOPBACK
from local.monitoring.configuration import ALERTMANAGER_FILE, PROMETHEUS_FILE
from local.monitoring.generations import CURRENT
from local.state import State

CONTROLLER_METRICS = "rollouts-controller-metrics"
"""The port of the Rollouts controller's /metrics; the pod that stands for it in the cluster is annotated with it."""

RETENTION = "1d"
RETENTION_SIZE = "256MB"
"""Nine services of four pods come to 1,200 samples a second: measured 34 MB an hour as they are logged, of which 6 MB
stay once they are compacted, after two to three hours."""


def _configurations(state: State, program: str) -> Path:
    """Where the config-reloader puts what the program reads."""
    return state.cluster_data / f"{program}-configuration"


def _simulator(setting: Setting) -> list[str]:
    port = setting.ports[CONTROLLER_METRICS]
    return [f"--listen-port={setting.ports['simulator']}", f"--program={CONTROLLER_METRICS}={port}"]


def _config_reloader(setting: Setting) -> list[str]:
    others = ("simulator", "prometheus", "alertmanager")
    return [
        f"--listen-port={setting.ports['config-reloader']}",
        *(f"--{name}-port={setting.ports[name]}" for name in others),
        *(f"--{name}-folder={_configurations(setting.state, name)}" for name in ("prometheus", "alertmanager")),
    ]


def _prometheus(setting: Setting) -> list[str]:
    return [
        f"--config.file={_configurations(setting.state, 'prometheus') / CURRENT / PROMETHEUS_FILE}",
        f"--web.listen-address={LOOPBACK}:{setting.ports['prometheus']}",
        "--web.enable-lifecycle",
        "--storage.tsdb.path=prometheus",
        f"--storage.tsdb.retention.time={RETENTION}",
        f"--storage.tsdb.retention.size={RETENTION_SIZE}",
    ]


def _alertmanager(setting: Setting) -> list[str]:
    address = f"{LOOPBACK}:{setting.ports['alertmanager']}"
    return [
        f"--config.file={_configurations(setting.state, 'alertmanager') / CURRENT / ALERTMANAGER_FILE}",
        f"--web.listen-address={address}",
        # What stands in messages as the link to it.
        f"--web.external-url=http://{address}",
        "--storage.path=alertmanager",
        # There is only one: no port for talking to others.
        "--cluster.listen-address=",
    ]


MONITORING: tuple[Component, ...] = (
    Component(
        "simulator",
        Stage.CONTROLLERS,
        _simulator,
        ports=("simulator",),
        module="local.simulator",
        verdict_path="/readyz",
    ),
    Component(
        "config-reloader",
        Stage.CONTROLLERS,
        _config_reloader,
        ports=("config-reloader",),
        module="local.monitoring",
        verdict_path="/readyz",
    ),
    Component("prometheus", Stage.MONITORING, _prometheus, ports=("prometheus",), health_path="/-/ready"),
    Component(
        "alertmanager",
        Stage.MONITORING,
        _alertmanager,
        ports=("alertmanager",),
        reads=lambda _: (),
        health_path="/-/ready",
    ),
)
"""The config-reloader is well once both programs have something to start with; that the newest configuration was
refused shows in its verdict alone, or `make up`, which is to mend it, could never begin."""
