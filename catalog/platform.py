"""What the services stand on: the monitoring stack and Argo Rollouts, installed or adopted, and Grafana."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from catalog.addresses import BareUrl
from catalog.chart_values import KNOWN_CHARTS
from catalog.contradictions import CheckedModel, Contradiction
from catalog.model import Model, whole
from catalog.problems import Fault
from catalog.sizes import PersistentVolume
from catalog.texts import DnsLabel, NonEmpty, ObjectName, shown

_OCI = "oci://"


class Chart(CheckedModel):
    """One part of the platform: installed from its Helm chart, or used as it is where the cluster has it already.

    `chart` is the name of a chart in `repository`, or says itself where it is: a path, which is taken from the folder
    of Pulumi.yaml where it is relative, or an address (`oci://…`, `https://….tgz`). `values` are Helm's, and stronger
    than this program's; a null takes away what this program and the chart say.
    """

    install: bool = True
    namespace: DnsLabel
    release: DnsLabel
    chart: NonEmpty
    version: NonEmpty
    repository: NonEmpty | None = None
    values: dict[str, Any] = Field(default_factory=dict)

    def contradictions(self) -> Iterator[Contradiction]:
        """A chart in two places, or in none, and a value of it that is mistyped."""
        if not self.install:
            return
        for key, meant in self._unknown_values:
            if meant and self._is_known:
                told = f"is no value of {self._of_version}, so that it would do nothing — did you mean '{meant}'?"
                yield ("values", key), told
        if self._says_where and self.repository and "repository" in self.model_fields_set:
            yield (
                ("repository",),
                f"is not asked: {shown(self.chart)} says where it is; leave one of the two out",
            )
        if not self._says_where and not self.repository:
            yield (
                ("repository",),
                f"is missing: {shown(self.chart)} is the name of a chart in a repository; give the repository, or give "
                "the chart as a path (./charts/name) or an address (oci://…)",
            )

    @property
    def warnings(self) -> list[Fault]:
        """Values that the chart does not have, as far as is known: they would do nothing."""
        return [
            (f"values.{key}", f"is no value of {self._of_version}, and so may do nothing{_meant(meant)}")
            for key, meant in self._unknown_values
            if self.install and not (meant and self._is_known)
        ]

    @property
    def source(self) -> tuple[str, str | None]:
        """What Helm is to be asked for: a chart, and the repository it is in unless the chart says where it is.

        A registry is none of Helm's repositories, and a chart in one has a whole address.
        """
        if self._says_where:
            return self.chart, None
        if self.repository and self.repository.startswith(_OCI):
            return f"{self.repository.rstrip('/')}/{self.chart}", None
        return self.chart, self.repository

    @property
    def _name(self) -> str:
        return self.chart.rpartition("/")[2]

    @property
    def _unknown_values(self) -> list[tuple[str, str | None]]:
        known = KNOWN_CHARTS.get(self._name)
        return list(known.unknown(self.values)) if known else []

    @property
    def _is_known(self) -> bool:
        """Whether it is of the very version whose values are written down."""
        return self.version == KNOWN_CHARTS[self._name].version

    @property
    def _of_version(self) -> str:
        return f"{self._name} {KNOWN_CHARTS[self._name].version}"

    @property
    def _says_where(self) -> bool:
        """The name of a chart in a repository has no slash."""
        return "/" in self.chart or self.chart.endswith(".tgz")


def _meant(meant: str | None) -> str:
    return f"; did you mean '{meant}'?" if meant else ""


_CHART = "kube-prometheus-stack"


class Monitoring(Chart):
    """kube-prometheus-stack; the chart's repository is a setting, so that mirrors and air-gapped clusters work.

    `scrape_control_plane` watches etcd, the scheduler, the controller manager and kube-proxy too: a managed cluster
    hides them, and their alerts would fire for ever. `service_account` is Prometheus's: that of an adopted one whose
    name does not follow from its release, or the name that one gets which is installed.
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
    Experiment, of which every release brings new ones. `take_over_notifications` replaces
    the templates and triggers of messages that an adopted controller has by those of this program.
    """

    create_metrics_service: bool = False
    replicas: Annotated[int, *whole("a number of replicas", 1, 10)] | None = None
    run_metrics: bool = True
    take_over_notifications: bool = False

    namespace: DnsLabel = "argo-rollouts"
    release: DnsLabel = "argo-rollouts"
    chart: NonEmpty = "argo-rollouts"
    version: NonEmpty = "2.41.0"
    repository: NonEmpty | None = "https://argoproj.github.io/argo-helm"


class Platform(CheckedModel):
    """What the services stand on, and who else stands on it.

    What there is once on a cluster is one stack's: the charts, how Prometheus reads the controller, what is alerted
    about it, the dashboards. A second stack on the cluster says that it is `of_another_stack`, and brings only what is
    of its own services; the first one leaves the releases in the namespaces of `other_stacks` to them.
    """

    monitoring: Monitoring = Monitoring()
    argo_rollouts: ArgoRollouts = ArgoRollouts()
    of_another_stack: bool = False
    other_stacks: list[DnsLabel] = Field(default_factory=list)

    def contradictions(self) -> Iterator[Contradiction]:
        """What a stack would make, or say, of a platform that is another one's, and namespaces that are no stack's."""
        own = (self.monitoring.namespace, self.argo_rollouts.namespace)
        for at, name in enumerate(self.other_stacks):
            if name in own or name.startswith("kube-"):
                told = f"{shown(name)} is no namespace of another stack's services, and its alerts would reach nobody"
                yield ("otherStacks", at), f"{told}; leave it out"
        if not self.of_another_stack:
            return
        for name, part in (("monitoring", self.monitoring), ("argoRollouts", self.argo_rollouts)):
            if part.install:
                yield (
                    (name, "install"),
                    "is the other stack's, as all of the platform (ofAnotherStack); set it to false",
                )
        for name, is_set in (
            ("createMetricsService", self.argo_rollouts.create_metrics_service),
            ("takeOverNotifications", self.argo_rollouts.take_over_notifications),
        ):
            if is_set:
                told = "is for the stack that has the platform to set (ofAnotherStack); leave it out"
                yield ("argoRollouts", name), told
        if self.other_stacks:
            told = "is for the stack that has the platform to say (ofAnotherStack); leave it out"
            yield ("otherStacks",), told

    @property
    def warnings(self) -> list[Fault]:
        """What is allowed and may still not be what was meant: paths of settings, and messages."""
        parts: dict[str, Chart] = {"monitoring": self.monitoring, "argoRollouts": self.argo_rollouts}
        return [(f"{name}.{path}", told) for name, part in parts.items() for path, told in part.warnings]


class Grafana(Model):
    """Grafana's address as people open it, the Secret with the login of its administrator, and its volume.

    `admin_secret` is one of the namespace of the monitoring stack, with the keys `admin-user` and `admin-password`;
    without it the chart makes one. Without `persistence` only what the stack itself brings outlives a restart.
    """

    url: BareUrl | None = None
    admin_secret: ObjectName | None = None
    persistence: PersistentVolume | None = None
