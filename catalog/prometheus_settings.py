"""Where Prometheus is and who may ask it, how long it keeps samples, and where else it sends them."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from catalog.addresses import BareUrl
from catalog.contradictions import CheckedModel, Contradiction, Place
from catalog.faults import dotted
from catalog.headers import AccessHeaders, Headers, spelled_twice
from catalog.model import Model, whole
from catalog.secrets import Credential, SecretKeyReference
from catalog.sizes import PersistentVolume, Size
from catalog.texts import DnsLabel, Form, shown

Retention = Annotated[str, Form(r"[1-9]\d{0,4}d|[1-9]\d{0,3}w|[1-9]\d?y", "a time to keep samples", "30d")]
LabelName = Annotated[
    str,
    Form(r"(?!__)[A-Za-z_]\w*", "a label of Prometheus (letters, digits and '_', not beginning with '__')", "cluster"),
]
LabelText = Annotated[
    str, Form(r"[^\s$](?:[^$\r\n]*[^\s$])?", "one line of text without '$', which Prometheus would expand", "eu-1")
]
Scope = Annotated[str, Form(r"[\x21\x23-\x5b\x5d-\x7e]+", "an OAuth 2 scope, without spaces", "metrics.read")]

_FULL_PERCENT = 90
_OF_THE_OPERATOR = ("prometheus", "prometheus_replica")
"""The external labels that the Prometheus Operator sets itself; they "take precedence" (`spec.externalLabels`)."""

_OF_THE_PROTOCOL = frozenset(
    {
        *("host", "content-encoding", "content-length", "content-type", "user-agent", "connection", "keep-alive"),
        *("proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding"),
        *("x-prometheus-remote-write-version", "x-prometheus-remote-read-version"),
        *("x-amz-date", "x-amz-security-token", "x-amz-content-sha256"),
    }
)
"""The headers that remote write sets itself: prometheus/config, `reservedHeaders`."""


class Storage(PersistentVolume):
    """The volume of each replica of Prometheus."""

    size: Size = Size.parse("50Gi")


class BasicAuth(Model):
    """A user name and a password, both kept secret: Prometheus reads either from a Secret."""

    username: Credential
    password: Credential


class RemoteWrite(CheckedModel):
    """Another store that every sample is sent to. `name` tells it apart in Prometheus's own metrics."""

    name: DnsLabel
    url: BareUrl
    headers: Headers = Field(default_factory=dict)
    bearer_token: Credential | None = None
    basic_auth: BasicAuth | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """Two ways to log in, and headers that Prometheus would refuse to start with."""
        if self.bearer_token and self.basic_auth:
            yield ("basicAuth",), "together with bearerToken: a request can carry only one of them; leave one out"
        yield from spelled_twice(self.headers)
        for name in self.headers:
            if name.lower() == "authorization":
                yield ("headers", name), "would show a credential; use bearerToken or basicAuth"
            elif name.lower() in _OF_THE_PROTOCOL:
                yield ("headers", name), "is set by Prometheus itself; leave it out"


class OAuth2(Model):
    """The client-credentials flow: a token is fetched from `token_url` for each measurement."""

    token_url: BareUrl
    client_id: SecretKeyReference
    client_secret: SecretKeyReference
    scopes: list[Scope] = Field(default_factory=list)


class Access(CheckedModel):
    """How analyses prove to a protected Prometheus who they are, or tell a shared one which tenant they are of.

    All of it is what an AnalysisTemplate of Argo Rollouts 1.9 can say: headers, and OAuth 2 (`PrometheusMetric` and
    `Authentication` in its analysis_types.go; a bearer token is a header). Their values are arguments, and an argument
    reads a Secret of the namespace of the AnalysisRun (`valueFrom.secretKeyRef`): Secrets are those of the services'
    namespace, and no secret of the stack's config comes here.
    """

    headers: AccessHeaders = Field(default_factory=dict)
    bearer_token: SecretKeyReference | None = None
    oauth2: OAuth2 | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """More than one writer of the header Authorization, and one that everybody could read."""
        yield from spelled_twice(self.headers)
        own = [name for name in self.headers if name.lower() == "authorization"]
        writers: list[Place] = [("headers", name) for name in own[:1]]
        writers += [(key,) for key, value in (("bearerToken", self.bearer_token), ("oauth2", self.oauth2)) if value]
        for writer in writers[1:]:
            yield writer, f"together with {dotted(writers[0])}: both write the header Authorization; leave one out"
        for name in own:
            if isinstance(self.headers[name], str):
                yield (
                    ("headers", name),
                    "would stand in every AnalysisTemplate; name the key of a Secret: {secret: …, key: …}",
                )


class Prometheus(CheckedModel):
    """Where Prometheus is (`address`; derived from the release where left out), and what it keeps and sends.

    Samples are dropped when older than `retention`, or when there are more bytes than `retention_size`, whichever comes
    first.
    """

    address: BareUrl | None = None
    retention: Retention = "30d"
    retention_size: Size = Size.parse("45GB")
    storage: Storage = Storage()
    replicas: Annotated[int, *whole("a number of replicas", 1, 10)] | None = None
    remote_write: list[RemoteWrite] = Field(default_factory=list)
    external_labels: dict[LabelName, LabelText] = Field(default_factory=dict)
    access: Access = Access()

    def contradictions(self) -> Iterator[Contradiction]:
        """Samples without room, stores of the same name, and labels that would not stay."""
        yield from _too_full(self.retention_size, self.storage.size)
        yield from _namesakes(self.remote_write)
        for name in self.external_labels:
            if name in _OF_THE_OPERATOR:
                yield ("externalLabels", name), "is set by the Prometheus Operator, whose value wins; rename it"


def _too_full(retention: Size, volume: Size) -> Iterator[Contradiction]:
    """A full volume stops Prometheus, and dropping old blocks must come before that.

    Only persisted blocks are dropped to stay within the retention size, hours after they could be, and compaction
    writes the new block before it removes the old ones. Prometheus recommends 80–85 % of the volume at most
    (docs/storage.md, "Right-Sizing Retention Size"); 45 of 50 GiB, the default, is the most that is accepted here.
    """
    most = volume * _FULL_PERCENT // 100
    if retention > most:
        rounding = next(unit for unit in (1024**3, 1024**2, 1024, 1) if unit <= most)
        fitting = Size(most - most % rounding).prometheus
        yield (
            ("retentionSize",),
            f"{shown(retention.prometheus)} is more than {_FULL_PERCENT} % of the volume of {shown(str(volume))} "
            f"(storage.size), whose rest the write-ahead log and compaction need; use "
            f"{shown(fitting)} at most, or a larger volume",
        )


def _namesakes(stores: list[RemoteWrite]) -> Iterator[Contradiction]:
    """Prometheus refuses a config in which two remote writes have one name."""
    seen: Counter[str] = Counter()
    for index, store in enumerate(stores):
        if seen[store.name]:
            yield (
                ("remoteWrite", index, "name"),
                f"{shown(store.name)} is another one's name; rename one of the two",
            )
        seen[store.name] += 1
