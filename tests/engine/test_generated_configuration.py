"""What the real operator makes of a whole stack: every monitor, every rule and every route is in what it generates."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import lightkube
import pytest
from lightkube.core.exceptions import ApiError
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Secret

from local.state import State
from tests.engine.operated import (
    Generated,
    PrometheusRule,
    ServiceMonitor,
    generated_alertmanager,
    generated_prometheus,
    routed_to,
    rule_file,
    scrape_job,
)
from tests.engine.stack import NAMESPACE, Stack, stack_of

NINE = 9
MONITORING, PROMETHEUS, ALERTMANAGER = (
    "monitoring",
    "kube-prometheus-stack-prometheus",
    "kube-prometheus-stack-alertmanager",
)
CONTROLLER = "argo-rollouts"
ROUTED = [NAMESPACE, CONTROLLER]
CHANNELS = {
    "slack": {"webhook": {"secret": "channels", "key": "slack"}},
    "pager": {"webhook": {"url": {"secret": "channels", "key": "pager"}}},
    "heartbeat": {"url": {"secret": "channels", "key": "heartbeat"}},
    "teams": {"exams": {"slack": "#exams"}},
}


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack with channels, whose Secrets somebody else provides, and its namespace, which is there already."""
    bare = stack_of(embedded_cluster, tmp_path_factory.mktemp("stack"))
    stack = replace(bare, settings={"alerting": CHANNELS})
    bare.client.apply(Namespace(metadata=ObjectMeta(name=NAMESPACE)), field_manager="somebody")
    yield stack
    for namespace in ROUTED:
        delete(stack.client, namespace)


def provide(client: lightkube.Client, namespace: str, *keys: str) -> None:
    secret = Secret(
        metadata=ObjectMeta(name="channels", namespace=namespace),
        stringData={key: f"https://example.com/{key}" for key in keys},
    )
    client.apply(secret, field_manager="somebody", force=True)


def delete(client: lightkube.Client, namespace: str) -> None:
    try:
        client.delete(Secret, "channels", namespace=namespace)
    except ApiError as error:
        if error.status.code != 404:
            raise


@pytest.fixture(scope="module")
def up(stack: Stack) -> Iterator[Stack]:
    provide(stack.client, NAMESPACE, "slack", "pager", "heartbeat")
    provide(stack.client, CONTROLLER, "slack", "pager")
    stack.up()
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def prometheus(up: Stack, tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """Once it has every ServiceMonitor and every PrometheusRule of the stack."""
    monitors = [scrape_job(dict(each)) for name in ROUTED for each in up.client.list(ServiceMonitor, namespace=name)]
    rules = [rule_file(dict(each)) for name in ROUTED for each in up.client.list(PrometheusRule, namespace=name)]
    assert rules
    folder = tmp_path_factory.mktemp("prometheus")
    return generated_prometheus(up.client, MONITORING, PROMETHEUS, [*monitors, *rules], folder)


@pytest.fixture(scope="module")
def alertmanager(up: Stack, tmp_path_factory: pytest.TempPathFactory) -> Generated:
    folder = tmp_path_factory.mktemp("alertmanager")
    return generated_alertmanager(up.client, MONITORING, ALERTMANAGER, ROUTED, folder)


def refusal(stack: Stack) -> str:
    """What a preview is refused with."""
    finished = stack.engine().run("preview", "--non-interactive", capture=True)
    assert finished.returncode != 0
    assert "Traceback" not in finished.stdout
    return finished.stdout


def test_a_secret_that_no_namespace_has_is_told_before_anything_is_made(stack: Stack) -> None:
    provide(stack.client, NAMESPACE, "slack", "pager")
    told = refusal(stack)
    place = "Pulumi.local.yaml: config.api-observability:alerting"
    lines = [line.strip() for line in told.splitlines() if place in line]
    expected = {
        f"{place}.heartbeat.url: Secret 'channels' in namespace 'apis' has no key 'heartbeat' (it has pager, slack)",
        f"{place}.slack.webhook: there is no Secret 'channels' in namespace 'argo-rollouts' of the cluster",
        f"{place}.pager.webhook.url: there is no Secret 'channels' in namespace 'argo-rollouts' of the cluster",
    }
    assert {line[line.index(place) :].partition(";")[0] for line in lines} == expected


def test_prometheus_scrapes_all_nine_services_and_the_controller(prometheus: Generated, up: Stack) -> None:
    jobs = {each["job_name"] for each in prometheus.content["scrape_configs"]}
    assert {f"serviceMonitor/{NAMESPACE}/{name}/0" for name in up.rollouts()} <= jobs
    assert len(up.rollouts()) == NINE
    assert f"serviceMonitor/{CONTROLLER}/argo-rollouts/0" in jobs


def test_prometheus_evaluates_every_rule_and_accepts_its_configuration(prometheus: Generated) -> None:
    assert prometheus.content["rule_files"]
    assert prometheus.faults("promtool", "check", "config") == ""


def test_a_fault_in_a_rule_would_be_told(prometheus: Generated, tmp_path: Path) -> None:
    broken = Generated(tmp_path / "broken.yaml")
    (tmp_path / "rule.yaml").write_text("groups: [{name: a, rules: [{alert: A, expr: 'sum('}]}]", encoding="utf-8")
    broken.file.write_text(f"rule_files: ['{tmp_path / 'rule.yaml'}']", encoding="utf-8")
    assert "could not parse expression" in broken.faults("promtool", "check", "config")


def test_alertmanager_accepts_its_configuration_and_routes_as_the_stack_says(alertmanager: Generated) -> None:
    assert alertmanager.faults("amtool", "check-config") == ""
    critical = {"severity": "critical", "namespace": NAMESPACE, "service": "seedtest-api", "team": "exams"}
    assert routed_to(alertmanager, critical) == [
        f"{NAMESPACE}/alert-routing/{name}" for name in ("pager", "team-exams")
    ]
    watchdog = {"alertname": "Watchdog", "severity": "none", "namespace": NAMESPACE}
    assert routed_to(alertmanager, watchdog)[0] == f"{NAMESPACE}/alert-routing/heartbeat"


def test_an_up_changes_nothing_more(up: Stack) -> None:
    assert up.changes() == {}
