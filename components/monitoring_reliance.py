"""What this program relies on in the values of kube-prometheus-stack."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.layers import merge
from catalog.problems import Fault
from components.monitoring_values_prometheus import SELECTED
from components.overridden_values import Reliance, undone

_OPERATOR = "prometheusOperator"
_SPEC = "prometheus prometheusSpec"
_ALERTMANAGER = "alertmanager alertmanagerSpec"
_STATE = "kube-state-metrics"
_SIDECAR = "grafana sidecar dashboards"

_UNWATCHED = "services whose objects do not match are not watched, and their canaries have no metrics to be judged by"
_UNREAD = "alert routes that do not match are not read, and their alerts reach nobody"
_MOVED = "analyses ask for Prometheus at an address that is derived without this; set prometheus.address to the new one"
_UNSEEN = "the dashboards of the services are not found"
_NO_STATE = "weight, step and phase of Rollouts are missing from dashboards and alerts"
_BLIND = "the operator passes over namespaces that are not meant: services there are not watched, and not judged"
_NOT_RUN = "the operator passes over the namespace of the stack unless it is named"
_STATELESS = "objects of namespaces that are not meant are missing from dashboards and alerts"
_REFUSED = "a service above the limit is not watched any more, and its canaries have no metrics to be judged by"

_CHART_SAYS = {
    "kube-state-metrics": {"rbac": {"create": True, "useClusterRole": True}},
    "prometheus": {"prometheusSpec": {"shards": 1}},
}
"""Defaults of the chart that must stay as they are, and that nobody is blamed for repeating."""


def _selectors() -> Iterator[Reliance]:
    for kind in SELECTED:
        yield Reliance(f"{_SPEC} {kind}SelectorNilUsesHelmValues", _UNWATCHED)
        yield Reliance(f"{_SPEC} {kind}Selector", _UNWATCHED)
        yield Reliance(f"{_SPEC} {kind}NamespaceSelector", _UNWATCHED)


_PARTS = (
    Reliance("prometheusOperator enabled", "nothing turns this program's objects into configuration"),
    Reliance("crds enabled", "the definitions of ServiceMonitors and rules must be in the cluster already"),
    Reliance("prometheus enabled", "there is no Prometheus that could judge a canary"),
    Reliance("prometheus agentMode", "an agent answers no queries, and canaries cannot be judged"),
    Reliance("alertmanager enabled", "no alert reaches anybody"),
    Reliance("grafana enabled", "there is nothing to show the dashboards"),
    Reliance("kubeStateMetrics enabled", _NO_STATE),
)

_NAMES = (
    Reliance("fullnameOverride", _MOVED),
    Reliance("namespaceOverride", _MOVED),
    Reliance("prometheus service port", _MOVED),
    Reliance(f"{_SPEC} routePrefix", _MOVED),
    Reliance("prometheus serviceAccount name", "Prometheus loses its permission to read Rollouts"),
)

_REACH = (
    Reliance(f"{_OPERATOR} namespaces", _BLIND),
    Reliance(f"{_OPERATOR} denyNamespaces", _BLIND),
    Reliance(f"{_OPERATOR} prometheusInstanceNamespaces", _NOT_RUN),
    Reliance(f"{_OPERATOR} alertmanagerInstanceNamespaces", _NOT_RUN),
    Reliance(f"{_OPERATOR} alertmanagerConfigNamespaces", _UNREAD),
    Reliance(f"{_STATE} namespaces", _STATELESS),
    Reliance(f"{_STATE} namespacesDenylist", _STATELESS),
    Reliance(f"{_STATE} releaseNamespace", _STATELESS),
    Reliance(f"{_STATE} rbac create", _NO_STATE),
    Reliance(f"{_STATE} rbac useClusterRole", _NO_STATE),
    Reliance(f"{_SPEC} shards", "each shard sees some of a service's pods, and judges canaries and alerts by those"),
    *(Reliance(f"{_SPEC} enforced{what}Limit", _REFUSED) for what in ("Sample", "Target", "Label")),
)
"""What the parts of the stack get to see."""

_MEANING = (
    Reliance(f"{_SPEC} overrideHonorLabels", "the metrics of Rollouts lose the namespace of the Rollout"),
    Reliance(f"{_SPEC} enforcedNamespaceLabel", "rules and metrics lose the namespaces they are about"),
    Reliance(f"{_SPEC} ignoreNamespaceSelectors", _UNWATCHED),
    Reliance(f"{_STATE} prometheus monitor http honorLabels", _NO_STATE),
    Reliance(f"{_STATE} customResourceState", _NO_STATE),
    Reliance(f"{_STATE} rbac extraRules", _NO_STATE),
    Reliance(f"{_ALERTMANAGER} alertmanagerConfigSelector", _UNREAD),
    Reliance(f"{_ALERTMANAGER} alertmanagerConfigNamespaceSelector", _UNREAD),
    Reliance(f"{_ALERTMANAGER} alertmanagerConfigMatcherStrategy", _UNREAD),
    Reliance(f"{_ALERTMANAGER} alertmanagerConfiguration", "one configuration alone is read, and no routes of others"),
    Reliance(f"{_ALERTMANAGER} useExistingSecret", "the base of Alertmanager's configuration is another one"),
    *(
        Reliance(f"{_SIDECAR} {key}", _UNSEEN)
        for key in ("enabled", "label", "labelValue", "searchNamespace", "resource")
    ),
    Reliance(f"{_SIDECAR} folderAnnotation", "all dashboards land in one folder"),
    Reliance(f"{_SIDECAR} provider foldersFromFilesStructure", "all dashboards land in one folder"),
    Reliance("grafana sidecar datasources", "dashboards find no data source of the uid they name"),
    Reliance(
        "grafana adminPassword",
        "shows the password in the state and in the release; name a Secret by grafana.adminSecret",
    ),
)

_SETTINGS = {
    f"{_SPEC} retention": "prometheus.retention",
    f"{_SPEC} retentionSize": "prometheus.retentionSize",
    f"{_SPEC} storageSpec": "prometheus.storage",
    f"{_SPEC} replicas": "prometheus.replicas",
    f"{_SPEC} externalLabels": "prometheus.externalLabels",
    f"{_SPEC} remoteWrite": "prometheus.remoteWrite",
    f"{_ALERTMANAGER} replicas": "alerting.replicas",
    f"{_ALERTMANAGER} externalUrl": "alerting.url",
    "grafana admin existingSecret": "grafana.adminSecret",
    "grafana grafana.ini server root_url": "grafana.url",
    "grafana persistence enabled": "grafana.persistence",
    "grafana persistence size": "grafana.persistence.size",
    **{
        f"{part} enabled": "platform.monitoring.scrapeControlPlane"
        for part in ("kubeControllerManager", "kubeEtcd", "kubeProxy", "kubeScheduler")
    },
}
"""Values that a setting speaks of too: the settings are checked against one another, and other parts read them."""

RELIED_ON = (
    *_PARTS,
    *_NAMES,
    *_selectors(),
    *_REACH,
    *_MEANING,
    *(
        Reliance(keys, f"has a setting of its own, which other parts read too; set {setting} instead")
        for keys, setting in _SETTINGS.items()
    ),
)


def taken_away(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Fault]:
    """What the user's own values, merged over this program's, take away of what is relied on."""
    return undone(RELIED_ON, merge(_CHART_SAYS, ours), theirs)
