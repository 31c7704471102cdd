"""What a platform engineer can say about one stack: the config keys of Pulumi.<stack>.yaml, as checked models."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from catalog.faults import problems_of
from catalog.problems import CatalogError, Problem
from catalog.services import Model
from catalog.yaml_file import read_mapping

NAMESPACE = "api-observability"
"""The namespace of this project's config keys: `api-observability:environment`."""

PRODUCTION = "prod"
"""The environment in which what is elsewhere a warning is an error."""

_DNS_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"


class Cluster(Model):
    """Which cluster: a kubeconfig `context`, the file it is in, and the `uid` of its kube-system namespace."""

    context: str
    kubeconfig: str | None = None
    uid: str | None = None


class Chart(Model):
    """One part of the platform: installed from its Helm chart, or used as it is where the cluster has it already."""

    install: bool = True
    namespace: str = Field(pattern=_DNS_LABEL)
    release: str = Field(pattern=_DNS_LABEL)
    chart: str
    version: str
    repository: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)


class Monitoring(Chart):
    """kube-prometheus-stack; the chart's repository is a setting, so that mirrors and air-gapped clusters work."""

    namespace: str = "monitoring"
    release: str = "kube-prometheus-stack"
    chart: str = "kube-prometheus-stack"
    version: str = "88.5.3"
    repository: str | None = "https://prometheus-community.github.io/helm-charts"

    @property
    def prometheus_service(self) -> str:
        """The name of Prometheus's Service and of its ServiceAccount.

        The chart cuts its full name to 26 characters before it adds `-prometheus`.
        """
        return f"{self.release[:26].rstrip('-')}-prometheus"


class ArgoRollouts(Chart):
    """Argo Rollouts; the repository is a setting here too."""

    namespace: str = "argo-rollouts"
    release: str = "argo-rollouts"
    chart: str = "argo-rollouts"
    version: str = "2.41.0"
    repository: str | None = "https://argoproj.github.io/argo-helm"


class Platform(Model):
    """What the services stand on."""

    monitoring: Monitoring = Monitoring()
    argo_rollouts: ArgoRollouts = ArgoRollouts()


class Prometheus(Model):
    """Where Prometheus is (`address`; derived from the release where left out) and how long it keeps samples."""

    address: str | None = Field(default=None, pattern="^https?://")
    retention: str = Field(default="30d", pattern=r"^\d+[dwy]$")
    retention_size: str = Field(default="45GB", pattern=r"^\d+(MB|GB|TB)$")


class StackSettings(Model):
    """One environment on one cluster."""

    environment: str = Field(pattern=_DNS_LABEL)
    cluster: Cluster
    services_file: str = "services.yaml"
    namespace: str = Field(default="apis", pattern=_DNS_LABEL)
    platform: Platform = Platform()
    prometheus: Prometheus = Prometheus()
    images: dict[str, str] = Field(default_factory=dict)

    @property
    def is_production(self) -> bool:
        """Whether warnings about what users would feel are errors here."""
        return self.environment == PRODUCTION

    @property
    def prometheus_address(self) -> str:
        """The URL that analyses ask: the setting, or the Service that the monitoring stack names after its release."""
        monitoring = self.platform.monitoring
        return self.prometheus.address or f"http://{monitoring.prometheus_service}.{monitoring.namespace}:9090"


def stack_file(folder: Path, stack: str) -> Path:
    """The file that holds the config of `stack`."""
    return folder / f"Pulumi.{stack}.yaml"


def stacks_in(folder: Path) -> list[str]:
    """The names of the stacks that have a file in `folder`."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.*.yaml"))


def environments_in(folder: Path) -> tuple[str, ...]:
    """The environments that the stack files of `folder` name; services.yaml may speak of these."""
    named = (_config_of(stack_file(folder, stack)).get("environment") for stack in stacks_in(folder))
    return tuple(sorted({environment for environment in named if isinstance(environment, str)}))


def load_stack_file(folder: Path, stack: str) -> StackSettings:
    """The settings of `stack` from its file, without an engine; raises CatalogError with every fault."""
    path = stack_file(folder, stack)
    if not path.exists():
        known = ", ".join(stacks_in(folder))
        raise CatalogError([Problem(path.name, "", f"there is no stack '{stack}' (stacks with a file here: {known})")])
    return _validated(_config_of(path), path.name)


def settings_from_config(config: Mapping[str, str], stack: str) -> StackSettings:
    """The settings of `stack` from the engine's config (full keys, values as text); raises CatalogError."""
    prefix = f"{NAMESPACE}:"
    own = {key.removeprefix(prefix): _decoded(value) for key, value in config.items() if key.startswith(prefix)}
    return _validated(own, f"Pulumi.{stack}.yaml")


def _config_of(path: Path) -> dict[str, Any]:
    config = read_mapping(path).get("config") or {}
    prefix = f"{NAMESPACE}:"
    return {key.removeprefix(prefix): value for key, value in config.items() if str(key).startswith(prefix)}


def _decoded(value: str) -> Any:
    """The engine hands over objects as JSON and everything else as plain text."""
    if value[:1] in ("{", "["):
        return json.loads(value)
    return {"true": True, "false": False}.get(value, value)


def _validated(values: Mapping[str, Any], file: str) -> StackSettings:
    try:
        return StackSettings.model_validate(values)
    except ValidationError as error:
        found = problems_of(error, StackSettings, file)
        # The keys of a stack file carry the project's namespace: `api-observability:cluster`.
        raise CatalogError(replace(problem, path=f"config.{NAMESPACE}:{problem.path}") for problem in found) from None
