"""A chart of API services as teams have it before they come to this program, installed by the real `helm`."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local import programs

Manifest = dict[str, Any]

CHART, RELEASE = "api-observability", "apis-chart"
LABELS = {"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": f"{CHART}-0.1.0"}
REPLICAS = 4


def of(
    kind: str, version: str, name: str, spec: Mapping[str, Any], labels: Mapping[str, str] | None = None
) -> Manifest:
    """An object as the chart's templates spell it."""
    metadata = {"name": name, "labels": {"app": name, **LABELS, **(labels or {})}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def service(name: str, port: int, suffix: str = "") -> Manifest:
    """A Service on the pods of one API."""
    ports = [{"name": "http", "port": port, "targetPort": port, "protocol": "TCP"}]
    return of("Service", "v1", f"{name}{suffix}", {"type": "ClusterIP", "selector": {"app": name}, "ports": ports})


def template(name: str, port: int) -> Manifest:
    """Pods that are not as this program would make them: another container, a variable, no limits."""
    container = {
        "name": "main",
        "image": f"registry.example.com/{name}:0.9",
        "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
        "env": [{"name": "FROM_THE_CHART", "value": "yes"}],
    }
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}


def rollout(name: str, port: int, canary: Mapping[str, Any] | None = None) -> Manifest:
    """A Rollout with steps and surge of its own."""
    strategy = {
        "canary": {"maxSurge": 1, "steps": [{"setWeight": 10}, {"pause": {"duration": "60s"}}], **(canary or {})}
    }
    selector = {"matchLabels": {"app": name}}
    spec = {"replicas": REPLICAS, "selector": selector, "template": template(name, port), "strategy": strategy}
    return of("Rollout", "argoproj.io/v1alpha1", name, spec)


def deployment(name: str, port: int) -> Manifest:
    """A service that has no canaries yet."""
    selector = {"matchLabels": {"app": name}}
    spec = {"replicas": REPLICAS, "selector": selector, "template": template(name, port)}
    return of("Deployment", "apps/v1", name, spec)


def monitor(name: str) -> Manifest:
    """How Prometheus finds it."""
    endpoints = [{"port": "http", "path": "/metrics", "interval": "30s", "honorLabels": True}]
    spec = {"selector": {"matchLabels": {"app": name}}, "endpoints": endpoints}
    return of("ServiceMonitor", "monitoring.coreos.com/v1", name, spec, {"release": "kube-prometheus-stack"})


def analysis(name: str) -> Manifest:
    """What judged its canaries."""
    query = {"prometheus": {"address": "http://prometheus:9090", "query": "vector(1)"}}
    metric = {"name": "error-rate", "successCondition": "result[0] < 2", "provider": query}
    return of("AnalysisTemplate", "argoproj.io/v1alpha1", name, {"metrics": [metric]})


def disruption_budget(name: str) -> Manifest:
    """With the bound that the program does not use; a budget cannot have both."""
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": name}}}
    return of("PodDisruptionBudget", "policy/v1", name, spec)


def ingress(name: str, host: str) -> Manifest:
    """What nginx reads."""
    backend = {"service": {"name": f"{name}-stable", "port": {"name": "http"}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    spec = {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": paths}}]}
    return of("Ingress", "networking.k8s.io/v1", name, spec)


class Helm:
    """The real `helm`, on one cluster and in one namespace, with folders of its own."""

    def __init__(self, kubeconfig: Path, namespace: str, home: Path) -> None:
        self._program = programs.ensure(["helm"], lambda _: None)["helm"]
        self._home = home
        own = [f"--kubeconfig={kubeconfig}", f"--namespace={namespace}"]
        folders = [f"--repository-cache={home / 'cache'}", f"--registry-config={home / 'registry.json'}"]
        self._options = [*own, *folders]

    def install(self, manifests: list[Manifest]) -> None:
        """Install a chart whose templates are these manifests, as `helm install` does it."""
        templates = self._home / CHART / "templates"
        templates.mkdir(parents=True)
        chart = {"apiVersion": "v2", "name": CHART, "version": "0.1.0"}
        (templates.parent / "Chart.yaml").write_text(yaml.safe_dump(chart), encoding="utf-8")
        (templates / "all.yaml").write_text(yaml.safe_dump_all(manifests), encoding="utf-8")
        self._run("install", RELEASE, str(templates.parent))

    def releases(self) -> str:
        """The names of the releases that Helm knows, a line each."""
        return self._run("list", "--short")

    def _run(self, *arguments: str) -> str:
        finished = subprocess.run(
            [self._program, *arguments, *self._options], check=False, capture_output=True, text=True
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout
