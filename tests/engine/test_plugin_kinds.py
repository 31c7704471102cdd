"""Every kind that the program makes: created, refreshed and updated without a difference being left."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.state import State
from tests.engine import plugin_harness as harness
from tests.engine.plugin_harness import Object, Plugin

_LABELS = {"app": "checkout"}
_CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
_RPS = {
    "type": "Pods",
    "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "0.5"}},
}
_POD = {
    "serviceAccountName": "checkout",
    "containers": [
        {
            "name": "app",
            "image": "registry.example.com/checkout:1",
            "ports": [{"containerPort": 8080}],
            "env": [{"name": "RATIO", "value": "0.50"}, {"name": "EMPTY", "value": ""}],
            "resources": {"requests": {"cpu": "0.1", "memory": "0.5Gi"}, "limits": {"cpu": 1, "memory": "1024Mi"}},
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}

_CONTAINERS = [{"name": "app", "image": "registry.example.com/checkout:1", "ports": [{"containerPort": 8080}]}]

_KINDS: dict[str, Object] = {
    "core/v1:ServiceAccount": {"automountServiceAccountToken": False, "imagePullSecrets": []},
    "core/v1:ConfigMap": {"data": {"a.json": '{"a": 1}'}, "binaryData": {}},
    "core/v1:Secret": {"stringData": {"url": "https://hooks.example.com"}, "type": "Opaque"},
    "core/v1:Service": {"spec": {"selector": _LABELS, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}},
    "rbac.authorization.k8s.io/v1:Role": {
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": []}]
    },
    "rbac.authorization.k8s.io/v1:RoleBinding": {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "checkout"},
        "subjects": [{"kind": "ServiceAccount", "name": "checkout"}],
    },
    "networking.k8s.io/v1:NetworkPolicy": {
        "spec": {
            "podSelector": {"matchLabels": _LABELS},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 8080}]}],
        }
    },
    "networking.k8s.io/v1:Ingress": {
        "spec": {
            "rules": [
                {
                    "host": "checkout.example.com",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "checkout", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ]
        }
    },
    "policy/v1:PodDisruptionBudget": {"spec": {"maxUnavailable": "50%", "selector": {"matchLabels": _LABELS}}},
    "autoscaling/v2:HorizontalPodAutoscaler": {
        "spec": {
            "scaleTargetRef": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "checkout"},
            "minReplicas": 2,
            "maxReplicas": 5,
            "metrics": [_CPU, _RPS],
        }
    },
    "apps/v1:Deployment": {
        "spec": {
            "replicas": 0,
            "paused": False,
            "selector": {"matchLabels": _LABELS},
            "template": {"metadata": {"labels": _LABELS}, "spec": _POD},
        }
    },
    "argoproj.io/v1alpha1:Rollout": {
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": _LABELS},
            "template": {"metadata": {"labels": _LABELS}, "spec": {"containers": _CONTAINERS}},
            "strategy": {"canary": {"maxUnavailable": 0, "steps": [{"setWeight": 50}, {"pause": {}}]}},
        }
    },
    "argoproj.io/v1alpha1:AnalysisTemplate": {
        "spec": {
            "args": [{"name": "hash"}],
            "metrics": [
                {
                    "name": "errors",
                    "interval": "60s",
                    "count": 5,
                    "failureLimit": 0,
                    "provider": {"prometheus": {"address": "http://prometheus:9090", "query": "vector(0)"}},
                }
            ],
        }
    },
    "monitoring.coreos.com/v1:ServiceMonitor": {
        "spec": {"selector": {"matchLabels": _LABELS}, "endpoints": [{"port": "http", "interval": "15s"}]}
    },
    "monitoring.coreos.com/v1:PrometheusRule": {
        "spec": {"groups": [{"name": "g", "rules": [{"record": "a:b", "expr": "vector(1)", "labels": {"a": "b"}}]}]}
    },
    "monitoring.coreos.com/v1alpha1:AlertmanagerConfig": {
        "spec": {"route": {"receiver": "none", "groupBy": ["alertname"]}, "receivers": [{"name": "none"}]}
    },
}
"""What each kind carries besides its identity, with the empty values and odd quantities that a server rewrites."""


@pytest.fixture(scope="module")
def plugin(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    folder = tmp_path_factory.mktemp("plugin")
    with harness.running(embedded_cluster, folder, enableConfigMapMutable="true", enableSecretMutable="true") as plugin:
        yield plugin


def inputs_of(kind: str, space: str, **labels: str) -> Object:
    module, _, name = kind.partition(":")
    metadata: dict[str, Any] = {
        "name": "checkout",
        "namespace": space,
        "labels": {**_LABELS, **labels},
        "annotations": {"pulumi.com/skipAwait": "true"},
    }
    return {"apiVersion": module.removeprefix("core/"), "kind": name, "metadata": metadata, **_KINDS[kind]}


@pytest.mark.parametrize("kind", _KINDS)
def test_no_difference_is_left_after_create_refresh_and_update(plugin: Plugin, space: str, kind: str) -> None:
    token = f"kubernetes:{kind}"
    wanted, changed = inputs_of(kind, space), inputs_of(kind, space, team="payments")
    assert plugin.create(token, wanted, preview=True).outputs["metadata"]["labels"] == _LABELS
    made = plugin.create(token, wanted)
    assert plugin.changes(made, wanted) == {}
    refreshed = plugin.refresh(made)
    assert refreshed
    assert plugin.changes(refreshed, wanted) == {}
    assert plugin.changes(refreshed, changed) == {"metadata.labels.team": "ADD"}
    plugin.update(refreshed, changed, preview=True)
    updated = plugin.update(refreshed, changed)
    assert plugin.changes(updated, changed) == {}
    again = plugin.refresh(updated)
    assert again
    assert plugin.changes(again, changed) == {}
    assert plugin.update(again, changed).outputs["metadata"]["resourceVersion"]
    plugin.delete(updated)


def test_a_misspelt_field_of_a_custom_resource_passes_the_create_and_fails_the_next_update(
    plugin: Plugin, space: str
) -> None:
    misspelt = harness.rollout(space, progressDeadlineSecond=300)
    made = plugin.create(harness.ROLLOUT, misspelt)
    assert plugin.changes(made, misspelt) == {"spec.progressDeadlineSecond": "ADD"}
    for preview in (True, False):
        with pytest.raises(
            harness.PluginFailure, match=r"\.spec\.progressDeadlineSecond: field not declared in schema"
        ):
            plugin.update(made, misspelt, preview=preview)
