"""The values that the charts know at their top level: to any other key a chart says nothing, and does nothing."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class KnownChart:
    """The keys of a chart's own values.yaml (those of its subcharts among them), as that version has them."""

    version: str
    keys: frozenset[str]

    def unknown(self, values: Iterable[str]) -> Iterator[tuple[str, str | None]]:
        """The keys among `values` that the chart does not have, each with the one that was surely meant, if any."""
        for key in values:
            if key not in self.keys | _OF_HELM:
                yield key, next(iter(difflib.get_close_matches(key, sorted(self.keys), n=1, cutoff=_SURE)), None)


_OF_HELM = frozenset({"global", "tags"})
"""What Helm itself reads, in every chart."""

_SURE = 0.8
"""So much alike (0–1) that one is the other, mistyped: graphana and grafana."""

KNOWN_CHARTS: Mapping[str, KnownChart] = {
    "kube-prometheus-stack": KnownChart(
        "88.5.3",
        frozenset(
            [
                "additionalPrometheusRulesMap",
                "alertmanager",
                "cleanPrometheusOperatorObjectNames",
                "commonLabels",
                "coreDns",
                "crds",
                "customRules",
                "defaultRules",
                "extraManifests",
                "fullnameOverride",
                "global",
                "grafana",
                "kube-state-metrics",
                "kubeApiServer",
                "kubeControllerManager",
                "kubeDns",
                "kubeEtcd",
                "kubeProxy",
                "kubeScheduler",
                "kubeStateMetrics",
                "kubeTargetVersionOverride",
                "kubeVersionOverride",
                "kubelet",
                "kubernetesServiceMonitors",
                "nameOverride",
                "namespaceOverride",
                "nodeExporter",
                "prometheus",
                "prometheus-node-exporter",
                "prometheus-windows-exporter",
                "prometheusOperator",
                "thanosRuler",
                "windowsMonitoring",
            ]
        ),
    ),
    "argo-rollouts": KnownChart(
        "2.41.0",
        frozenset(
            [
                "apiVersionOverrides",
                "clusterInstall",
                "containerSecurityContext",
                "controller",
                "crdAnnotations",
                "createClusterAggregateRoles",
                "dashboard",
                "extraObjects",
                "fullnameOverride",
                "global",
                "imagePullSecrets",
                "installCRDs",
                "keepCRDs",
                "kubeVersionOverride",
                "nameOverride",
                "namespaceOverride",
                "notifications",
                "podAnnotations",
                "podLabels",
                "podSecurityContext",
                "providerRBAC",
                "serviceAccount",
                "serviceAnnotations",
            ]
        ),
    ),
}
"""By the name of the chart. A test holds the versions against those that are installed: who changes one reads the keys
anew, from values.yaml of that version."""
