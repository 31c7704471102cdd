"""What runs in a service's pods, and where: environment, files, probes, users, nodes."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from catalog.model import KIND, Model, Port, Seconds, variant, whole
from catalog.quantities import Amount
from catalog.routes import Route
from catalog.sizes import Size
from catalog.texts import DataKey, DnsLabel, EnvName, FilePath, HttpPath, Image, LabelKey, LabelValue, ObjectName


class EnvReference(Model):
    """A value that is elsewhere: `key` of an existing `secret` or `config_map`, or a `field` of the pod itself."""

    secret: ObjectName | None = None
    config_map: ObjectName | None = None
    key: DataKey | None = None
    field: (
        Literal[
            "metadata.name",
            "metadata.namespace",
            "metadata.uid",
            "spec.nodeName",
            "spec.serviceAccountName",
            "status.hostIP",
            "status.podIP",
        ]
        | None
    ) = None


def _text_or_reference(value: object) -> str:
    return f"{KIND}{'reference' if isinstance(value, dict | EnvReference) else 'text'}"


EnvValue = Annotated[
    Annotated[str, Tag(f"{KIND}text")] | Annotated[EnvReference, Tag(f"{KIND}reference")],
    Discriminator(_text_or_reference),
]
Env = dict[EnvName, EnvValue]


class FromSecret(Model):
    """Every key of an existing Secret as an environment variable."""

    secret: ObjectName


class FromConfigMap(Model):
    """Every key of an existing ConfigMap as an environment variable."""

    config_map: ObjectName


EnvSource = Annotated[
    Annotated[FromSecret, Tag(f"{KIND}secret")] | Annotated[FromConfigMap, Tag(f"{KIND}configMap")],
    variant("a source of environment variables", "secret", "configMap"),
]


class Volume(Model):
    """Files at `mount_path`: of an existing `secret`, `config_map` or volume `claim`; empty where none is named.

    An empty volume is gone with its pod; `size` bounds it, and with `memory` it counts as the pod's memory.
    """

    mount_path: FilePath
    secret: ObjectName | None = None
    config_map: ObjectName | None = None
    claim: ObjectName | None = None
    size: Size | None = None
    memory: bool = False
    read_only: bool = False


class Probe(Model):
    """A question to the container every `period` seconds: an HTTP GET of `path`, or, without one, an open TCP port.

    `port` is the container's own where left out; `failures` answers in a row that are wrong or take more than
    `timeout` seconds are one too many.
    """

    path: HttpPath | None = None
    port: Port | None = None
    period: Seconds
    timeout: Seconds
    failures: Annotated[int, *whole("a number of failures", 1, 1000)]


class Probes(Model):
    """Has it `startup`ed, is it `readiness`-ready for requests, does it have `liveness`; null leaves one out."""

    startup: Probe | None = None
    readiness: Probe | None = None
    liveness: Probe | None = None


class Shutdown(Model):
    """How a pod ends: it still serves for `drain` seconds while routers forget it, and has `grace` seconds in all."""

    drain: Seconds | None = None
    grace: Seconds


class Quantities(Model):
    """CPU and memory in Kubernetes' own notation (`100m`, `256Mi`)."""

    cpu: Amount | None = None
    memory: Amount | None = None


class Resources(Model):
    """What a container asks for and what it may not exceed."""

    requests: Quantities = Field(default_factory=Quantities)
    limits: Quantities = Field(default_factory=Quantities)


class InitContainer(Model):
    """What runs to its end before the service starts, such as a migration that must not run twice at once.

    Its `resources` are the service's own where left out.
    """

    name: DnsLabel
    image: Image
    command: list[str] = Field(default_factory=list)
    args: list[str] = Field(default_factory=list)
    env: Env = Field(default_factory=dict)
    resources: Resources | None = None


class ServiceAccount(Model):
    """An existing ServiceAccount for the pods; its token is mounted only where `token` says so."""

    name: ObjectName
    token: bool = False


class Toleration(Model):
    """A taint that the pods may be scheduled against, in Kubernetes' own words."""

    key: LabelKey | None = None
    operator: Literal["Equal", "Exists"] = "Equal"
    value: LabelValue | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Annotated[int, *whole("a number of seconds", 0, 10**6)] | None = None

    @model_validator(mode="after")
    def _as_kubernetes_wants_it(self) -> Self:
        if self.operator == "Exists" and self.value is not None:
            raise ValueError("operator Exists tolerates any value; leave 'value' out")
        if self.key is None and self.operator != "Exists":
            raise ValueError("has no key; give one, or 'operator: Exists' to tolerate every taint")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise ValueError("tolerationSeconds has a meaning only with 'effect: NoExecute'")
        return self


Spread = Literal["preferred", "required", "none"]


class TopologySpread(Model):
    """Whether pods are kept apart by `zone` and by `node`: where possible, or rather not started than together."""

    zone: Spread
    node: Spread


def _resources_of_an_adapter() -> Resources:
    """A proxy that streams needs little; without a limit a leak in it would be the node's problem."""
    requests = Quantities(cpu=Amount("50m"), memory=Amount("64Mi"))
    return Resources(requests=requests, limits=Quantities(memory=Amount("128Mi")))


class Adapter(Model):
    """A sidecar in front of a service that cannot expose metrics itself: it serves the port and asks `upstream_port`.

    `routes` are the path templates it counts under; of other paths the first `learned_paths` that work get a name, the
    rest count as one. Requests wait for one of its `connections`, for `connect_timeout` at most; `response_timeout`,
    `client_timeout` and `keepalive_timeout` are for how long the application, a client, and a client between two
    requests may be silent. Where left out, the adapter's own defaults hold (docs/legacy-php.md), and its `resources`
    are 50m CPU and 64Mi requested, and 128Mi at most.
    """

    image: Image
    upstream_port: Port
    routes: list[Route] = Field(default_factory=list)
    learned_paths: Annotated[int, *whole("a number of paths", 0, 10_000)] | None = None
    connections: Annotated[int, *whole("a number of connections", 1, 100_000)] | None = None
    connect_timeout: Seconds | None = None
    response_timeout: Seconds | None = None
    client_timeout: Seconds | None = None
    keepalive_timeout: Seconds | None = None
    max_body: Size | None = None
    log_level: Literal["info", "warning", "error"] | None = None
    resources: Resources = Field(default_factory=_resources_of_an_adapter)
