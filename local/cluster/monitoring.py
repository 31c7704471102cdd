"""Prometheus and Alertmanager as the operator configures them, and what they watch: kube-state-metrics, and what stands
for the pods."""

from pathlib import Path

from local.cluster.component import Component, Setting, Stage
from local.cluster.ports import LOOPBACK
from local.monitoring.configuration import ALERTMANAGER_FILE, PROMETHEUS_FILE
from local.monitoring.generations import CURRENT
from local.state import State

CONTROLLER_METRICS = "rollouts-controller-metrics"
"""The port of the Rollouts controller's /metrics; the pod that stands for it in the cluster is annotated with it."""

KUBE_STATE_METRICS = "kube-state-metrics"
"""The port of what it tells of the cluster's objects, which a pod stands for likewise."""

RECEIVER, RECEIVER_SMTP = "receiver", "receiver-smtp"
"""The ports that stand for Slack's and for a mail server's."""

ROLLOUT_STATE = Path(__file__).parent / "rollout-state.yaml"
"""What kube-state-metrics tells of Rollouts: the same as in a cluster whose monitoring stack the program installs."""

LOOKBACK_SECONDS = 300
"""Prometheus's own default."""

RETENTION = "1d"
RETENTION_SIZE = "256MB"
"""Nine services of four pods come to 1,200 samples a second: measured 34 MB an hour as they are logged, of which 6 MB
stay once they are compacted, after two to three hours."""


def _configurations(state: State, program: str) -> Path:
    """Where the config-reloader puts what the program reads."""
    return state.cluster_data / f"{program}-configuration"


def _simulator(setting: Setting) -> list[str]:
    programs = (f"--program={name}={setting.ports[name]}" for name in (CONTROLLER_METRICS, KUBE_STATE_METRICS))
    return [f"--listen-port={setting.ports['simulator']}", f"--time-scale={setting.time_scale:g}", *programs]


def _kube_state_metrics(setting: Setting) -> list[str]:
    return [
        f"--kubeconfig={setting.state.kubeconfig}",
        f"--custom-resource-state-config-file={ROLLOUT_STATE}",
        # Nobody here asks for the metrics of pods, nodes and the like, of which there are a hundred times as many.
        "--custom-resource-state-only=true",
        *(f"--host={LOOPBACK}", f"--port={setting.ports[KUBE_STATE_METRICS]}"),
        *(f"--telemetry-host={LOOPBACK}", f"--telemetry-port={setting.ports[f'{KUBE_STATE_METRICS}-telemetry']}"),
    ]


def _receiver(setting: Setting) -> list[str]:
    return [f"--listen-port={setting.ports[RECEIVER]}", f"--smtp-port={setting.ports[RECEIVER_SMTP]}"]


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
        # After five minutes without news a series is forgotten.
        f"--query.lookback-delta={round(LOOKBACK_SECONDS * 1000 / setting.time_scale)}ms",
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
        RECEIVER,
        Stage.CONTROLLERS,
        _receiver,
        ports=(RECEIVER, RECEIVER_SMTP),
        module="local.receiver",
        reads=lambda _: (),
    ),
    Component(
        "config-reloader",
        Stage.CONTROLLERS,
        _config_reloader,
        ports=("config-reloader",),
        module="local.monitoring",
        verdict_path="/readyz",
    ),
    Component(
        KUBE_STATE_METRICS,
        Stage.CONTROLLERS,
        _kube_state_metrics,
        ports=(KUBE_STATE_METRICS, f"{KUBE_STATE_METRICS}-telemetry"),
        reads=lambda state: (state.kubeconfig, ROLLOUT_STATE),
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
