"""The operator's configuration, as it is run outside of the cluster: changed where that differs, and nowhere else."""

import base64
import gzip
from typing import Any

import pytest
import yaml

from local.monitoring import operator_output
from local.monitoring.configuration import Surroundings, alertmanager_files, prometheus_files

SURROUNDINGS = Surroundings("/home/me/kubeconfig", "http://127.0.0.1:1111", "127.0.0.1:2222")

GENERATED = """\
global:
  scrape_interval: 15s
  external_labels:
    prometheus_replica: $(POD_NAME)
rule_files:
- /etc/prometheus/rules/prometheus-one-rulefiles-0/*.yaml
scrape_configs:
- job_name: serviceMonitor/apis/a-api/0
  kubernetes_sd_configs:
  - role: endpointslice
    namespaces:
      names: [apis]
  metrics_path: /metrics
  relabel_configs:
  - source_labels: [__meta_kubernetes_service_name]
    target_label: service
    regex: (.+)
    replacement: ${1}
  - source_labels: [__tmp_hash, __tmp_disable_sharding]
    regex: $(SHARD);|.+;.+
    action: keep
  sample_limit: 20000
- job_name: elsewhere
  static_configs:
  - targets: [example.com:80]
alerting:
  alert_relabel_configs:
  - action: labeldrop
    regex: prometheus_replica
  alertmanagers:
  - path_prefix: /
    api_version: v2
    kubernetes_sd_configs:
    - role: endpoints
    relabel_configs:
    - action: keep
      source_labels: [__meta_kubernetes_service_name]
      regex: alertmanager
"""

EXPECTED = """\
global:
  scrape_interval: 15s
  external_labels:
    prometheus_replica: prometheus-kube-prometheus-stack-prometheus-0
rule_files:
- rules/prometheus-one-rulefiles-0/*.yaml
scrape_configs:
- job_name: serviceMonitor/apis/a-api/0
  kubernetes_sd_configs:
  - role: endpointslice
    namespaces:
      names: [apis]
    kubeconfig_file: /home/me/kubeconfig
  metrics_path: /metrics
  relabel_configs:
  - source_labels: [__meta_kubernetes_service_name]
    target_label: service
    regex: (.+)
    replacement: ${1}
  - source_labels: [__tmp_hash, __tmp_disable_sharding]
    regex: 0;|.+;.+
    action: keep
  - source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_pod_name]
    separator: /
    regex: (.+/.+)
    target_label: __param_pod
  sample_limit: 20000
  proxy_url: http://127.0.0.1:1111
- job_name: elsewhere
  static_configs:
  - targets: [example.com:80]
alerting:
  alert_relabel_configs:
  - action: labeldrop
    regex: prometheus_replica
  alertmanagers:
  - path_prefix: /
    api_version: v2
    scheme: http
    static_configs:
    - targets: [127.0.0.1:2222]
"""


def run_as(generated: str) -> Any:
    return yaml.safe_load(prometheus_files(generated, {}, SURROUNDINGS)["prometheus.yaml"])


def test_a_generated_configuration_is_changed_where_it_must_be_and_nowhere_else() -> None:
    assert run_as(GENERATED) == yaml.safe_load(EXPECTED)


def test_texts_that_look_like_numbers_or_truths_stay_texts() -> None:
    job = {"job_name": "on", "metric_relabel_configs": [{"replacement": "1e3", "regex": "0x10"}, {"regex": "12:30"}]}
    assert run_as(yaml.safe_dump({"scrape_configs": [job]})) == {"scrape_configs": [job]}


@pytest.mark.parametrize("empty", ["global: {}\n", "scrape_configs: []\nalerting: {alertmanagers: []}\n"])
def test_a_configuration_without_jobs_or_alertmanagers_is_one_too(empty: str) -> None:
    assert run_as(empty) == yaml.safe_load(empty)


def test_rules_lie_where_the_configuration_looks_for_them() -> None:
    files = prometheus_files(GENERATED, {"prometheus-one-rulefiles-0": {"apis-a.yaml": "groups: []"}}, SURROUNDINGS)
    assert files["rules/prometheus-one-rulefiles-0/apis-a.yaml"] == "groups: []"


def test_alertmanager_finds_its_templates_beside_its_configuration() -> None:
    generated = {
        "alertmanager.yaml": "templates:\n- /etc/alertmanager/config/slack.tmpl\n",
        "slack.tmpl": '{{ define "slack" }}{{ end }}',
    }
    files = alertmanager_files(generated)
    assert yaml.safe_load(files["alertmanager.yaml"]) == {"templates": ["slack.tmpl"]}
    assert files["slack.tmpl"] == generated["slack.tmpl"]


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode())).decode()


def secret(name: str, data: dict[str, str]) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "monitoring"}, "data": data}


def test_what_the_operator_packs_is_unpacked() -> None:
    prometheus = secret(operator_output.PROMETHEUS, {"prometheus.yaml.gz": packed("global: {}")})
    alertmanager = secret(
        operator_output.ALERTMANAGER,
        {"alertmanager.yaml.gz": packed("route: {}"), "a.tmpl": base64.b64encode(b"text").decode()},
    )
    seen = {
        ("monitoring", operator_output.PROMETHEUS): operator_output.secret_texts(prometheus),
        ("monitoring", operator_output.ALERTMANAGER): operator_output.secret_texts(alertmanager),
    }
    assert operator_output.prometheus_configuration(seen) == "global: {}"
    assert operator_output.alertmanager_configuration(seen) == {"alertmanager.yaml": "route: {}", "a.tmpl": "text"}


def test_other_secrets_are_not_read() -> None:
    other = secret("somebodys", {"password.gz": base64.b64encode(b"not packed").decode()})
    assert operator_output.secret_texts(other) == {}


def test_before_the_operator_has_written_there_is_nothing_to_run() -> None:
    assert operator_output.prometheus_configuration({}) is None
    assert operator_output.alertmanager_configuration({("monitoring", operator_output.ALERTMANAGER): {}}) is None


def test_the_moment_in_which_the_operator_replaces_all_rules_is_not_taken_for_no_rules() -> None:
    other = ("monitoring", "kube-root-ca.crt")
    first = ("monitoring", f"{operator_output.PROMETHEUS}-rulefiles-0")
    assert operator_output.rules({other: {"ca.crt": "x"}}) is None
    assert operator_output.rules({other: {"ca.crt": "x"}, first: {}}) == {first[1]: {}}
    assert operator_output.config_map_texts({"metadata": {"name": "empty"}}) == {}
