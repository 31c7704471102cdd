"""What the Prometheus Operator makes of custom resources: the configuration that Prometheus and Alertmanager run on."""

import base64
import gzip
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightkube
import yaml
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace, Secret

from local import programs
from local.waiting import wait_until

Object = Mapping[str, Any]
Labels = Mapping[str, str]

_GROUP, _VERSION = "monitoring.coreos.com", "v1"
Alertmanager = create_namespaced_resource(_GROUP, _VERSION, "Alertmanager", "alertmanagers")
AlertmanagerConfig = create_namespaced_resource(_GROUP, "v1alpha1", "AlertmanagerConfig", "alertmanagerconfigs")
Prometheus = create_namespaced_resource(_GROUP, _VERSION, "Prometheus", "prometheuses")
PrometheusRule = create_namespaced_resource(_GROUP, _VERSION, "PrometheusRule", "prometheusrules")
ServiceMonitor = create_namespaced_resource(_GROUP, _VERSION, "ServiceMonitor", "servicemonitors")

_KINDS: dict[str, Any] = {
    "AlertmanagerConfig": AlertmanagerConfig,
    "Namespace": Namespace,
    "PrometheusRule": PrometheusRule,
    "Secret": Secret,
}

SECONDS = 60
"""The operator looks again within seconds of a change; builds may be running beside it."""


def create(client: lightkube.Client, objects: Iterable[Object]) -> None:
    """Make the objects, in their order."""
    for each in objects:
        kind = _KINDS[each["kind"]]
        client.create(kind.from_dict(dict(each)))


@contextmanager
def alertmanager(client: lightkube.Client, namespace: str, picks: Labels, strategy: str | None) -> Iterator[str]:
    """An Alertmanager without pods, which picks AlertmanagerConfigs by these labels; the name of it.

    `strategy` decides whose alerts those may route; without one it is the operator's default.
    """
    how = {"alertmanagerConfigMatcherStrategy": {"type": strategy}} if strategy else {}
    spec = {
        "replicas": 0,
        "alertmanagerConfigSelector": {"matchLabels": dict(picks)},
        "alertmanagerConfigNamespaceSelector": {},
        **how,
    }
    name = "judge"
    client.create(Alertmanager(metadata=ObjectMeta(name=name, namespace=namespace), spec=spec))
    try:
        yield name
    finally:
        client.delete(Alertmanager, name, namespace=namespace)


@dataclass(frozen=True)
class Generated:
    """A generated configuration as a file, and as what it says."""

    file: Path

    @property
    def content(self) -> dict[str, Any]:
        """The configuration as data."""
        content: dict[str, Any] = yaml.safe_load(self.file.read_text(encoding="utf-8"))
        return content

    def faults(self, program: str, *command: str) -> str:
        """What amtool or promtool has against it; empty where nothing."""
        finished = run(program, *command, str(self.file))
        return finished.stdout + finished.stderr if finished.returncode else ""


def run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one of the programs of the cache."""
    path = programs.ensure([program], lambda _: None)[program]
    return subprocess.run([path, *arguments], check=False, capture_output=True, text=True)


def generated_alertmanager(
    client: lightkube.Client, namespace: str, name: str, routed: Iterable[str], folder: Path
) -> Generated:
    """The configuration of an Alertmanager, once it routes the alerts of these namespaces."""
    wanted = set(routed)
    file = folder / "alertmanager.yaml"

    def written() -> bool:
        data = _unpacked(client, namespace, f"alertmanager-{name}-generated", "alertmanager.yaml.gz")
        if data is None:
            return False
        file.write_bytes(data)
        receivers = yaml.safe_load(data)["receivers"]
        return wanted <= {each["name"].partition("/")[0] for each in receivers}

    wait_until(written, SECONDS, f"the configuration of Alertmanager {name} to route the alerts of {sorted(wanted)}")
    return Generated(file)


def routed_to(config: Generated, labels: Labels) -> list[str]:
    """The receivers of an alert with these labels, as amtool tells them."""
    arguments = [f"{name}={value}" for name, value in labels.items()]
    told = run("amtool", "config", "routes", "test", f"--config.file={config.file}", *arguments)
    assert told.returncode == 0, told.stderr
    return told.stdout.strip().split(",")


def scrape_job(monitor: Object) -> str:
    """The job that the operator makes of the first endpoint of a ServiceMonitor."""
    return f"serviceMonitor/{monitor['metadata']['namespace']}/{monitor['metadata']['name']}/0"


def rule_file(rule: Object) -> str:
    """The file that the operator makes of a PrometheusRule."""
    return "{namespace}-{name}-{uid}.yaml".format(**rule["metadata"])


def generated_prometheus(
    client: lightkube.Client, namespace: str, name: str, parts: Iterable[str], folder: Path
) -> Generated:
    """The configuration of a Prometheus, once it has these scrape jobs and rule files; the files stand beside it."""
    file = folder / "prometheus.yaml"
    wanted = set(parts)

    def written() -> bool:
        data = _unpacked(client, namespace, f"prometheus-{name}", "prometheus.yaml.gz")
        if data is None:
            return False
        content = yaml.safe_load(data)
        # The operator deletes the ConfigMaps of rules and makes them anew: for a moment there may be none.
        files = _rule_files(client, namespace, name, folder)
        content["rule_files"] = [str(each) for each in files]
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        return wanted <= {each["job_name"] for each in content["scrape_configs"]} | {each.name for each in files}

    wait_until(written, SECONDS, f"Prometheus {name} to have {sorted(wanted)}")
    return Generated(file)


def _rule_files(client: lightkube.Client, namespace: str, name: str, folder: Path) -> list[Path]:
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    files: list[Path] = []
    for each in client.list(ConfigMap, namespace=namespace, labels={"prometheus-name": name}):
        for key, text in (each.data or {}).items():
            (rules / key).write_text(text, encoding="utf-8")
            files.append(rules / key)
    return files


def _unpacked(client: lightkube.Client, namespace: str, secret: str, key: str) -> bytes | None:
    try:
        data = client.get(Secret, secret, namespace=namespace).data or {}
    except ApiError as error:
        if error.status.code != 404:
            raise
        return None
    return gzip.decompress(base64.b64decode(data[key])) if key in data else None
