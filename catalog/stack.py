"""What a platform engineer can say about one stack: the config keys of Pulumi.<stack>.yaml, as checked models."""

from typing import Annotated, Any

from pydantic import Field

from catalog.services import PRODUCTION, Model
from catalog.texts import DnsLabel, Form, Image, NonEmpty, Url

NAMESPACE = "api-observability"
"""The namespace of this project's config keys: `api-observability:environment`."""


class Cluster(Model):
    """Which cluster: a kubeconfig `context`, the file it is in, and the `uid` of its kube-system namespace."""

    context: NonEmpty
    kubeconfig: NonEmpty | None = None
    uid: NonEmpty | None = None


class Chart(Model):
    """One part of the platform: installed from its Helm chart, or used as it is where the cluster has it already."""

    install: bool = True
    namespace: DnsLabel
    release: DnsLabel
    chart: NonEmpty
    version: NonEmpty
    repository: NonEmpty | None = None
    values: dict[str, Any] = Field(default_factory=dict)


_CHART = "kube-prometheus-stack"


class Monitoring(Chart):
    """kube-prometheus-stack; the chart's repository is a setting, so that mirrors and air-gapped clusters work."""

    namespace: DnsLabel = "monitoring"
    release: DnsLabel = _CHART
    chart: NonEmpty = _CHART
    version: NonEmpty = "88.5.3"
    repository: NonEmpty | None = "https://prometheus-community.github.io/helm-charts"

    @property
    def prometheus_service(self) -> str:
        """The name of Prometheus's Service and of its ServiceAccount, by the chart's own rule (`_helpers.tpl`).

        The full name is cut to 26 characters. What this program installs has its release's name as full name; elsewhere
        the chart adds its own name to a release whose name does not contain it.
        """
        named = self.install or _CHART in self.release
        full_name = self.release if named else f"{self.release}-{_CHART}"
        return f"{full_name[:26].rstrip('-')}-prometheus"


class ArgoRollouts(Chart):
    """Argo Rollouts; the repository is a setting here too.

    A controller that is there already mostly came with the Service of its metrics; where it did not, or where the
    controller is no pod, `create_metrics_service` makes one.
    """

    create_metrics_service: bool = False

    namespace: DnsLabel = "argo-rollouts"
    release: DnsLabel = "argo-rollouts"
    chart: NonEmpty = "argo-rollouts"
    version: NonEmpty = "2.41.0"
    repository: NonEmpty | None = "https://argoproj.github.io/argo-helm"


class Platform(Model):
    """What the services stand on."""

    monitoring: Monitoring = Monitoring()
    argo_rollouts: ArgoRollouts = ArgoRollouts()


Retention = Annotated[str, Form(r"[1-9]\d*[dwy]", "a time to keep samples", "30d")]
RetentionSize = Annotated[str, Form(r"[1-9]\d*(?:MB|GB|TB)", "a size to keep samples within", "45GB")]


class Prometheus(Model):
    """Where Prometheus is (`address`; derived from the release where left out) and how long it keeps samples."""

    address: Url | None = None
    retention: Retention = "30d"
    retention_size: RetentionSize = "45GB"


class StackSettings(Model):
    """One environment on one cluster."""

    environment: DnsLabel
    cluster: Cluster
    services_file: NonEmpty = "services.yaml"
    namespace: DnsLabel = "apis"
    platform: Platform = Platform()
    prometheus: Prometheus = Prometheus()
    images: dict[str, Image] = Field(default_factory=dict)

    @property
    def is_production(self) -> bool:
        """Whether this is a production environment, which must name its cluster by `cluster.uid`."""
        return self.environment in PRODUCTION

    @property
    def prometheus_address(self) -> str:
        """The URL that analyses ask: the setting, or the Service that the monitoring stack names after its release."""
        monitoring = self.platform.monitoring
        return self.prometheus.address or f"http://{monitoring.prometheus_service}.{monitoring.namespace}:9090"
