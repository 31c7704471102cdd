"""What a platform engineer can say about one stack: the config keys of Pulumi.<stack>.yaml, as checked models."""

from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from catalog.addresses import BareUrl
from catalog.alerting import Alerting
from catalog.config_keys import config_set
from catalog.contradictions import ContradictionError
from catalog.model import Model
from catalog.problems import Fault
from catalog.prometheus_settings import Prometheus
from catalog.services import PRODUCTION
from catalog.sizes import PersistentVolume
from catalog.texts import DnsLabel, Form, Image, NonEmpty, ObjectName, shown

UNKNOWN_CLUSTER = "00000000-0000-0000-0000-000000000000"
"""The `cluster.uid` of a stack whose cluster nobody has named yet; no cluster has it."""

Uid = Annotated[
    str,
    Form(
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "the UID of a namespace", "6f0c1fd2-7d6c-4b9e-9a53-0d6c2a3b1f11"
    ),
]


class Cluster(Model):
    """Which cluster: a kubeconfig `context`, the file it is in, and the `uid` of its kube-system namespace."""

    context: NonEmpty
    kubeconfig: NonEmpty | None = None
    uid: Uid | None = None


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


class Grafana(Model):
    """Grafana's address as people open it, the Secret with the login of its administrator, and its volume.

    `admin_secret` is one of the namespace of the monitoring stack. Without `persistence` only what the stack itself
    brings outlives a restart.
    """

    url: BareUrl | None = None
    admin_secret: ObjectName | None = None
    persistence: PersistentVolume | None = None


PodSecurity = Literal["restricted", "baseline", "privileged", "as it is"]


class StackSettings(Model):
    """One environment on one cluster. Checks between sections stand at the one that is to be mended.

    `pod_security` is the level that the services' namespace enforces (Kubernetes' Pod Security Standards): every pod of
    this program meets `restricted`. A namespace that other pods share may stay `as it is`.
    """

    environment: DnsLabel
    cluster: Cluster
    services_file: NonEmpty = "services.yaml"
    platform: Platform = Platform()
    namespace: DnsLabel = Field(default="apis", validate_default=True)
    pod_security: PodSecurity = "restricted"
    prometheus: Prometheus = Prometheus()
    alerting: Alerting = Alerting()
    grafana: Grafana = Grafana()
    images: dict[str, Image] = Field(default_factory=dict)

    _stack: str = PrivateAttr("")

    def model_post_init(self, context: Any) -> None:
        """Keep the name of the stack, which the validation context tells."""
        self._stack = _stack_of(context)

    @field_validator("cluster")
    @classmethod
    def _named_in_production(cls, cluster: Cluster, info: ValidationInfo) -> Cluster:
        if cluster.uid is None and info.data.get("environment") in PRODUCTION:
            ask = (
                f"kubectl --context {shown(cluster.context)} get namespace kube-system -o jsonpath='{{.metadata.uid}}'"
            )
            tell = config_set("cluster.uid", _stack_of(info.context), "UID")
            raise ContradictionError(
                [(("uid",), f"is missing, and production must name its cluster; ask: {ask}; set: {tell}")]
            )
        return cluster

    @field_validator("namespace")
    @classmethod
    def _of_the_services_alone(cls, namespace: str, info: ValidationInfo) -> str:
        """The services' Pod Security, quotas and network rules hold for a whole namespace, and so does its deletion."""
        if namespace.startswith("kube-"):
            raise ValueError(
                f"{shown(namespace)} is Kubernetes' own, as all of kube-*; choose another one, such as apis"
            )
        platform = info.data.get("platform")
        parts = {"monitoring": platform.monitoring, "argoRollouts": platform.argo_rollouts} if platform else {}
        for name, part in parts.items():
            if part.namespace == namespace:
                raise ValueError(
                    f"{shown(namespace)} is where platform.{name} runs, and the services' rules would hold for that "
                    "too; choose another one, such as apis"
                )
        return namespace

    @property
    def stack(self) -> str:
        """The name of the stack, for the commands that messages tell; empty for settings that no stack file gave."""
        return self._stack

    @property
    def is_production(self) -> bool:
        """Whether this is a production environment, which must name its cluster by `cluster.uid`."""
        return self.environment in PRODUCTION

    @property
    def prometheus_address(self) -> str:
        """The URL that analyses ask: the setting, or the Service that the monitoring stack names after its release."""
        monitoring = self.platform.monitoring
        return self.prometheus.address or f"http://{monitoring.prometheus_service}.{monitoring.namespace}:9090"

    @property
    def warnings(self) -> list[Fault]:
        """What is allowed and may still not be what was meant: paths of settings, and messages."""
        shared = [("namespace", _DEFAULT_NAMESPACE)] if self.namespace == "default" else []
        return shared + [(f"alerting.{path}", message) for path, message in self.alerting.warnings]


_DEFAULT_NAMESPACE = (
    "'default' is shared with all that names no namespace, and the services' rules would hold for that too; it is "
    "allowed for services that run there already"
)


def _stack_of(context: Any) -> str:
    return str(context["stack"]) if context else ""


def not_provisioned_yet(settings: StackSettings) -> list[Fault]:
    """A warning for each section that is set and that no component reads; a line goes when its component comes."""
    prometheus = settings.prometheus
    unread = {
        "alerting": settings.alerting != Alerting(),
        "grafana": settings.grafana != Grafana(),
        "prometheus.storage": "storage" in prometheus.model_fields_set,
        "prometheus.replicas": prometheus.replicas is not None,
        "prometheus.remoteWrite": bool(prometheus.remote_write),
        "prometheus.externalLabels": bool(prometheus.external_labels),
    }
    told = {"alerting": "subscribes Rollouts to its channels; nothing else of it is provisioned yet"}
    return [(path, told.get(path, "is checked but not provisioned yet")) for path, is_set in unread.items() if is_set]
