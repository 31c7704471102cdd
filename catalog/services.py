"""What a service owner can say about one service: an entry of services.yaml, and the service it resolves to."""

import re
from typing import Annotated

from pydantic import Field

from catalog.addresses import BareUrl
from catalog.canary import CanaryPlan
from catalog.model import Model, Port, whole
from catalog.patch import Patch
from catalog.pods import (
    Adapter,
    Env,
    EnvSource,
    InitContainer,
    Probes,
    Resources,
    ServiceAccount,
    Shutdown,
    Toleration,
    TopologySpread,
    Volume,
)
from catalog.quantities import Duration
from catalog.scaling import Autoscaling, DisruptionBudget, Pods
from catalog.slo import Slo
from catalog.texts import Annotations, DnsLabel, Host, HttpPath, Image, Labels, LabelValue, ObjectName, shown
from catalog.traffic import Network, Team, Tls, Traffic

SERVICE_NAME = r"[a-z]([-a-z0-9]*[a-z0-9])?"
"""A service's name is that of its Service, which Kubernetes wants to begin with a letter (RFC 1035)."""

LONGEST_SERVICE_NAME = 45
"""Kubernetes' limit of 63 less the longest suffix added to a name (`-<hash>-<revision>-<step>` of an AnalysisRun)."""

PRODUCTION = ("prod", "production")
"""The environments that must name their cluster, and where a warning about what users would feel is an error."""


def service_name_fault(name: object) -> str | None:
    """Why `name` cannot name a service, or None where it can."""
    if not isinstance(name, str) or not re.fullmatch(SERVICE_NAME, name):
        return f"{shown(name)} is not a service name (lower-case letters, digits and '-', beginning with a letter)"
    if len(name) > LONGEST_SERVICE_NAME:
        return f"{name!r} has {len(name)} characters (at most {LONGEST_SERVICE_NAME}, Kubernetes adds suffixes to it)"
    return None


class Metrics(Model):
    """Where and how often Prometheus reads the service's metrics (`interval` in seconds).

    `port` is the container's own where left out. `labels` go onto the ServiceMonitor. A scrape of more than
    `sample_limit` samples fails. `buckets` are those of the service's latency histogram, in seconds: a threshold that
    is none of them is guessed at by interpolation.
    """

    path: HttpPath
    port: Port | None = None
    interval: Duration
    labels: Labels = Field(default_factory=dict)
    sample_limit: Annotated[int, *whole("a number of samples", 1, 10**6)]
    buckets: list[Duration] = Field(min_length=1)


class ServiceEntry(Model):
    """What an entry of services.yaml, the defaults, or an environment's overrides may say of a service."""

    project: LabelValue
    team: Team | None = None
    enabled: bool

    port: Port
    container_port: Port | None = None
    image: Image
    image_pull_secrets: list[ObjectName] = Field(default_factory=list)
    command: list[str] = Field(default_factory=list)
    args: list[str] = Field(default_factory=list)
    env: Env = Field(default_factory=dict)
    env_from: list[EnvSource] = Field(default_factory=list)
    volumes: dict[DnsLabel, Volume] = Field(default_factory=dict)
    resources: Resources
    probes: Probes = Field(default_factory=Probes)
    shutdown: Shutdown
    user_id: Annotated[int, *whole("the number of a user that is not root", 1, 2**31 - 1)]
    read_only_root: bool
    service_account: ServiceAccount | None = None
    init_containers: list[InitContainer] = Field(default_factory=list)
    adapter: Adapter | None = None

    replicas: Pods
    autoscaling: Autoscaling | None = None
    disruption_budget: DisruptionBudget | None = None
    topology_spread: TopologySpread
    node_selector: Labels = Field(default_factory=dict)
    tolerations: list[Toleration] = Field(default_factory=list)

    hosts: list[Host] = Field(default_factory=list)
    tls: Tls | None = None
    traffic: Traffic
    network: Network | None = None

    canary: CanaryPlan
    metrics: Metrics
    slo: Slo = Field(default_factory=Slo)
    prometheus_address: BareUrl | None = None

    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)
    pod_labels: Labels = Field(default_factory=dict)
    pod_annotations: Annotations = Field(default_factory=dict)
    selector_labels: Labels = Field(default_factory=dict)
    patch: Patch = Field(default_factory=Patch)


TEAM_LABEL, ROLE_LABEL = "api-observability/team", "api-observability/service"
"""Whose service an object is of, and which of the service's Services one is."""

RESERVED_LABELS = frozenset(
    {f"app.kubernetes.io/{name}" for name in ("name", "instance", "part-of", "managed-by")} | {TEAM_LABEL, ROLE_LABEL}
)
"""The labels that the program gives to objects and finds them by."""

RESERVED_ON_PODS = frozenset({"version", "rollouts-pod-template-hash"})
"""The labels that Argo Rollouts writes on pods, and changes."""


class Service(ServiceEntry):
    """One API service as it runs in one environment, every value resolved; `name` is the key of its entry."""

    name: str

    @property
    def object_names(self) -> tuple[str, ...]:
        """The names of this service's Services: its own, and with a router those of canary and stable pods."""
        return (self.name, self.canary_service, self.stable_service) if self.is_routed else (self.name,)

    @property
    def is_routed(self) -> bool:
        """Whether a router splits the traffic; otherwise the share of the traffic is the share of the pods."""
        return self.traffic.router != "none"

    @property
    def canary_service(self) -> str:
        """The name of the Service that the controller points at canary pods."""
        return f"{self.name}-canary"

    @property
    def stable_service(self) -> str:
        """The name of the Service that the controller points at stable pods."""
        return f"{self.name}-stable"

    @property
    def pod_selector(self) -> dict[str, str]:
        """The labels that choose this service's pods, canary and stable alike; immutable on a running Rollout."""
        return self.selector_labels or {
            "app.kubernetes.io/name": self.name,
            "app.kubernetes.io/instance": self.name,
        }

    @property
    def serving_port(self) -> int:
        """The port in the pod that requests go to: the container's, or the adapter's in front of it."""
        return self.container_port or self.port

    @property
    def fewest_replicas(self) -> int:
        """The number of pods that the service may run on with its least traffic."""
        return self.autoscaling.min if self.autoscaling else self.replicas

    @property
    def most_replicas(self) -> int:
        """The number of pods that the service may run on with its most traffic, those of a canary not counted."""
        return self.autoscaling.max if self.autoscaling else self.replicas

    @property
    def has_disruption_budget(self) -> bool:
        """Whether a budget has something to say: of a single pod, every budget lets that one be missing."""
        return self.disruption_budget is not None and self.most_replicas > 1
