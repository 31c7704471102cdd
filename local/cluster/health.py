"""Whether the programs of the cluster run and work, by their own account."""

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from local.cluster import ports, processes
from local.cluster.api import ask, authority, bearer
from local.cluster.component import NO_PORT, Component, Stage
from local.cluster.components import COMPONENTS, ETCD_SOCKET
from local.cluster.credentials import server_url
from local.state import State

HEALTH_SECONDS = 5.0
"""A program that takes longer to say that it is well is not."""


class Condition(StrEnum):
    """How a program is: `running` is one that does not answer as it should, `dead` one that ended by itself."""

    HEALTHY = "healthy"
    RUNNING = "running"
    DEAD = "dead"
    STOPPED = "stopped"


@dataclass(frozen=True)
class ProcessStatus:
    """One row of the status table; `port` is None for etcd, which listens on a socket in the state folder."""

    name: str
    pid: int | None
    port: int | None
    condition: Condition
    log: Path


def status(state: State) -> list[ProcessStatus]:
    """How each program of the cluster is, in the order of their start."""
    known = ports.recorded(state)
    return [_status_of(component, state, known) for component in COMPONENTS]


def table(rows: Sequence[ProcessStatus]) -> str:
    """The rows as a person reads them."""
    lines = [f"{'PROGRAM':<24}{'STATE':<10}{'PID':<9}{'PORT':<7}LOG"]
    lines += [f"{row.name:<24}{row.condition:<10}{row.pid or '-':<9}{row.port or '-':<7}{row.log}" for row in rows]
    return "\n".join(lines)


def healthy(component: Component, state: State, known_ports: Mapping[str, int]) -> bool:
    """Whether a program that runs is ready to be used. etcd is as soon as it listens."""
    if component.stage == Stage.STORE:
        return (state.cluster_data / ETCD_SOCKET).exists()
    if component.stage == Stage.SERVER:
        return _server_says(state, known_ports, "/readyz")
    return _says_ok(component.health_url(known_ports), state, {})


def _server_says(state: State, known_ports: Mapping[str, int], path: str) -> bool:
    return _says_ok(server_url(known_ports.get("kube-apiserver", NO_PORT)) + path, state, bearer(state))


def _says_ok(url: str, state: State, headers: dict[str, str]) -> bool:
    try:
        answer = ask(url, authority=authority(state), headers=headers, timeout_seconds=HEALTH_SECONDS)
        return answer.status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


def _status_of(component: Component, state: State, known_ports: Mapping[str, int]) -> ProcessStatus:
    record = processes.recorded(state, component.name)
    alive = record is not None and record.alive
    condition = Condition.STOPPED if record is None else Condition.DEAD
    if alive:
        well = healthy(component, state, known_ports)
        if component.stage == Stage.STORE:  # the API server knows more of it than that it listens
            well = well and _server_says(state, known_ports, "/readyz/etcd")
        if component.verdict_path:
            well = well and _says_ok(component.verdict_url(known_ports), state, {})
        condition = Condition.HEALTHY if well else Condition.RUNNING
    return ProcessStatus(
        name=component.name,
        pid=record.pid if record and alive else None,
        port=known_ports.get(component.ports[0]) if component.ports else None,
        condition=condition,
        log=processes.log_path(state, component.name),
    )
