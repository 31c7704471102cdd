"""Wrong and odd files: mutations of the real services.yaml and stack files."""

import copy
import os
from typing import Any

import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from local.state import CHECKOUT

# `HYPOTHESIS_PROFILE=long` is for a night; what it finds becomes a test of its own.
settings.register_profile("short", max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

Document = dict[str, Any]
Place = tuple[str | int, ...]

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
ODD_STEPS = st.lists(
    st.one_of(
        st.builds(lambda weight: {"setWeight": weight}, st.integers(min_value=-1, max_value=102)),
        st.builds(lambda pause: {"pause": pause}, st.sampled_from(["60s", "forever", 30, "0s", "24h"])),
        st.just({"analysis": True}),
    ),
    max_size=6,
)


PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "steps": ODD_STEPS,
    "replicas": st.integers(min_value=4, max_value=20),
    "port": st.integers(min_value=1, max_value=65535),
    "setWeight": st.integers(min_value=1, max_value=100),
    "pause": st.sampled_from(["1s", "90s", "1h30m", "48h", "7d", "1500ms", 45, "forever"]),
    "image": st.sampled_from(["a", "localhost:5000/a/b_c:1.0-rc.1", f"registry.example.com/a@sha256:{'0' * 64}"]),
    "p95": st.sampled_from(["1ms", "0.25s", 0.5, 1, "1m"]),
    "errorRate": st.sampled_from(["0.01%", 0.5, 1, "100%", "1 %"]),
    "interval": st.sampled_from(["15s", 30, "1m", "90s", "2h", "1d"]),
    "surviveOutageOf": st.sampled_from(["1s", "10s", "1h", 1]),
    "count": st.integers(min_value=1, max_value=1000),
    "rollbackAfterFailures": st.integers(min_value=1, max_value=5),
    "cpu": st.sampled_from(["0.5", "1000m", "2", "1.5", "1m"]),
    "memory": st.sampled_from(["1024Mi", "1.5Gi", "1000000", "1G", "0.5Gi", "64Mi"]),
    "host": st.sampled_from(["*.example.com", "a", "xn--bcher-kva.example"]),
    "path": st.sampled_from(["/", "/m?a=b", "/a/b/c", "/%20"]),
    "router": st.sampled_from(["none", "nginx"]),
    "project": st.sampled_from(["A", "My-Ktube", "a.b_c", "x" * 63]),
    "enabled": st.booleans(),
    "environment": st.sampled_from(["dev", "prod", "stage"]),
    "retention": st.sampled_from(["1d", "90d", "2w", "1y"]),
    "namespace": st.sampled_from(["a", "my-apis", "x" * 63]),
}
"""Values that people would write, by the key they stand under."""


def read(name: str) -> Document:
    """A file of the checkout as plain data."""
    content: Document = yaml.safe_load((CHECKOUT / name).read_text(encoding="utf-8"))
    return content


def places(node: object, at: Place = ()) -> list[Place]:
    """Every place of a document, its root left out."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found = []
    for key, value in inner:
        found += [(*at, key), *places(value, (*at, key))]
    return found


def changed(document: Document, at: Place, change: str, value: Any) -> Document:
    """A copy of `document` in which something is done at a place: replaced, removed, renamed, or given a sibling."""
    result = copy.deepcopy(document)
    parent: Any = result
    for key in at[:-1]:
        parent = parent[key]
    key = at[-1]
    if change == "replace":
        parent[key] = value
    elif change == "remove":
        del parent[key]
    elif change == "rename" and isinstance(parent, dict):
        parent[f"{key}x"] = parent.pop(key)
    elif isinstance(parent, dict):
        parent[str(value)] = copy.deepcopy(parent[key])
    else:
        parent.append(copy.deepcopy(parent[key]))
    return result


@st.composite
def mutated(draw: st.DrawFn, document: Document) -> Document:
    """The document after one to three mutations at random places."""
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        known = places(document)
        if not known:
            break
        at = draw(st.sampled_from(known))
        plausible = PLAUSIBLE.get(str(at[-1]))
        if plausible is None:
            change = draw(st.sampled_from(["replace", "remove", "rename", "sibling"]))
            value = draw(ODD_VALUES)
        else:
            change = "replace"
            value = draw(st.one_of(plausible, plausible, ODD_VALUES))
        document = changed(document, at, change, value)
    return document


def with_everything() -> Document:
    """The real services.yaml, in which one service says all that an entry can say."""
    document = read("services.yaml")
    document["services"]["univprepai-api"] |= {
        "enabled": True,
        "replicas": 4,
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "metrics": {"path": "/metrics", "interval": "15s", "labels": {"team": "a"}},
        "canary": {
            "steps": [{"setWeight": 20}, {"pause": "60s"}, {"analysis": True}],
            "analysis": {
                "p95": "300ms",
                "errorRate": "2%",
                "interval": "60s",
                "count": 5,
                "rollbackAfterFailures": 1,
                "surviveOutageOf": "5m",
            },
        },
        "traffic": {"router": "nginx", "host": "univ.example.com", "ingressClass": "nginx"},
        "prometheusAddress": "http://prometheus.example.com",
        "labels": {"example.com/team": "a"},
        "selectorLabels": {"app": "univ"},
        "environments": {"prod": {"replicas": 10}, "dev": {"canary": {"analysis": {"p95": "500ms"}}}},
    }
    return document
