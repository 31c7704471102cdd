"""What the services stand on: the monitoring stack and Argo Rollouts, installed or adopted, and Grafana."""

from typing import Annotated, Any

from pydantic import Field

from catalog.addresses import BareUrl
from catalog.model import Model, whole
from catalog.sizes import PersistentVolume
from catalog.texts import DnsLabel, NonEmpty, ObjectName


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
    """kube-prometheus-stack; the chart's repository is a setting, so that mirrors and air-gapped clusters work.

    `scrape_control_plane` watches etcd, the scheduler, the controller manager and kube-proxy too: a managed cluster
    hides them, and their alerts would fire for ever. `service_account` is that of an adopted Prometheus whose name does
    not follow from its release.
    """

    namespace: DnsLabel = "monitoring"
    release: DnsLabel = _CHART
    chart: NonEmpty = _CHART
    version: NonEmpty = "88.5.3"
    repository: NonEmpty | None = "https://prometheus-community.github.io/helm-charts"
    scrape_control_plane: bool = False
    service_account: ObjectName | None = None

    @property
    def prometheus_service(self) -> str:
        """The name of Prometheus's Service and of its ServiceAccount, by the chart's own rule (`_helpers.tpl`).

        The full name is cut to 26 characters. What this program installs has its release's name as full name; elsewhere
        the chart adds its own name to a release whose name does not contain it.
        """
        named = self.install or _CHART in self.release
        full_name = self.release if named else f"{self.release}-{_CHART}"
        return f"{full_name[:26].rstrip('-')}-prometheus"

    @property
    def prometheus_account(self) -> str:
        """The ServiceAccount of Prometheus, which by the chart's rule is named as its Service is."""
        return self.service_account or self.prometheus_service


class ArgoRollouts(Chart):
    """Argo Rollouts; the repository is a setting here too.

    A controller that is there already mostly came with the Service of its metrics; where it did not, or where the
    controller is no pod, `create_metrics_service` makes one. `run_metrics` keeps the series of each AnalysisRun and
    Experiment, of which every release brings new ones.
    """

    create_metrics_service: bool = False
    replicas: Annotated[int, *whole("a number of replicas", 1, 10)] | None = None
    run_metrics: bool = True

    namespace: DnsLabel = "argo-rollouts"
    release: DnsLabel = "argo-rollouts"
    chart: NonEmpty = "argo-rollouts"
    version: NonEmpty = "2.41.0"
    repository: NonEmpty | None = "https://argoproj.github.io/argo-helm"


class Platform(Model):
    """What the services stand on."""

    monitoring: Monitoring = Monitoring()
    argo_rollouts: ArgoRollouts = ArgoRollouts()


class Grafana(Model):
    """Grafana's address as people open it, the Secret with the login of its administrator, and its volume.

    `admin_secret` is one of the namespace of the monitoring stack. Without `persistence` only what the stack itself
    brings outlives a restart.
    """

    url: BareUrl | None = None
    admin_secret: ObjectName | None = None
    persistence: PersistentVolume | None = None
