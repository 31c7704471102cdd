"""ArgoRolloutsMonitoring: what the controller is installed with, who reads it, and what it says of releases."""

import json
from typing import Any

import pytest

from catalog.alerting import Alerting
from catalog.platform import ArgoRollouts, Monitoring
from cli.recording import Recording, record
from components.argo_rollouts_monitoring import ArgoRolloutsMonitoring, ArgoRolloutsMonitoringArgs
from observability import metrics
from observability.controller_rules import SERIES_BUDGET
from observability.notifications import CONFIG_MAP, SECRET
from tests.unit.golden.argo_rollouts import NAMES, as_registered, golden_file
from tests.unit.settings_workbench import SENTINEL, everything, from_engine

CHANNELS = from_engine(everything(), ("alerting", "prometheus")).alerting


def registered(preview: bool, args: dict[str, Any] | None = None, **settings: Any) -> Recording:
    """All that is registered for a controller with these settings."""
    given: dict[str, Any] = {"monitoring": Monitoring(), **(args or {})}
    everything_told = ArgoRolloutsMonitoringArgs(ArgoRollouts.model_validate(settings), **given)
    return record(lambda: ArgoRolloutsMonitoring("argo-rollouts", everything_told), stack="dev", preview=preview)[1]


def values(preview: bool, args: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """The values of the chart."""
    found: dict[str, Any] = registered(preview, args, **settings).one("Release", "argo-rollouts").inputs["values"]
    return found


def relabeling(recording: Recording, name: str) -> dict[str, Any]:
    """What the only relabeling of a ServiceMonitor's samples is."""
    (endpoint,) = recording.one("ServiceMonitor", name).inputs["spec"]["endpoints"]
    (found,) = endpoint["metricRelabelings"]
    return dict(found)


@pytest.mark.parametrize("name", NAMES)
def test_everything_registered_is_what_its_golden_file_says(name: str) -> None:
    written = golden_file(name).read_text(encoding="utf-8")
    assert as_registered(name) == written, "on purpose? then: python -m tests.unit.golden.argo_rollouts"
    assert SENTINEL not in written


def test_a_single_controller_can_be_evicted_and_several_only_one_by_one(preview: bool) -> None:
    assert "pdb" not in values(preview)["controller"]
    several = values(preview, {"replicas": 3})["controller"]
    assert several["replicas"] == 3
    assert several["pdb"] == {"enabled": True, "maxUnavailable": 1}
    assert {each["whenUnsatisfiable"] for each in several["topologySpreadConstraints"]} == {"ScheduleAnyway"}


@pytest.mark.parametrize(
    ("services", "flags", "request_", "limit"),
    [
        (9, [], "128Mi", "512Mi"),
        (20, [], "128Mi", "512Mi"),
        (21, ["--qps=100", "--burst=200"], "256Mi", "512Mi"),
        (100, ["--qps=200", "--burst=400"], "320Mi", "512Mi"),
        (101, ["--qps=200", "--burst=400"], "448Mi", "768Mi"),
        (500, ["--qps=200", "--burst=400"], "1280Mi", "2048Mi"),
    ],
)
def test_a_controller_of_many_services_is_larger(
    services: int, flags: list[str], request_: str, limit: str, preview: bool
) -> None:
    found = values(preview, {"services": services})["controller"]
    assert found["extraArgs"] == flags
    assert found["resources"]["requests"]["memory"] == request_
    assert found["resources"]["limits"] == {"memory": limit}


def test_each_new_service_does_not_restart_the_controller(preview: bool) -> None:
    assert values(preview, {"services": 51}) == values(preview, {"services": 100})


def test_own_flags_that_replace_those_of_many_services_are_warned_of(
    preview: bool, caplog: pytest.LogCaptureFixture
) -> None:
    own = {"controller": {"extraArgs": ["--loglevel=warn"]}}
    registered(preview, {"services": 20}, values=own)
    assert not caplog.records
    registered(preview, {"services": 100}, values=own)
    (told,) = [record.getMessage() for record in caplog.records]
    assert "platform.argoRollouts.values.controller.extraArgs: a list replaces a list; repeat these" in told
    caplog.clear()
    both = {"controller": {"extraArgs": ["--loglevel=warn", "--qps=200", "--burst=400"]}}
    registered(preview, {"services": 100}, values=both)
    assert not caplog.records


def test_the_users_values_come_last_and_leave_the_rest(preview: bool) -> None:
    own = {"controller": {"resources": {"limits": {"memory": "2Gi"}}}, "notifications": {"templates": {"mine": "x"}}}
    found = values(preview, {"alerting": CHANNELS}, values=own)
    assert found["controller"]["resources"]["limits"]["memory"] == "2Gi"
    assert found["controller"]["resources"]["requests"]["memory"] == "128Mi"
    assert {"mine", "template.rollout-aborted"} <= set(found["notifications"]["templates"])


def test_what_undoes_something_is_warned_of_at_its_place(preview: bool, caplog: pytest.LogCaptureFixture) -> None:
    own = {"keepCRDs": False, "controller": {"resources": None, "metrics": {"service": {"portName": "http"}}}}
    registered(preview, values=own)
    prefix = "Pulumi.dev.yaml: config.api-observability:platform.argoRollouts.values."
    told = {record.getMessage().removeprefix(prefix).partition(":")[0] for record in caplog.records}
    assert told == {"keepCRDs", "controller.metrics.service.portName"}


def test_a_counter_that_grows_for_ever_is_read_by_a_job_of_its_own_within_a_budget(preview: bool) -> None:
    recording = registered(preview)
    monitors = {each.name: each.inputs["spec"] for each in recording.of("ServiceMonitor")}
    assert set(monitors) == {metrics.ARGO_ROLLOUTS_JOB, metrics.ARGO_ROLLOUTS_REQUESTS_JOB}
    assert monitors[metrics.ARGO_ROLLOUTS_REQUESTS_JOB]["sampleLimit"] == SERIES_BUDGET
    assert "sampleLimit" not in monitors[metrics.ARGO_ROLLOUTS_JOB]
    actions = {name: relabeling(recording, name)["action"] for name in monitors}
    assert actions == {metrics.ARGO_ROLLOUTS_JOB: "drop", metrics.ARGO_ROLLOUTS_REQUESTS_JOB: "keep"}
    jobs = {spec["endpoints"][0]["relabelings"][0]["replacement"] for spec in monitors.values()}
    assert jobs == set(monitors)
    assert all(spec["endpoints"][0]["honorLabels"] for spec in monitors.values())


@pytest.mark.parametrize("name", ["analysis_run_info", "analysis_run_metric_phase", "experiment_info"])
def test_metrics_of_single_runs_can_be_left_out(name: str, preview: bool) -> None:
    kept = relabeling(registered(preview), metrics.ARGO_ROLLOUTS_JOB)["regex"].split("|")
    assert kept == [metrics.API_REQUESTS]
    left_out = relabeling(registered(preview, runMetrics=False), metrics.ARGO_ROLLOUTS_JOB)["regex"].split("|")
    assert any(name.startswith(each.removesuffix(".*")) for each in left_out if each.endswith(".*"))
    assert not any(metrics.ROLLOUT_INFO.startswith(each.removesuffix(".*")) for each in left_out)


def test_an_adopted_prometheus_of_another_name_is_given_the_role(preview: bool) -> None:
    monitoring = Monitoring.model_validate({"install": False, "serviceAccount": "prometheus-k8s"})
    (binding,) = registered(preview, {"monitoring": monitoring}).of("ClusterRoleBinding")
    assert binding.inputs["subjects"] == [
        {"kind": "ServiceAccount", "name": "prometheus-k8s", "namespace": "monitoring"}
    ]


def test_the_secret_of_messages_is_there_before_the_controller_and_not_in_its_values(preview: bool) -> None:
    recording = registered(preview, {"alerting": CHANNELS})
    secret, release = recording.one("Secret", SECRET), recording.one("Release", "argo-rollouts")
    assert secret.urn in release.depends_on
    assert secret.secret_inputs == ("data",)
    assert set(secret.inputs["data"]) == {"slack-webhook", "email-password"}
    assert secret.inputs["metadata"]["namespace"] == "argo-rollouts"
    assert release.inputs["values"]["notifications"]["secret"] == {"create": False}
    assert SENTINEL not in json.dumps(release.inputs)
    assert recording.of("ConfigMap") == []


def test_without_a_channel_there_is_neither_secret_nor_message(preview: bool) -> None:
    recording = registered(preview, {"alerting": Alerting()})
    assert recording.of("Secret") == []
    told = recording.one("Release", "argo-rollouts").inputs["values"]["notifications"]
    assert told == {"notifiers": {}, "templates": {}, "triggers": {}, "secret": {"create": False}}


def test_secrets_that_are_only_referred_to_are_somebody_elses(preview: bool) -> None:
    webhook = {"webhook": {"secret": SECRET, "key": "url"}}
    recording = registered(preview, {"alerting": Alerting.model_validate({"slack": webhook})})
    assert recording.of("Secret") == []
    assert recording.one("Release", "argo-rollouts").inputs["values"]["notifications"]["notifiers"]


def test_the_messages_of_a_controller_that_is_there_are_left_alone_unless_asked_for(preview: bool) -> None:
    alone = registered(preview, {"alerting": CHANNELS}, install=False)
    assert alone.of("Secret") + alone.of("ConfigMap") == []
    taken = registered(preview, {"alerting": CHANNELS, "take_over_notifications": True}, install=False)
    config, secret = taken.one("ConfigMap", CONFIG_MAP), taken.one("Secret", SECRET)
    assert secret.urn in config.depends_on
    assert config.inputs["metadata"]["namespace"] == "argo-rollouts"
    assert {"service.webhook.slack", "service.email", "trigger.on-rollout-aborted"} <= set(config.inputs["data"])
    assert SENTINEL not in json.dumps(config.inputs)
