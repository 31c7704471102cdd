"""A stack's settings that say all that can be said, and the two ways they are read: from a file, and by the engine."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.problems import CatalogError
from catalog.stack import StackSettings
from catalog.stack_file import load_stack_file, settings_from_config

Settings = dict[str, Any]
Place = tuple[str | int, ...]

UID = "6f0c1fd2-7d6c-4b9e-9a53-0d6c2a3b1f11"
SENTINEL = "s3ntin3l"
"""In every credential of `everything`; no message and no repr may ever hold it."""

_SECRET_URL = f"https://hooks.example.com/{SENTINEL}"

CREDENTIALS: list[Place] = [
    ("alerting", "slack", "webhook"),
    ("alerting", "email", "password"),
    ("alerting", "pager", "pagerduty", "routingKey"),
    ("alerting", "heartbeat", "url"),
    ("prometheus", "remoteWrite", 0, "bearerToken"),
    ("prometheus", "remoteWrite", 1, "basicAuth", "username"),
    ("prometheus", "remoteWrite", 1, "basicAuth", "password"),
]
"""The places of `everything` where a credential stands; a pager has others in its place."""


SECRET_KEYS = ("alerting", "prometheus")
"""The keys of `everything` that hold credentials: the engine tells no more than that."""


def minimal(**settings: Any) -> Settings:
    """The fewest settings of a stack, and those given."""
    return {"environment": "dev", "cluster": {"context": "dev"}, **settings}


def everything() -> Settings:
    """Every setting there is, below its top-level key, all credentials in clear text as the engine hands them over."""
    return {
        "environment": "prod",
        "cluster": {"context": "prod", "kubeconfig": "clusters/kubeconfig", "uid": UID, "upsert": True, "adopt": True},
        "servicesFile": "services.yaml",
        "namespace": "apis",
        "podSecurity": "baseline",
        "platform": {
            "monitoring": {
                "install": True,
                "namespace": "monitoring",
                "release": "kube-prometheus-stack",
                "chart": "kube-prometheus-stack",
                "version": "88.5.3",
                "repository": "https://charts.example.com",
                "values": {"grafana": {"enabled": False}},
                "scrapeControlPlane": True,
                "serviceAccount": "prometheus",
            },
            "argoRollouts": {
                "install": True,
                "createMetricsService": True,
                "replicas": 3,
                "runMetrics": False,
                "takeOverNotifications": True,
                "namespace": "argo-rollouts",
                "release": "argo-rollouts",
                "chart": "argo-rollouts",
                "version": "2.41.0",
                "repository": "https://charts.example.com",
                "values": {"dashboard": {"enabled": True}},
            },
            "ofAnotherStack": False,
            "otherStacks": ["exams"],
        },
        "prometheus": {
            "address": "http://prometheus.example.com:9090",
            "retention": "30d",
            "retentionSize": "45GB",
            "storage": {"size": "50Gi", "storageClass": "fast"},
            "replicas": 2,
            "remoteWrite": [
                {
                    "name": "long-term",
                    "url": "https://mimir.example.com/api/v1/push",
                    "headers": {"X-Scope-OrgID": "team-a"},
                    "bearerToken": SENTINEL,
                },
                {
                    "name": "audit",
                    "url": "https://audit.example.com/write",
                    "basicAuth": {"username": SENTINEL, "password": f"{SENTINEL} two"},
                },
            ],
            "externalLabels": {"cluster": "prod-eu-1", "region": "eu"},
            "access": {
                "headers": {"X-Scope-OrgID": "team-a", "X-Api-Key": {"secret": "prometheus", "key": "api-key"}},
                "oauth2": {
                    "tokenUrl": "https://login.example.com/token",
                    "clientId": {"secret": "prometheus", "key": "client-id"},
                    "clientSecret": {"secret": "prometheus", "key": "client-secret"},
                    "scopes": ["metrics.read"],
                },
            },
        },
        "alerting": {
            "slack": {"webhook": _SECRET_URL, "channel": "#alerts"},
            "email": {
                "to": ["oncall@example.com"],
                "from": "alerts@example.com",
                "smarthost": "smtp.example.com:587",
                "username": "alerts",
                "password": SENTINEL,
                "requireTls": True,
            },
            "pager": {"pagerduty": {"routingKey": SENTINEL}},
            "heartbeat": {"url": _SECRET_URL},
            "teams": {"learning": {"slack": "#learning", "email": ["learning@example.com"]}},
            "url": "https://alertmanager.example.com",
            "runbookUrl": "https://runbooks.example.com",
            "replicas": 2,
            "labels": {"alertmanagerConfig": "apis"},
        },
        "grafana": {
            "url": "https://grafana.example.com",
            "adminSecret": "grafana-admin",
            "persistence": {"size": "10Gi", "storageClass": "fast"},
        },
        "images": {"seedtest-api": "registry.example.com/seedtest-api:1.0.1"},
        "timeScale": 1,
    }


def changed(settings: Settings, place: Place, value: Any) -> Settings:
    """A copy of `settings` with another value at `place`; mappings on the way there are made."""
    result = copy.deepcopy(settings)
    parent: Any = result
    for key in place[:-1]:
        parent = parent.setdefault(key, {}) if isinstance(parent, dict) else parent[key]
    parent[place[-1]] = value
    return result


def value_at(settings: Settings, place: Place) -> Any:
    """What stands at `place`."""
    value: Any = settings
    for key in place:
        value = value[key]
    return value


def places(node: object, at: Place = ()) -> list[Place]:
    """Every place of the settings, the root left out."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, value in inner for place in ((*at, key), *places(value, (*at, key)))]


def encrypted(settings: Settings, ciphertext: str = "v1:Q0lQSEVS") -> Settings:
    """The settings as a file has them: each credential of `everything` that is in them is encrypted by itself."""
    for place in CREDENTIALS:
        try:
            value_at(settings, place)
        except (LookupError, TypeError):
            continue
        settings = changed(settings, place, {"secure": ciphertext})
    return settings


def from_file(folder: Path, settings: Settings, stack: str = "dev") -> StackSettings:
    """What a stack's file of these settings loads to."""
    config = {f"api-observability:{key}": value for key, value in settings.items()}
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}), encoding="utf-8")
    return load_stack_file(folder, stack)


def from_engine(settings: Settings, secret: tuple[str, ...] = (), stack: str = "dev") -> StackSettings:
    """What the engine's config of these settings loads to; the keys in `secret` hold secrets."""
    config = {
        f"api-observability:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in settings.items()
    }
    return settings_from_config(config, stack, [f"api-observability:{key}" for key in secret])


def refusal(settings: Settings, secret: tuple[str, ...] = (), stack: str = "dev") -> list[str]:
    """The lines that the engine's config of these settings is refused with."""
    with pytest.raises(CatalogError) as caught:
        from_engine(settings, secret, stack)
    return str(caught.value).splitlines()


def refusal_of_file(folder: Path, settings: Settings, stack: str = "dev") -> list[str]:
    """The lines that a stack's file of these settings is refused with."""
    with pytest.raises(CatalogError) as caught:
        from_file(folder, settings, stack)
    return str(caught.value).splitlines()
