"""MonitoringStack and ArgoRolloutsMonitoring: installed or used as the cluster has them."""

import pytest

from catalog.platform import ArgoRollouts, Monitoring
from catalog.prometheus_settings import Prometheus
from cli.recording import Recording, record
from components.argo_rollouts_monitoring import ArgoRolloutsMonitoring, ArgoRolloutsMonitoringArgs
from components.monitoring_stack import MonitoringStack, MonitoringStackArgs


def monitoring(preview: bool, **settings: object) -> Recording:
    args = MonitoringStackArgs(Monitoring.model_validate(settings), Prometheus(), "http://prometheus:9090")
    return record(lambda: MonitoringStack("monitoring", args), stack="dev", preview=preview)[1]


def argo_rollouts(preview: bool, **settings: object) -> Recording:
    args = ArgoRolloutsMonitoringArgs(ArgoRollouts.model_validate(settings), Monitoring())
    return record(lambda: ArgoRolloutsMonitoring("argo-rollouts", args), stack="dev", preview=preview)[1]


def test_an_installed_stack_is_a_release_of_a_fixed_name(preview: bool) -> None:
    recording = monitoring(preview)
    release = recording.one("Release", "kube-prometheus-stack")
    assert release.inputs["name"] == "kube-prometheus-stack"
    assert release.inputs["version"] == "88.5.3"
    assert release.inputs["values"]["fullnameOverride"] == "kube-prometheus-stack"


SCRAPE = {"prometheus.io/scrape": "true", "prometheus.io/port": "8090", "prometheus.io/path": "/metrics"}


def test_the_chart_is_told_to_bring_the_metrics_service_with_its_annotations(preview: bool) -> None:
    recording = argo_rollouts(preview)
    values = recording.one("Release", "argo-rollouts").inputs["values"]
    assert values["fullnameOverride"] == "argo-rollouts"
    assert values["controller"]["metrics"].items() >= {"enabled": True, "service": {"annotations": SCRAPE}}.items()
    assert recording.of("Service") == []


def test_the_metrics_service_of_a_controller_that_is_there_is_used_unless_one_is_asked_for(preview: bool) -> None:
    assert argo_rollouts(preview, install=False).of("Service") == []
    recording = argo_rollouts(preview, install=False, createMetricsService=True)
    service = recording.one("Service", "argo-rollouts-metrics").inputs
    assert service["metadata"]["namespace"] == "argo-rollouts"
    assert service["spec"]["ports"][0]["port"] == 8090
    assert service["metadata"]["annotations"].items() >= SCRAPE.items()
    assert service["spec"]["selector"] == {"app.kubernetes.io/name": "argo-rollouts"}


@pytest.mark.parametrize("name", ["argo-rollouts", "argo-rollouts-metrics"])
def test_the_controller_is_scraped_as_the_job_argo_rollouts_however_it_was_installed(name: str, preview: bool) -> None:
    spec = argo_rollouts(preview, install=False).one("ServiceMonitor", "argo-rollouts").inputs["spec"]
    (expression,) = spec["selector"]["matchExpressions"]
    assert (expression["key"], expression["operator"]) == ("app.kubernetes.io/name", "In")
    assert name in expression["values"]
    (endpoint,) = spec["endpoints"]
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": "argo-rollouts"}]
    assert endpoint["honorLabels"] is True


def test_prometheus_may_read_rollouts_and_nothing_more(preview: bool) -> None:
    recording = argo_rollouts(preview)
    (role,) = recording.of("ClusterRole")
    (binding,) = recording.of("ClusterRoleBinding")
    assert role.inputs["rules"] == [
        {"apiGroups": ["argoproj.io"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
    ]
    assert binding.inputs["roleRef"]["name"] == role.inputs["metadata"]["name"]
    assert binding.inputs["subjects"] == [
        {"kind": "ServiceAccount", "name": "kube-prometheus-stack-prometheus", "namespace": "monitoring"}
    ]
    assert role.urn in binding.depends_on
