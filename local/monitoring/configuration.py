"""The generated configuration, changed in what is different outside of the cluster, and in nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

PROMETHEUS_FILE = "prometheus.yaml"
ALERTMANAGER_FILE = "alertmanager.yaml"

_RULES_IN_THE_POD = "/etc/prometheus/rules/"
_RULES = "rules/"
"""Relative to the file that names them, as Prometheus reads it."""

_ALERTMANAGER_IN_THE_POD = "/etc/alertmanager/config/"

_VARIABLES = {"$(SHARD)": "0", "$(POD_NAME)": "prometheus-kube-prometheus-stack-prometheus-0"}
"""What the sidecar fills in from the pod's environment (prometheus-operator, pkg/operator/config_reloader.go)."""

POD_PARAMETER = "pod"
"""The query parameter of a scrape that names the pod, as `namespace/name`."""

_NAME_THE_POD = {
    "source_labels": ["__meta_kubernetes_namespace", "__meta_kubernetes_pod_name"],
    "separator": "/",
    "regex": "(.+/.+)",
    "target_label": f"__param_{POD_PARAMETER}",
}
"""Appended to the relabeling. An address is not enough: kwok forgets at its restart which ones it has given away."""

_OF_DISCOVERED_ALERTMANAGERS = ("kubernetes_sd_configs", "relabel_configs", "tls_config", "authorization", "basic_auth")


@dataclass(frozen=True)
class Surroundings:
    """What a Prometheus outside of the cluster needs to find its way.

    `pod_network` is the URL of the proxy that answers for the pods, `alertmanager` a host and port.
    """

    kubeconfig: str
    pod_network: str
    alertmanager: str


def prometheus_files(
    generated: str, rules: Mapping[str, Mapping[str, str]], surroundings: Surroundings
) -> dict[str, str]:
    """The files of Prometheus by relative path: its configuration, and `rules`, which are by ConfigMap and key.

    What a pod would mount besides, such as the certificates of a ServiceMonitor's `tlsConfig`, is not among them.
    """
    configuration = _prometheus_configuration(generated, surroundings)
    files = {f"{_RULES}{name}/{key}": text for name, texts in rules.items() for key, text in texts.items()}
    return {PROMETHEUS_FILE: configuration, **files}


def alertmanager_files(generated: Mapping[str, str]) -> dict[str, str]:
    """The files of Alertmanager by relative path: its configuration and the templates beside it."""
    configuration = generated[ALERTMANAGER_FILE].replace(_ALERTMANAGER_IN_THE_POD, "")
    return {**generated, ALERTMANAGER_FILE: configuration}


def _prometheus_configuration(generated: str, surroundings: Surroundings) -> str:
    """What is scraped, how it is labelled and which alerts go out stay what the operator wrote.

    Targets keep their addresses in the cluster, which nobody can reach from here: a proxy is asked for them instead. So
    the target's labels, `instance` among them, are those of a real cluster.
    """
    for variable, value in _VARIABLES.items():
        generated = generated.replace(variable, value)
    configuration: dict[str, Any] = yaml.safe_load(generated.replace(_RULES_IN_THE_POD, _RULES))
    for job in configuration.get("scrape_configs") or []:
        if discoveries := job.get("kubernetes_sd_configs"):
            for discovery in discoveries:
                discovery["kubeconfig_file"] = surroundings.kubeconfig
            job["proxy_url"] = surroundings.pod_network
            job["relabel_configs"] = [*(job.get("relabel_configs") or []), _NAME_THE_POD]
    for alertmanager in configuration.get("alerting", {}).get("alertmanagers") or []:
        for key in _OF_DISCOVERED_ALERTMANAGERS:
            alertmanager.pop(key, None)
        alertmanager |= {"scheme": "http", "static_configs": [{"targets": [surroundings.alertmanager]}]}
    return yaml.safe_dump(configuration, sort_keys=False, allow_unicode=True)
