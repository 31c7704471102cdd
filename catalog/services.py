"""What a service owner can say about one service: the models behind an entry of services.yaml."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from catalog.quantities import Duration, Ratio

_DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LABEL_VALUE = r"^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$"
_IMAGE = re.compile(r"[a-z0-9][\w.\-/:]*?(?::[\w][\w.\-]{0,127})?(?:@sha256:[0-9a-f]{64})?")

LONGEST_SERVICE_NAME = 45
"""Kubernetes' limit of 63 less the longest suffix added to a name (`-<hash>-<revision>-<step>` of an AnalysisRun)."""


class Model(BaseModel):
    """The common ground of every model: camelCase in files, unknown keys refused, immutable once read."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid", frozen=True
    )


def _port(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535:
        return value
    raise ValueError(f"{value!r} is not a port (1–65535)")


def _image(value: str) -> str:
    if _IMAGE.fullmatch(value):
        return value
    raise ValueError(f"{value!r} is not an image reference (such as registry.example.com/api:1.4.2)")


def service_name_fault(name: object) -> str | None:
    """Why `name` cannot name a service, or None where it can."""
    if not isinstance(name, str) or not _DNS_LABEL.fullmatch(name):
        return f"{name!r} is not a service name (lower-case letters, digits and '-', beginning with a letter)"
    if len(name) > LONGEST_SERVICE_NAME:
        return f"{name!r} has {len(name)} characters (at most {LONGEST_SERVICE_NAME}, Kubernetes adds suffixes to it)"
    return None


Port = Annotated[int, BeforeValidator(_port)]
Image = Annotated[str, AfterValidator(_image)]
Labels = dict[str, str]


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
        raise ValueError(f"{value!r} is not a step (one of {', '.join(f'{{{kind}: …}}' for kind in _STEP_KINDS)})")
    kind, content = next(iter(value.items()))
    if kind == "setWeight" and (not isinstance(content, int) or isinstance(content, bool) or not 1 <= content <= 100):
        raise ValueError(f"setWeight: {content!r} is not a weight (1–100)")
    if kind == "analysis" and content is not True:
        raise ValueError(f"analysis: {content!r} — write 'analysis: true', or leave the step out")
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
    host: str | None = None
    ingress_class: str = "nginx"


class Quantities(Model):
    """CPU and memory in Kubernetes' own notation (`100m`, `256Mi`)."""

    cpu: str | None = None
    memory: str | None = None


class Resources(Model):
    """What a pod asks for and what it may not exceed."""

    requests: Quantities
    limits: Quantities


class Metrics(Model):
    """Where and how often Prometheus reads the service's metrics (`interval` in seconds)."""

    path: str = Field(pattern="^/")
    interval: Duration
    labels: Labels


class ServiceEntry(Model):
    """What an entry of services.yaml, the defaults, or an environment's overrides may say of a service."""

    project: str = Field(pattern=_LABEL_VALUE)
    enabled: bool
    port: Port
    image: Image
    replicas: int = Field(ge=1, le=1000)
    resources: Resources
    metrics: Metrics
    canary: CanaryPlan
    traffic: Traffic
    prometheus_address: str | None = Field(default=None, pattern="^https?://")
    labels: Labels
    selector_labels: Labels


class Service(ServiceEntry):
    """One API service as it runs in one environment, every value resolved; `name` is the key of its entry."""

    name: str

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
