"""The real kube-state-metrics beside the embedded cluster, with a configuration and permissions of the tests' own."""

import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightkube
import yaml
from lightkube.models.authentication_v1 import TokenRequestSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.models.rbac_v1 import PolicyRule, RoleRef, Subject
from lightkube.resources.core_v1 import ServiceAccount, ServiceAccountToken
from lightkube.resources.rbac_authorization_v1 import ClusterRole, ClusterRoleBinding

from local import programs
from local.cluster.api import ask
from local.cluster.ports import LOOPBACK
from local.state import State
from local.waiting import wait_until
from tests.engine.permissions import Asked, may

Labels = dict[str, str]

_GRACE_SECONDS = 60
_NAME = "rollout-state"


@dataclass
class KubeStateMetrics:
    """A running one: what it exposes, and what it has logged."""

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def exposed(self) -> str:
        """All that Prometheus would read."""
        return ask(f"http://{LOOPBACK}:{self.port}/metrics").body.decode()

    def samples(self, metric: str, rollout: str) -> list[tuple[Labels, float]]:
        """The samples of a metric that are of that Rollout."""
        found = re.findall(rf"^{metric}{{(.*)}} (\S+)$", self.exposed(), re.MULTILINE)
        labelled = [(dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)), float(value)) for labels, value in found]
        return [(labels, value) for labels, value in labelled if labels["name"] == rollout]

    def value(self, metric: str, rollout: str) -> float | None:
        """The only sample of a metric that is of that Rollout; None where there is none."""
        found = self.samples(metric, rollout)
        assert len(found) <= 1, found
        return found[0][1] if found else None

    def series(self, rollout: str) -> dict[str, str]:
        """All samples that are of that Rollout, as promtool takes them."""
        lines = [line.rpartition(" ") for line in self.exposed().splitlines() if f'name="{rollout}"' in line]
        return {series: value for series, _, value in lines}


@contextmanager
def running(
    state: State,
    client: lightkube.Client,
    space: str,
    folder: Path,
    *,
    config: dict[str, Any],
    rules: Sequence[dict[str, list[str]]],
) -> Iterator[KubeStateMetrics]:
    """It runs as a ServiceAccount of the namespace `space` that may do what `rules` allow, and nothing else."""
    program = programs.ensure(["kube-state-metrics"], lambda _: None)["kube-state-metrics"]
    config_file, log = folder / "config.yaml", folder / "kube-state-metrics.log"
    config_file.write_text(yaml.safe_dump(config), encoding="utf-8")
    port, telemetry = _free_ports(2)
    with permitted(client, space, rules), log.open("wb") as output:
        command = [
            str(program),
            f"--kubeconfig={_kubeconfig(state, client, space, folder)}",
            f"--custom-resource-state-config-file={config_file}",
            "--custom-resource-state-only=true",
            *(f"--host={LOOPBACK}", f"--port={port}"),
            *(f"--telemetry-host={LOOPBACK}", f"--telemetry-port={telemetry}"),
        ]
        with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
            try:
                wait_until(lambda: _answers(process, port, log), 60, "kube-state-metrics to answer")
                yield KubeStateMetrics(port, process, log)
            finally:
                process.terminate()
                process.wait(_GRACE_SECONDS)


@contextmanager
def permitted(client: lightkube.Client, space: str, rules: Sequence[dict[str, list[str]]]) -> Iterator[str]:
    """A ServiceAccount of the namespace `space` that may do what `rules` allow; the user that it is."""
    client.create(ServiceAccount(metadata=ObjectMeta(name=_NAME, namespace=space)))
    name = f"{_NAME}-{space}"
    granted = [PolicyRule(**rule) for rule in rules]
    client.create(ClusterRole(metadata=ObjectMeta(name=name), rules=granted))
    client.create(
        ClusterRoleBinding(
            metadata=ObjectMeta(name=name),
            roleRef=RoleRef(apiGroup="rbac.authorization.k8s.io", kind="ClusterRole", name=name),
            subjects=[Subject(kind="ServiceAccount", name=_NAME, namespace=space)],
        )
    )
    account = f"system:serviceaccount:{space}:{_NAME}"
    asked = [
        Asked(verb, group, resource)
        for rule in granted
        for verb in rule.verbs
        for group in rule.apiGroups or []
        for resource in rule.resources or []
    ]
    try:
        # The API server answers by what it has been told of roles and bindings, which is a moment old.
        wait_until(lambda: all(may(client, account, each) for each in asked), 60, f"the permissions of {account}")
        yield account
    finally:
        client.delete(ClusterRoleBinding, name)
        client.delete(ClusterRole, name)


def _kubeconfig(state: State, client: lightkube.Client, space: str, folder: Path) -> Path:
    """The embedded cluster's kubeconfig with the ServiceAccount's token in the administrator's place."""
    request = ServiceAccountToken(metadata=ObjectMeta(), spec=TokenRequestSpec(audiences=[]))
    token = client.create(request, _NAME, namespace=space)
    assert token.status
    config = yaml.safe_load(state.kubeconfig.read_text(encoding="utf-8"))
    config["users"] = [{"name": user["name"], "user": {"token": token.status.token}} for user in config["users"]]
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    path.chmod(0o600)
    return path


def _answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> bool:
    assert process.poll() is None, log.read_text(encoding="utf-8")
    try:
        return ask(f"http://{LOOPBACK}:{port}/livez").status == 200
    except OSError:
        return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
