"""What a running cluster is to its users: where it is, who it is, and how to reach it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.cluster import ports
from local.cluster.health import Condition, status
from local.errors import LocalError
from local.state import EMBEDDED_CONTEXT, State


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    `uid` is that of its namespace kube-system, `ports` holds every port on 127.0.0.1 by name: that of each program, and
    `rollouts-controller-metrics`, where the controller's /metrics is.
    """

    state: State
    uid: str
    server: str
    ports: Mapping[str, int]

    @property
    def kubeconfig(self) -> Path:
        """Credentials of an administrator."""
        return self.state.kubeconfig

    @property
    def context(self) -> str:
        """The one context of the kubeconfig."""
        return EMBEDDED_CONTEXT

    def url(self, port: str) -> str:
        """Where a port answers HTTP, by its name: `prometheus`, `alertmanager`, `simulator` …"""
        return f"http://{ports.LOOPBACK}:{self.ports[port]}"

    @classmethod
    def recorded(cls, state: State) -> "Cluster | None":
        """What the last start wrote down once it was up; whether it still is must be asked."""
        try:
            record = json.loads(state.cluster_file.read_text())
            return cls(state, record["uid"], record["server"], ports.recorded(state))
        except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError):
            return None


def attach(state: State) -> Cluster:
    """The cluster that runs already; raises LocalError when it does not, or not all of it."""
    cluster = Cluster.recorded(state)
    ailing = [each.name for each in status(state) if each.condition != Condition.HEALTHY]
    if cluster is None or ailing:
        what = f"{', '.join(ailing)} of the embedded cluster is down" if cluster else "no embedded cluster is running"
        raise LocalError(f"{what}: run `make up`, or `python -m local.cluster start`")
    return cluster
