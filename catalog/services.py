"""What a service owner can say about one service: the models behind an entry of services.yaml."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from catalog.quantities import Amount, Duration, Ratio
from catalog.texts import Host, HttpPath, Image, Labels, LabelValue, NonEmpty, Url, shown

SERVICE_NAME = r"[a-z]([-a-z0-9]*[a-z0-9])?"
"""A service's name is that of its Service, which Kubernetes wants to begin with a letter (RFC 1035)."""

LONGEST_SERVICE_NAME = 45
"""Kubernetes' limit of 63 less the longest suffix added to a name (`-<hash>-<revision>-<step>` of an AnalysisRun)."""

PRODUCTION = ("prod", "production")
"""The environments that must name their cluster, and where a warning about what users would feel is an error."""


class Model(BaseModel):
    """The common ground of every model: camelCase in files, unknown keys and wrong types refused, immutable."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)


def _port(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535:
        return value
    raise ValueError(f"{shown(value)} is not a port (1–65535)")


def service_name_fault(name: object) -> str | None:
    """Why `name` cannot name a service, or None where it can."""
    if not isinstance(name, str) or not re.fullmatch(SERVICE_NAME, name):
        return f"{shown(name)} is not a service name (lower-case letters, digits and '-', beginning with a letter)"
    if len(name) > LONGEST_SERVICE_NAME:
        return f"{name!r} has {len(name)} characters (at most {LONGEST_SERVICE_NAME}, Kubernetes adds suffixes to it)"
    return None


Port = Annotated[int, BeforeValidator(_port), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 65535})]


class SetWeight(Model):
    """Send `set_weight` percent (1–100) of the traffic to the canary."""

    set_weight: int = Field(ge=1, le=100)


class Pause(Model):
    """Wait: for a duration, or, with `pause: forever`, until a person promotes."""

    pause: Duration | Literal["forever"]


class Analysis(Model):
    """Hold the canary against its criteria and go on only if it meets them."""

    analysis: Literal[True]


Step = SetWeight | Pause | Analysis
_STEP_KINDS: dict[str, type[Model]] = {"setWeight": SetWeight, "pause": Pause, "analysis": Analysis}


def _step(value: object) -> object:
    """One step by its only key, so that an error speaks of that kind of step and not of all of them."""
    if isinstance(value, Model):
        return value
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in _STEP_KINDS:
        raise ValueError(f"{shown(value)} is not a step (one of {', '.join(f'{{{kind}: …}}' for kind in _STEP_KINDS)})")
    kind, content = next(iter(value.items()))
    if kind == "setWeight" and (not isinstance(content, int) or isinstance(content, bool) or not 1 <= content <= 100):
        raise ValueError(f"setWeight: {shown(content)} is not a weight (1–100)")
    if kind == "analysis" and content is not True:
        raise ValueError(f"analysis: {shown(content)} — write 'analysis: true', or leave the step out")
    if kind == "pause" and content != "forever":
        Duration.parse(content)
    return _STEP_KINDS[kind].model_validate(value)


class AnalysisCriteria(Model):
    """When a canary is good enough.

    `p95` in seconds and `error_rate` as a ratio 0–1 are limits that a measurement must stay below; one measurement is
    taken every `interval` seconds, `count` times; the canary is rolled back at failed measurement number
    `rollback_after_failures`. A Prometheus outage shorter than `survive_outage_of` seconds decides nothing.
    """

    p95: Duration
    error_rate: Ratio
    interval: Duration
    count: int = Field(ge=1, le=1000)
    rollback_after_failures: int = Field(ge=1)
    survive_outage_of: Duration


class CanaryPlan(Model):
    """How a new version gets its traffic, step by step, and what it must prove on the way."""

    steps: list[Annotated[Step, BeforeValidator(_step)]] = Field(min_length=1)
    analysis: AnalysisCriteria


class Traffic(Model):
    """Who splits the traffic.

    Without a router the weight is the ratio of pods. With `nginx` the ingress controller splits it exactly, for the
    requests that ask for `host`.
    """

    router: Literal["none", "nginx"]
    host: Host | None = None
    ingress_class: NonEmpty = "nginx"


class Quantities(Model):
    """CPU and memory in Kubernetes' own notation (`100m`, `256Mi`)."""

    cpu: Amount | None = None
    memory: Amount | None = None


class Resources(Model):
    """What a pod asks for and what it may not exceed."""

    requests: Quantities
    limits: Quantities


class Metrics(Model):
    """Where and how often Prometheus reads the service's metrics (`interval` in seconds)."""

    path: HttpPath
    interval: Duration
    labels: Labels


class ServiceEntry(Model):
    """What an entry of services.yaml, the defaults, or an environment's overrides may say of a service."""

    project: LabelValue
    enabled: bool
    port: Port
    image: Image
    replicas: int = Field(ge=1, le=1000)
    resources: Resources
    metrics: Metrics
    canary: CanaryPlan
    traffic: Traffic
    prometheus_address: Url | None = None
    labels: Labels
    selector_labels: Labels


RESERVED_LABELS = frozenset(
    {f"app.kubernetes.io/{name}" for name in ("name", "instance", "part-of", "managed-by")}
    | {"api-observability/service"}
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
        return (self.name,) if self.traffic.router == "none" else (self.name, self.canary_service, self.stable_service)

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


BUILT_IN_DEFAULTS: dict[str, Any] = {
    "enabled": True,
    "replicas": 2,
    "resources": {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"memory": "512Mi"},
    },
    "metrics": {"path": "/metrics", "interval": "15s", "labels": {}},
    "canary": {
        "steps": [
            {"setWeight": 10},
            {"pause": "60s"},
            {"analysis": True},
            {"setWeight": 50},
            {"pause": "60s"},
            {"analysis": True},
        ],
        "analysis": {
            "p95": "300ms",
            "errorRate": "2%",
            "interval": "60s",
            "count": 5,
            "rollbackAfterFailures": 1,
            "surviveOutageOf": "5m",
        },
    },
    "traffic": {"router": "none"},
    "labels": {},
    "selectorLabels": {},
}
"""The weakest layer of every service: two small pods, the default steps and the default analysis."""
