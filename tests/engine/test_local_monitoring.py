"""A real Prometheus and a real Alertmanager run what the operator generates, and see what a cluster's would see."""

import base64
import gzip
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Pod, Secret

from local import cluster, programs
from local.cluster import Condition, processes
from local.cluster.api import ask
from local.cluster.ports import LOOPBACK
from local.monitoring import operator_output
from local.monitoring.generations import CURRENT, Generations
from local.monitoring.reloading import Reloaded
from local.simulator.behaviour import Scenario
from local.simulator.control import play
from local.state import State
from local.waiting import wait_until
from tests.embedded import recorded
from tests.engine.monitored import Monitored, monitored
from tests.engine.stack import NAMESPACE, Edit, Stack, stack_of

AnalysisTemplate = create_namespaced_resource("argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates")
PrometheusRule = create_namespaced_resource("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules")

SERVICE, ROUTED = "seedtest-api", "routed-api"
PODS = 36


@dataclass(frozen=True)
class Provisioned:
    """The nine services, as `make up` brings them, and what it said."""

    stack: Stack
    told: str


@pytest.fixture(scope="module")
def provisioned(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provisioned]:
    stack = stack_of(embedded_cluster, tmp_path_factory.mktemp("monitored"))
    finished = stack.make_up()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    yield Provisioned(stack, finished.stdout)
    stack.destroy()


@pytest.fixture(scope="module")
def stack(provisioned: Provisioned) -> Stack:
    return provisioned.stack


@pytest.fixture(scope="module")
def seen(stack: Stack) -> Monitored:
    return monitored(stack.state)


@pytest.fixture
def quiet(stack: Stack) -> Iterator[None]:
    """No scenario before or after the test."""
    yield
    play(stack.state, {})


def test_every_pod_is_scraped_under_the_names_it_has_in_the_cluster(stack: Stack, seen: Monitored) -> None:
    of_services = {each["labels"]["pod"]: each["labels"] for each in seen.wait_for_targets(NAMESPACE, PODS)}
    pods = {pod.metadata.name: pod for pod in stack.client.list(Pod, namespace=NAMESPACE) if pod.metadata}
    assert of_services.keys() == pods.keys()
    for name, labels in of_services.items():
        metadata, status = pods[name].metadata, pods[name].status
        assert metadata and metadata.labels and status
        assert labels["service"] == labels["job"] == metadata.labels["app.kubernetes.io/name"]
        assert labels["version"] == metadata.labels["version"] == "stable"
        assert labels["rollouts_pod_template_hash"] == metadata.labels["rollouts-pod-template-hash"]
        assert labels["instance"].partition(":")[0] == status.podIP


def test_the_controllers_own_metrics_are_the_real_ones(stack: Stack, seen: Monitored) -> None:
    assert seen.wait_for('min(up{job="argo-rollouts"}) == 1') == 1
    info = f'rollout_info{{job="argo-rollouts",namespace="{NAMESPACE}"}}'

    def told() -> set[str]:
        return {labels["name"] for labels, _ in seen.query(info)}

    # Those of other tests' Rollouts linger: a job that is removed leaves its last samples for five minutes.
    wait_until(lambda: told() >= set(stack.rollouts()), 60, "the controller's own metrics of every Rollout")
    found = seen.query(info)
    assert [labels for labels, _ in found if "exported_namespace" in labels] == []


def test_every_pod_has_its_share_of_the_traffic(seen: Monitored) -> None:
    assert seen.wait_for(f"count(sum by (pod) (rate(http_requests_total[1m])) > 0) == {PODS}") == PODS
    quantile = "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))"
    assert 0.1 < seen.wait_for(f"{quantile} > 0") < 0.2
    said = seen.query("count by (service, exported_service) (http_requests_total)")
    assert {labels.get("exported_service", "") for labels, _ in said} == {""}


def test_make_up_and_make_status_tell_where_they_are(provisioned: Provisioned, seen: Monitored) -> None:
    for output in (provisioned.told, provisioned.stack.cli("status").stdout):
        told = [line.split() for line in output.splitlines()]
        assert ["Prometheus", seen.prometheus] in told
        assert ["Alertmanager", seen.alertmanager] in told
        assert ["Messages", recorded(provisioned.stack.state).url("receiver")] in told


def test_analyses_ask_this_prometheus(stack: Stack, seen: Monitored) -> None:
    for template in stack.client.list(AnalysisTemplate, namespace=NAMESPACE):
        metrics = dict(template)["spec"]["metrics"]
        assert {metric["provider"]["prometheus"]["address"] for metric in metrics} == {seen.prometheus}


def with_releases(routed_tag: str, tag: str) -> Edit:
    """An edit: images of these tags for one service without a router, and for a tenth with one, at 10 % each.

    Neither has an analysis in the background, which would take a bad canary back before there is much to see of it.
    """
    waiting = {"background": False, "steps": [{"setWeight": 10}, {"pause": "forever"}, {"analysis": True}]}
    entry = {
        "project": "Routed",
        "port": 8020,
        "image": f"registry.example.com/{ROUTED}:{routed_tag}",
        "hosts": ["routed.example.com"],
        "traffic": {"router": "nginx"},
        "canary": waiting,
    }

    def edit(services: dict[str, Any]) -> None:
        services["services"][SERVICE].update(image=f"registry.example.com/{SERVICE}:{tag}", canary=waiting)
        services["services"][ROUTED] = entry

    return edit


@pytest.mark.usefixtures("quiet")
def test_a_canary_is_told_apart_and_gets_the_share_it_really_has(stack: Stack, seen: Monitored) -> None:
    play(stack.state, {f"{NAMESPACE}/{name}": Scenario(requests_per_second=300) for name in (SERVICE, ROUTED)})
    stack.up(with_releases("good", "1.0.0"))
    stack.wait_for_phase(ROUTED, "Healthy")
    stack.up(with_releases("bad-errors", "bad-errors"))
    for service, share in ((SERVICE, 0.2), (ROUTED, 0.1)):  # one pod of five; what the router is told
        canary, all_pods = f'service="{service}",version="canary"', f'service="{service}"'
        seen.wait_for(f"count_over_time(up{{{canary}}}[1m]) >= 3")
        # Between the last two scrapes, as the canary is young; two may fall where the machine stood still.
        rate = "sum(irate(http_requests_total{{{}}}[1m]))".format
        errors = canary + ',status=~"5.."'
        seen.wait_for(f"abs({rate(canary)} / {rate(all_pods)} - {share}) < 0.03")
        seen.wait_for(f"abs({rate(errors)} / {rate(canary)} - 0.1) < 0.04")
    stack.up()
    stack.wait_for_phase(SERVICE, "Healthy")
    seen.wait_for_targets(NAMESPACE, PODS)


@pytest.mark.usefixtures("quiet")
def test_a_scenario_takes_traffic_or_pods_away(stack: Stack, seen: Monitored) -> None:
    play(stack.state, {f"{NAMESPACE}/{SERVICE}": Scenario(requests_per_second=0)})
    seen.wait_for(f'sum(increase(http_requests_total{{service="{SERVICE}"}}[30s])) == 0')
    play(stack.state, {f"{NAMESPACE}/{SERVICE}": Scenario.model_validate({"stable": "down"})})
    assert seen.wait_for(f'count(up{{service="{SERVICE}"}} == 0) == 4') == 4

    def down() -> set[str]:
        return {each["labels"]["service"] for each in seen.targets() if each["health"] == "down"}

    wait_until(lambda: down() == {SERVICE}, 60, f"nothing but {SERVICE} to be down")


@pytest.fixture
def rule(stack: Stack) -> Iterator[str]:
    """A rule whose alert always fires; its name."""
    name = "always-fires"
    group = {"name": name, "interval": "1s", "rules": [{"alert": name, "expr": "vector(1)", "labels": {"team": "a"}}]}
    metadata = ObjectMeta(name=name, namespace=NAMESPACE, labels={"release": "kube-prometheus-stack"})
    stack.client.create(PrometheusRule(metadata=metadata, spec={"groups": [group]}))
    yield name
    if any(dict(each)["metadata"]["name"] == name for each in stack.client.list(PrometheusRule, namespace=NAMESPACE)):
        stack.client.delete(PrometheusRule, name, namespace=NAMESPACE)


def test_a_rule_is_loaded_and_its_alert_reaches_alertmanager(stack: Stack, seen: Monitored, rule: str) -> None:
    wait_until(lambda: rule in seen.rules(), 60, "the rule to be loaded")
    wait_until(lambda: rule in {alert["alertname"] for alert in seen.alerts()}, 60, "the alert to reach Alertmanager")
    (alert,) = [alert for alert in seen.alerts() if alert["alertname"] == rule]
    assert alert["team"] == "a"
    assert alert["cluster"] == "api-observability-embedded"
    assert "prometheus_replica" not in alert
    stack.client.delete(PrometheusRule, rule, namespace=NAMESPACE)
    wait_until(lambda: rule not in seen.rules(), 60, "the rule to be unloaded")


@contextmanager
def operator_halted(state: State) -> Iterator[None]:
    """The operator sees and mends nothing meanwhile."""
    process = processes.running(state, "prometheus-operator")
    assert process
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def condition(state: State) -> Condition:
    """How the config-reloader is."""
    return next(row.condition for row in cluster.status(state) if row.name == "config-reloader")


def test_a_refused_configuration_shows_until_it_is_mended_and_harms_nothing(stack: Stack, seen: Monitored) -> None:
    with operator_halted(stack.state):
        bad = base64.b64encode(gzip.compress(b"route: {receiver: nobody}")).decode()
        patch = {"data": {"alertmanager.yaml.gz": bad}}
        stack.client.patch(Secret, operator_output.ALERTMANAGER, patch, namespace=operator_output.NAMESPACE)
        wait_until(lambda: condition(stack.state) == Condition.RUNNING, 120, "the refusal to show")
        log, said = processes.log_path(stack.state, "config-reloader"), "alertmanager refused its newest configuration"
        wait_until(lambda: said in log.read_text(encoding="utf-8"), 60, "the log to say so")
        assert ask(f"{seen.alertmanager}/-/ready").status == 200
    wait_until(lambda: condition(stack.state) == Condition.HEALTHY, 60, "the operator to mend it")


def test_samples_and_addresses_outlive_a_restart(stack: Stack, seen: Monitored) -> None:
    seen.wait_for("count(up) > 0")
    cluster.stop(stack.state)
    cluster.start(stack.state)
    wait_until(
        lambda: {row.condition for row in cluster.status(stack.state)} == {Condition.HEALTHY}, 60, "all to be well"
    )
    assert monitored(stack.state) == seen
    assert seen.query("count_over_time(up[10m])"), "from before the restart"
    seen.wait_for_targets(NAMESPACE, PODS)


GOOD: dict[str, Any] = {"global": {"scrape_interval": "15s", "external_labels": {"which": "good"}}}
BAD: dict[str, Any] = {"global": {"scrape_interval": "often"}}


def test_a_configuration_that_the_real_prometheus_refuses_is_taken_back(tmp_path: Path) -> None:
    generations = Generations(tmp_path / "configuration")
    generations.folder.mkdir()
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
    url = f"http://{LOOPBACK}:{port}"
    reloaded = Reloaded("prometheus", url, generations)
    reloaded.offer({"prometheus.yaml": json.dumps(GOOD)})
    program = programs.ensure(["prometheus"], lambda _: None)["prometheus"]
    flags = [
        f"--config.file={generations.folder / CURRENT / 'prometheus.yaml'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        "--web.enable-lifecycle",
    ]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen([program, *flags], stderr=log) as process:
        try:
            wait_until(lambda: _settled(reloaded), 120, "Prometheus to read its configuration")
            reloaded.offer({"prometheus.yaml": json.dumps(BAD)})
            wait_until(lambda: _settled(reloaded), 120, "Prometheus to refuse another")
            assert reloaded.fault.startswith("prometheus refused its newest configuration: failed to reload config")
            assert "which: good" in json.loads(ask(f"{url}/api/v1/status/config").body)["data"]["yaml"]
        finally:
            process.terminate()


def _settled(reloaded: Reloaded) -> bool:
    reloaded.settle()
    return not reloaded.pending
