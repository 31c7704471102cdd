"""The values that mutations put into files: by their place those that people would write, and odd ones for anywhere."""

import re
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from tests.unit.every_field import CHANGES

ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**12), max_value=10**12),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=40),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=8), st.integers(), max_size=3),
    st.sampled_from(["60s", "5m", "300ms", "0s", "1d", "2%", "0%", "100%", 0.02, 1, 2, 3, 10, 100, 80800, "forever"]),
    st.sampled_from(["a.example.com", "250m", "1Gi", "0.5", "a:1", "registry.example.com/a:2", "/healthz", "nginx"]),
    st.sampled_from(["http://prometheus:9090", "dev", "prod", "none", "kube-prometheus-stack", "30d", "45GB"]),
)

_PAUSES = st.sampled_from(["60s", "forever", 30, "24h"])
_ODD_STEPS = st.lists(
    st.one_of(
        st.builds(lambda weight: {"setWeight": weight}, st.integers(min_value=-1, max_value=102)),
        st.builds(lambda pause: {"pause": pause}, st.one_of(_PAUSES, st.just("0s"))),
        st.just({"analysis": True}),
    ),
    max_size=6,
)


@st.composite
def _steps(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Steps of a rollout that gets somewhere: rising weights, each with time to show what is wrong."""
    weights = draw(st.lists(st.integers(min_value=1, max_value=100), min_size=1, max_size=4, unique=True))
    steps: list[dict[str, Any]] = []
    for weight in sorted(weights):
        steps.append({"setWeight": weight})
        steps += draw(st.sampled_from([[{"analysis": True}], [{"pause": draw(_PAUSES)}, {"analysis": True}]]))
    return steps


def _counted(least: int, most: int, *units: str) -> st.SearchStrategy[str]:
    """A whole number with a unit."""
    return st.builds(lambda number, unit: f"{number}{unit}", st.integers(least, most), st.sampled_from(units))


_CREDENTIALS = st.sampled_from([{"secret": "a", "key": "b"}, {"secret": "a.b", "key": "B_1.c"}, {"secure": "v1:QQ=="}])
_ADDRESSES = st.sampled_from(["a@example.com", "first.last+tag@a.b.example.com"])
_OBJECT_NAMES = st.sampled_from(["a", "a.b-c", "0", "x" * 63])
_URLS = st.sampled_from(["https://a.example.com", "http://a:8080/b/c", "https://10.0.0.1/x"])
_LABEL_VALUES = st.sampled_from(["a", "A.b_c-d", "0", "x" * 63])
_NAMESPACES = st.sampled_from(["a", "my-apis", "0a", "x" * 63])
_RELEASES = st.sampled_from(["a", "kube-prometheus-stack-2", "mine", "x" * 53])

PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    # services.yaml
    "analysis.count": st.integers(min_value=1, max_value=1000),
    "analysis.errorRate": st.one_of(_counted(1, 100, "%", " %"), st.sampled_from(["0.01%", 0.5, 1])),
    "analysis.interval": st.one_of(_counted(15, 999, "s", "m"), st.sampled_from([30, "1h30m", "1d"])),
    "analysis.p95": st.one_of(_counted(1, 9999, "ms"), st.sampled_from(["0.25s", 0.5, 1, "1m"])),
    "analysis.rollbackAfterFailures": st.integers(min_value=1, max_value=5),
    "analysis.surviveOutageOf": st.one_of(_counted(1, 60, "s", "m", "h"), st.just(1)),
    "buckets.*": _counted(1, 9999, "ms"),
    "cpu": st.one_of(_counted(1, 2000, "m"), st.sampled_from(["0.5", "2", "1.5"])),
    "enabled": st.booleans(),
    "hosts.*": st.sampled_from(["*.example.com", "a", "xn--bcher-kva.example"]),
    "image": st.one_of(
        _counted(0, 99, "a", "a:1", "/a:1.0-rc.1").map(lambda text: f"registry.example.com/a{text}"),
        st.sampled_from(["a", "localhost:5000/a/b_c:1.0-rc.1", f"registry.example.com/a@sha256:{'0' * 64}"]),
    ),
    "labels.*": _LABEL_VALUES,
    "latency.objective": st.sampled_from(["50%", "99.9%", 0.95]),
    "latency.threshold": _counted(1, 9999, "ms"),
    "memory": st.one_of(_counted(64, 2048, "Mi", "M"), st.sampled_from(["1.5Gi", "1000000", "1G"])),
    "metrics.interval": st.one_of(_counted(1, 60, "s"), st.just(10)),
    "metrics.path": st.sampled_from(["/", "/m?a=b", "/a/b/c", "/%20"]),
    "patch.*": st.sampled_from([{"metadata": {"labels": {"a": "b"}}}, {"metadata": {"annotations": {"a": "b"}}}, {}]),
    "port": st.integers(min_value=1, max_value=65535),
    "project": st.sampled_from(["A", "My-Ktube", "a.b_c", "x" * 63]),
    "prometheusAddress": st.sampled_from(
        ["http://a", "https://user:word@a.example.com:9090/prefix/", "http://[::1]:9090"]
    ),
    "replicas": st.integers(min_value=4, max_value=20),
    "selectorLabels.*": _LABEL_VALUES,
    "slo.availability": st.sampled_from(["50%", "99.99%", 0.9]),
    "steps": st.one_of(_steps(), _steps(), _ODD_STEPS),
    "steps.*.analysis": st.just(True),
    "steps.*.pause": st.one_of(_counted(1, 999, "s", "m"), st.sampled_from(["7d", "1500ms", 45, "forever"])),
    "steps.*.setWeight": st.integers(min_value=1, max_value=100),
    "traffic.ingressClass": st.sampled_from(["nginx", "internal", "nginx.example.com"]),
    "traffic.router": st.sampled_from(["none", "nginx", "alb", "istio", "gatewayApi"]),
    # Pulumi.<stack>.yaml
    "address": st.sampled_from(["http://a", "https://a.example.com/prefix", "http://10.0.0.1:9090"]),
    "adminSecret": _OBJECT_NAMES,
    "alerting.slack.webhook": _CREDENTIALS,
    "apiKey": _CREDENTIALS,
    "basicAuth.password": _CREDENTIALS,
    "basicAuth.username": _CREDENTIALS,
    "bearerToken": _CREDENTIALS,
    "channel": st.sampled_from(["#a", "#alerts-dev", "C0123456789"]),
    "chart": st.sampled_from(["a", "oci://registry.example.com/charts/a", "./charts/a"]),
    "cluster.context": st.sampled_from(["dev", "arn:aws:eks:eu-west-1:1:cluster/a", "admin@a b"]),
    "cluster.kubeconfig": st.sampled_from(["~/.kube/config", "kubeconfig", "/etc/kube/config"]),
    "cluster.uid": st.sampled_from(["6f0c1fd2-7d6c-4b9e-9a53-0d6c2a3b1f12", "a"]),
    "config.environment": st.sampled_from(["dev", "prod", "local", "stage"]),
    "config.images.*": st.sampled_from(["a:1", f"a@sha256:{'1' * 64}"]),
    "config.servicesFile": st.sampled_from(["services.yaml", "./services.yaml", "other.yaml"]),
    "createMetricsService": st.booleans(),
    "email.*": _ADDRESSES,
    "email.from": _ADDRESSES,
    "email.password": _CREDENTIALS,
    "email.smarthost": st.sampled_from(["smtp.example.com:587", "10.0.0.1:25", "mail:465"]),
    "email.to.*": _ADDRESSES,
    "email.username": st.sampled_from(["a", "alerts@example.com", "A B"]),
    "externalLabels.*": st.sampled_from(["eu-1", "a b", "A_1"]),
    "grafana.url": _URLS,
    "headers.*": st.sampled_from(["team-a", "a b", {"secret": "a", "key": "b"}]),
    "install": st.booleans(),
    "key": st.sampled_from(["a", "A_1.b-c", ".a"]),
    "namespace": _NAMESPACES,
    "podSecurity": st.sampled_from(["restricted", "baseline", "privileged", "as it is"]),
    "region": st.sampled_from(["us", "eu"]),
    "release": _RELEASES,
    "remoteWrite.*.name": st.sampled_from(["a", "long-term-2", "x" * 63]),
    "remoteWrite.*.url": _URLS,
    "repository": st.sampled_from(["https://charts.example.com", "oci://registry.example.com/charts", None]),
    "retention": _counted(1, 90, "d", "w", "y"),
    "retentionSize": _counted(1, 999, "MB", "GB", "TB"),
    "routingKey": _CREDENTIALS,
    "runMetrics": st.booleans(),
    "adopt": st.booleans(),
    "alerting.url": _URLS,
    "runbookUrl": _URLS,
    "scopes.*": st.sampled_from(["a", "metrics.read", "https://example.com/.default"]),
    "scrapeControlPlane": st.booleans(),
    "secret": _OBJECT_NAMES,
    "serviceAccount": _OBJECT_NAMES,
    "secure": st.sampled_from(["v1:QQ==", "v1:Q0lQSEVS"]),
    "size": _counted(1, 200, "Gi", "GB", "G"),
    "storageClass": _OBJECT_NAMES,
    "teams.*.slack": st.sampled_from(["#a", "#alerts-dev"]),
    "tokenUrl": _URLS,
    "takeOverNotifications": st.booleans(),
    "ofAnotherStack": st.booleans(),
    "otherStacks.*": _NAMESPACES,
    "upsert": st.booleans(),
    "values": st.sampled_from([{}, {"a": {"b": [1, None, 0.5]}}, {"fullnameOverride": "b"}]),
    "version": st.sampled_from(["1.0.0", "^2", "88.5.3-rc.1"]),
}
"""Values that people would write, by the end of their path: the longest that fits counts.

`*` is the index of a list, the name of a service or whatever other key people choose themselves (OWN_KEYS). A field of
a service has the values that every_field.yaml gives it besides, and is likely to need no others.
"""

OWN_KEYS = {
    "annotations",
    "env",
    "environments",
    "externalLabels",
    "headers",
    "images",
    "labels",
    "nodeSelector",
    "podAnnotations",
    "patch",
    "podLabels",
    "selectorLabels",
    "services",
    "teams",
    "volumes",
}
"""The mappings whose keys are not the product's words; one of them is as good a place for a mutation as another."""


@lru_cache(100_000)
def shape(place: tuple[str | int, ...]) -> tuple[str, ...]:
    """A place without what is only an index or a name: the same for each service's port."""
    words = [str(part).removeprefix("api-observability:") for part in place]
    above = ["", *words[:-1]]
    return tuple(
        "*" if isinstance(part, int) or over in OWN_KEYS else word
        for part, word, over in zip(place, words, above, strict=True)
    )


def _of_every_field() -> dict[str, list[Any]]:
    """The values that every_field.yaml gives to the fields of a service."""
    values: dict[str, list[Any]] = {}
    for change in CHANGES:
        words = [int(word) if word.isdecimal() else word for word in re.findall(r"[^.\[\]]+", change.path)]
        values.setdefault(".".join(shape(tuple(words))), []).append(change.value)
    return values


_EVERY_FIELD = {path: st.sampled_from(values) for path, values in _of_every_field().items()}


def plausible_at(place: tuple[str | int, ...], value: object) -> st.SearchStrategy[Any] | None:
    """The values that people would write at a place instead of `value`, where they are known or can be guessed."""
    parts = shape(place)
    ends = [".".join(parts[start:]) for start in range(len(parts))]
    found = [
        next(known[end] for end in ends if end in known)
        for known in (PLAUSIBLE, _EVERY_FIELD)
        if not known.keys().isdisjoint(ends)
    ]
    if not found and isinstance(value, bool):
        found = [st.booleans()]
    if not found and isinstance(value, int) and value > 0:
        found = [st.integers(value // 2, value * 2)]
    return st.one_of(found) if found else None
