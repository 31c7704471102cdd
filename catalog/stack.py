"""What a platform engineer can say about one stack: the config keys of Pulumi.<stack>.yaml, as checked models."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationInfo, field_validator

from catalog.alerting import Alerting
from catalog.config_keys import config_set
from catalog.contradictions import CheckedModel, Contradiction, ContradictionError
from catalog.model import Model
from catalog.platform import Grafana, Platform
from catalog.problems import Fault
from catalog.prometheus_settings import Prometheus
from catalog.services import PRODUCTION
from catalog.texts import DnsLabel, Form, Image, NonEmpty, shown

UNKNOWN_CLUSTER = "00000000-0000-0000-0000-000000000000"
"""The `cluster.uid` of a stack whose cluster nobody has named yet; no cluster has it."""

_SLOWEST, _FASTEST = 1, 60
"""At the fastest a minute is a second, and below that timestamps of Kubernetes tell nothing apart."""


def _time_scale(value: object) -> float:
    """The engine hands a number over as text."""
    try:
        scale = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    except ValueError:
        scale = 0.0
    if _SLOWEST <= scale <= _FASTEST:
        return scale
    raise ValueError(f"{shown(value)} is not how many times faster ({_SLOWEST}–{_FASTEST})")


Uid = Annotated[
    str,
    Form(
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "the UID of a namespace", "6f0c1fd2-7d6c-4b9e-9a53-0d6c2a3b1f11"
    ),
]


class Cluster(Model):
    """Which cluster: a kubeconfig `context`, the file it is in, and the `uid` of its kube-system namespace.

    With `upsert`, objects that are in the cluster and not in the stack's state are taken over instead of being refused:
    for the run after one that was killed. With `adopt`, what a Helm chart has made is taken over too, and the pods that
    run stay as they are until it is off again. Neither belongs into a settled stack.
    """

    context: NonEmpty
    kubeconfig: NonEmpty | None = None
    uid: Uid | None = None
    upsert: bool = False
    adopt: bool = False

    @property
    def warnings(self) -> list[Fault]:
        """Switches for some runs that were left on."""
        upsert = [("cluster.upsert", _UPSERT)] if self.upsert else []
        return [*upsert, ("cluster.adopt", _ADOPT)] if self.adopt else upsert


_UPSERT = (
    "is on: objects of the same name are taken over, whoever made them; set it to false once this run has succeeded"
)


_ADOPT = (
    "is on: services that a Helm chart has made keep their pods, and no release of them begins; set it to false once "
    "this run has succeeded"
)

PodSecurity = Literal["restricted", "baseline", "privileged", "as it is"]


class StackSettings(CheckedModel):
    """One environment on one cluster. Checks between sections stand at the one that is to be mended.

    `pod_security` is the level that the services' namespace enforces (Kubernetes' Pod Security Standards): every pod of
    this program meets `restricted`. A namespace that other pods share may stay `as it is`.

    With a `time_scale` everything that takes time is so many times faster, to test and to show it; never in production.
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
    time_scale: Annotated[float, BeforeValidator(_time_scale)] = _SLOWEST

    _stack: str = PrivateAttr("")

    def model_post_init(self, context: Any) -> None:
        """Keep the name of the stack, which the validation context tells."""
        self._stack = _stack_of(context)

    def contradictions(self) -> Iterator[Contradiction]:
        """A namespace that nobody named, where two stacks would have the usual one."""
        if self.platform.of_another_stack and "namespace" not in self.model_fields_set:
            told = "is missing: each stack on a cluster has a namespace of its own (platform.ofAnotherStack)"
            yield ("namespace",), f"{told}; name this one's, such as exams"

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

    @field_validator("time_scale")
    @classmethod
    def _never_in_production(cls, scale: float, info: ValidationInfo) -> float:
        if scale != _SLOWEST and info.data.get("environment") in PRODUCTION:
            raise ValueError(
                f"{scale:g} would let production decide {scale:g} times as fast, on as much less data; leave it out"
            )
        return scale

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
        if platform and namespace in platform.other_stacks:
            raise ValueError(
                f"{shown(namespace)} is in platform.otherStacks, and nobody would be told of its releases; each stack "
                "has a namespace of its own"
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
    def prometheus_replicas(self) -> int:
        """How many Prometheus scrape the same targets: the setting, or two in production, so that one may restart."""
        return self.prometheus.replicas or (2 if self.is_production else 1)

    @property
    def alertmanager_replicas(self) -> int:
        """How many Alertmanagers share the sending: the setting, or three in production, as one may restart."""
        return self.alerting.replicas or (3 if self.is_production else 1)

    @property
    def argo_rollouts_replicas(self) -> int:
        """How many controllers wait to lead: the setting, or two in production, as the chart has it."""
        return self.platform.argo_rollouts.replicas or (2 if self.is_production else 1)

    @property
    def prometheus_address(self) -> str:
        """The URL that analyses ask: the setting, or the Service that the monitoring stack names after its release."""
        monitoring = self.platform.monitoring
        return self.prometheus.address or f"http://{monitoring.prometheus_service}.{monitoring.namespace}:9090"

    @property
    def warnings(self) -> list[Fault]:
        """What is allowed and may still not be what was meant: paths of settings, and messages."""
        shared = [("namespace", _DEFAULT_NAMESPACE)] if self.namespace == "default" else []
        faster = [("timeScale", _FASTER.format(self.time_scale))] if self.time_scale != _SLOWEST else []
        return (
            shared
            + faster
            + self.cluster.warnings
            + [(f"alerting.{path}", told) for path, told in self.alerting.warnings]
            + [(f"platform.{path}", told) for path, told in self.platform.warnings]
        )


_FASTER = (
    "is on: scrapes, windows, steps, analyses and alerts are {:g} times as fast, which is for tests and for showing; "
    "only with so many times the requests does a canary prove as much as it should"
)

_DEFAULT_NAMESPACE = (
    "'default' is shared with all that names no namespace, and the services' rules would hold for that too; it is "
    "allowed for services that run there already"
)


def _stack_of(context: Any) -> str:
    return str(context["stack"]) if context else ""
