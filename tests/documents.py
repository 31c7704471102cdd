"""The documents that mutations begin with: the real services.yaml and stack files, saying all that can be said.

Each is made once and shared: change copies only.
"""

import copy
from functools import cache
from typing import Any

import yaml

from catalog.layers import merge
from local.state import CHECKOUT
from tests.unit.every_field import ENTRIES
from tests.unit.settings_workbench import encrypted, everything

Document = dict[str, Any]

SERVICES_FILE = "services.yaml"

_NAMES = {"plain": "a-api", "adapted": "b-api"}
"""Those of services that others name as their callers."""

_MORE: dict[str, Document] = {
    "a-api": {
        "enabled": True,
        "metrics": {"path": "/metrics", "interval": "15s", "sampleLimit": 10_000, "buckets": ["100ms", "300ms", "1s"]},
        "canary": {
            "minReady": "5s",
            "progressDeadline": "10m",
            "abortAtDeadline": True,
            "revisionHistoryLimit": 5,
            "background": True,
            "analysis": {
                "interval": "60s",
                "count": 5,
                "rollbackAfterFailures": 1,
                "onNoTraffic": "pause",
                "surviveOutageOf": "5m",
                "keep": 20,
            },
        },
        "slo": {"availability": "99.5%", "latency": {"threshold": "300ms", "objective": "99%"}},
        "environments": {
            "dev": {"canary": {"analysis": {"p95": "500ms"}}},
            "prod": {"replicas": 10, "labels": {"tier": "gold"}},
        },
    },
    "pods-api": {"environments": {"prod": {"autoscaling": {"min": 10, "max": 20}}}},
    "routed-api": {
        "canary": {
            "dynamicStableScale": False,
            "steps": [
                {"setCanaryScale": {"replicas": 1}},
                {"setCanaryScale": {"weight": 20}},
                {"setWeight": 10},
                {"pause": "1m"},
                {"analysis": True},
                {"setCanaryScale": {"matchTrafficWeight": True}},
            ],
        },
    },
    "gateway-api": {"hosts": ["gateway.example.com"]},
}
"""What the entries of every_field.yaml leave to the defaults, and what it takes to stand in one file."""

_PATCHED = {
    "a-api": ["service", "serviceMonitor", "prometheusRule", "analysisTemplate", "rollout", "podDisruptionBudget"],
    "routed-api": ["canaryService", "stableService", "ingress", "networkPolicy"],
    "gateway-api": ["httpRoute"],
    "mesh-api": ["virtualService", "horizontalPodAutoscaler"],
}


def stack_file(stack: str) -> str:
    """The name of a stack's file."""
    return f"Pulumi.{stack}.yaml"


def read(name: str) -> Document:
    """A file of the checkout as plain data."""
    content: Document = yaml.safe_load((CHECKOUT / name).read_text(encoding="utf-8"))
    return content


@cache
def with_everything() -> Document:
    """The real services.yaml, and besides its services some that together say all that an entry can say."""
    document = read(SERVICES_FILE)
    services = document["services"]
    services |= {_NAMES.get(name, f"{name}-api"): entry for name, entry in copy.deepcopy(ENTRIES).items()}
    for name, more in _MORE.items():
        services[name] = merge(services[name], more)
    for name, objects in _PATCHED.items():
        services[name]["patch"] = {each: {"metadata": {"labels": {"patched": "yes"}}} for each in objects}
    return document


@cache
def few_services() -> Document:
    """Enough to try a stack file on: one service that says little, and one with most kinds of objects."""
    document = with_everything()
    return document | {"services": {name: document["services"][name] for name in ("a-api", "routed-api")}}


@cache
def stacks_with_everything(stack: str) -> list[Document]:
    """The real stack file, saying all that one can say; several, since some settings exclude others."""
    real = read(stack_file(stack))["config"]
    own = {"environment": stack, "cluster": everything()["cluster"] | {"context": stack}}
    settings = encrypted(everything()) | own | {"images": {"a-api": "registry.example.com/a:2"}}
    others = copy.deepcopy(settings)
    others["alerting"]["pager"] = {
        "opsgenie": {"apiKey": {"secret": "alerting", "key": "opsgenie"}, "region": "eu", "team": "a"}
    }
    others["prometheus"]["access"] = {"bearerToken": {"secret": "prometheus", "key": "token"}}
    webhook = copy.deepcopy(others)
    webhook["alerting"]["pager"] = {"webhook": {"url": {"secret": "alerting", "key": "pager"}}}
    return [
        {"config": real | {f"api-observability:{key}": value for key, value in each.items()}}
        for each in (settings, others, webhook)
    ]
