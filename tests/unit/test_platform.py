"""MonitoringStack and ArgoRolloutsMonitoring: installed or used as the cluster has them."""

from catalog.stack import ArgoRollouts, Monitoring, Prometheus
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


def test_retention_reaches_prometheus_and_the_users_values_come_last(preview: bool) -> None:
    values = {"prometheus": {"prometheusSpec": {"retention": "90d", "replicas": 2}}}
    spec = monitoring(preview, values=values).one("Release", "kube-prometheus-stack").inputs["values"]["prometheus"]
    assert spec["prometheusSpec"] == {"retention": "90d", "retentionSize": "45GB", "replicas": 2}


def test_an_adopted_stack_makes_nothing(preview: bool) -> None:
    assert [entry.kind for entry in monitoring(preview, install=False).resources] == ["MonitoringStack"]


def test_a_mirror_or_a_local_chart_is_a_setting(preview: bool) -> None:
    recording = monitoring(preview, chart="./charts/kube-prometheus-stack", repository=None)
    release = recording.one("Release", "kube-prometheus-stack").inputs
    assert release["chart"] == "./charts/kube-prometheus-stack"
    assert "repositoryOpts" not in release


def test_an_adopted_controller_gets_the_metrics_service_its_chart_would_have_brought(preview: bool) -> None:
    service = argo_rollouts(preview, install=False).one("Service", "argo-rollouts-metrics").inputs
    assert service["metadata"]["namespace"] == "argo-rollouts"
    assert service["spec"]["ports"][0]["port"] == 8090
    assert {key: service["metadata"]["annotations"][f"prometheus.io/{key}"] for key in ("scrape", "port", "path")} == {
        "scrape": "true",
        "port": "8090",
        "path": "/metrics",
    }
    assert argo_rollouts(preview).of("Service") == []


def test_the_controller_is_scraped_as_the_job_argo_rollouts_with_its_own_labels(preview: bool) -> None:
    recording = argo_rollouts(preview, install=False)
    spec = recording.one("ServiceMonitor", "argo-rollouts").inputs["spec"]
    labels = recording.one("Service", "argo-rollouts-metrics").inputs["metadata"]["labels"]
    assert labels[spec["jobLabel"]] == "argo-rollouts"
    assert spec["selector"]["matchLabels"].items() <= labels.items()
    assert spec["endpoints"][0]["honorLabels"] is True


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
