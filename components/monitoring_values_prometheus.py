"""Prometheus in the values of kube-prometheus-stack."""

from collections.abc import Mapping
from typing import Any

from catalog.prometheus_settings import Prometheus, RemoteWrite
from components.credentials import Credentials
from components.monitoring_values import Replicas, Values, literal, volume

_INTERVAL = "30s"
"""Of a scrape or a rule group that names none: the operator's default, which the chart's own rules are written for."""

_MEMORY = "400Mi"
"""What kube-prometheus asks for Prometheus. A limit cannot be derived: memory follows the number of series, of which
the services are a small part, and a pod that reaches its limit while it reads its log never gets up again."""

SELECTED = ("serviceMonitor", "podMonitor", "probe", "rule", "scrapeConfig")
"""The kinds of objects that Prometheus takes its configuration from, as the chart's selectors of them are named."""


def prometheus_values(
    prometheus: Prometheus,
    account: str,
    replicas: Replicas,
    origin: Mapping[str, str],
    credentials: Credentials,
) -> Values:
    """Retention, volume, replicas, selectors, external labels, and the stores that samples are sent to.

    `account` is the ServiceAccount that may read Rollouts. `origin` says where the samples come from; labels of the
    settings win over it. Secrets of the stores go into `credentials`.
    """
    stores = prometheus.remote_write
    spec: Values = {
        **replicas.spec,
        "retention": prometheus.retention,
        "retentionSize": prometheus.retention_size.prometheus,
        "storageSpec": volume(prometheus.storage.size, prometheus.storage.storage_class),
        "resources": {"requests": {"memory": _MEMORY}},
        "scrapeInterval": _INTERVAL,
        "evaluationInterval": _INTERVAL,
        # Otherwise only objects that carry the release's label are picked up.
        **{f"{kind}SelectorNilUsesHelmValues": False for kind in SELECTED},
        "externalLabels": _external_labels({**origin, **prometheus.external_labels}),
    }
    if stores:
        spec["remoteWrite"] = [_remote_write(store, credentials) for store in stores]
        spec["remoteWriteDashboards"] = True
    # Two replicas scrape at other moments, and a graph would jump with each refresh that reaches the other one.
    service = {"sessionAffinity": "ClientIP" if replicas.count > 1 else "None"}
    return {
        "enabled": True,
        "serviceAccount": {"name": account},
        "podDisruptionBudget": replicas.disruption_budget,
        "service": service,
        "prometheusSpec": spec,
    }


def _external_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Prometheus expands `$name` and `${name}` in the values of external labels, and `$$` to a plain one."""
    return {name: literal(text.replace("$", "$$")) for name, text in sorted(labels.items())}


def _remote_write(store: RemoteWrite, credentials: Credentials) -> dict[str, Any]:
    """A store as the operator takes it; its Secrets are named only."""
    written: dict[str, Any] = {"name": store.name, "url": literal(store.url)}
    if store.headers:
        written["headers"] = dict(store.headers)
    if store.bearer_token:
        token = credentials.reference(store.bearer_token, f"{store.name}-bearer-token")
        written["authorization"] = {"type": "Bearer", "credentials": token}
    if store.basic_auth:
        written["basicAuth"] = {
            "username": credentials.reference(store.basic_auth.username, f"{store.name}-username"),
            "password": credentials.reference(store.basic_auth.password, f"{store.name}-password"),
        }
    return written
