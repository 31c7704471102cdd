"""What stands on other programs goes on without them: they are stopped here, and all of them run again afterwards."""

from collections.abc import Mapping
from typing import Any

import pytest
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Event

from local.cluster.api import ask
from local.waiting import wait_until
from tests.e2e.environment import PATIENCE, Environment, entry
from tests.e2e.survival import away, watched
from tests.e2e.waves import AMPLE
from tests.engine.stack import NAMESPACE

PrometheusRule = create_namespaced_resource("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules")

PATIENT, HASTY, LEFT = "patient-api", "hasty-api", "left-api"
MEASURED = [{"setWeight": 50}, {"analysis": True}]
PAUSE: dict[str, Any] = {"pause": "60s"}
LONG: dict[str, Any] = {"pause": "5m"}
STEPS = [{"setWeight": 25}, LONG, {"setWeight": 50}, {"analysis": True}, {"setWeight": 75}, PAUSE]
SERVICES: Mapping[str, Any] = {
    PATIENT: entry(8501, canary={"steps": MEASURED, "analysis": {"surviveOutageOf": "60m"}}),
    HASTY: entry(8502, canary={"steps": MEASURED, "analysis": {"surviveOutageOf": "1m"}}),
    # With a router all pods of the stable version stay until the end.
    LEFT: entry(8503, hosts=["left.example.com"], traffic={"router": "nginx"}, canary={"steps": STEPS}),
}


@pytest.fixture(scope="module")
def tested(environment: Environment) -> Environment:
    """The services of this file, at their first version, with ample traffic."""
    environment.have(SERVICES)
    for name in SERVICES:
        environment.play(name, {"requests_per_second": AMPLE})
    return environment


def gate(environment: Environment, name: str, pod_hash: str) -> dict[str, Any]:
    """The AnalysisRun of the step; empty before there is any."""
    runs = environment.runs(name, pod_hash)
    return next((each for each in runs if each["metadata"]["labels"]["rollout-type"] == "Step"), {})


def wait_for_measurements(environment: Environment, name: str, pod_hash: str, how: str) -> None:
    """Wait until each check of the step has a measurement that ended so."""

    def measured() -> bool:
        results = gate(environment, name, pod_hash).get("status", {}).get("metricResults") or [{}]
        return all(each.get(how, 0) > 0 for each in results)

    wait_until(measured, PATIENCE, f"measurements of {name} that are {how}")


def promoted(environment: Environment, name: str, pod_hash: str) -> None:
    """Wait until that version is the stable one."""

    def done() -> bool:
        status = environment.rollout(name)["status"]
        return bool(status["phase"] == "Healthy" and status["stableRS"] == pod_hash)

    wait_until(done, PATIENCE, f"{name} to be promoted")


def test_an_outage_of_prometheus_decides_nothing_before_it_is_longer_than_the_catalog_allows(
    tested: Environment,
) -> None:
    hashes = tested.release({PATIENT: "2", HASTY: "2"})
    for name, pod_hash in hashes.items():
        wait_for_measurements(tested, name, pod_hash, "successful")
    with away(tested, "prometheus"):
        tested.wait_for_phase(HASTY, "Degraded")
        wait_for_measurements(tested, PATIENT, hashes[PATIENT], "error")
        status = tested.rollout(PATIENT)["status"]
        assert (status["phase"], status.get("abort"), status["currentStepIndex"]) == ("Progressing", None, 1)
    promoted(tested, PATIENT, hashes[PATIENT])
    passed = gate(tested, PATIENT, hashes[PATIENT])["status"]
    assert passed["phase"] == "Successful"
    assert {each.get("failed", 0) for each in passed["metricResults"]} == {0}
    # Nobody could tell whether the other one is good: taken back, with nothing lost, and tried again by hand.
    assert "Error" in {run["status"]["phase"] for run in tested.runs(HASTY, hashes[HASTY])}
    aborted = tested.rollout(HASTY)["status"]
    assert aborted["stableRS"] != hashes[HASTY]
    assert "assessed Error due to consecutiveErrors" in aborted["message"]
    tested.argo("retry", "rollout", HASTY)
    promoted(tested, HASTY, hashes[HASTY])


def test_a_controller_that_is_killed_twice_goes_on_where_it_was(tested: Environment) -> None:
    pods = 4
    with watched(tested, LEFT) as witness:
        (pod_hash,) = tested.release({LEFT: "2"}).values()
        wait_until(lambda: is_after(tested, LEFT, 1), PATIENCE, "the first pause")
        with away(tested, "rollouts-controller"):
            assert tested.rollout(LEFT)["status"]["currentStepIndex"] == 1
        wait_for_measurements(tested, LEFT, pod_hash, "successful")
        wait_until(lambda: is_after(tested, LEFT, 3), PATIENCE, "the analysis")
        measured = gate(tested, LEFT, pod_hash)
        with away(tested, "rollouts-controller"):
            assert tested.rollout(LEFT)["status"]["currentStepIndex"] == 3
        promoted(tested, LEFT, pod_hash)
    assert witness.fewest_stable == len(witness.stable) == pods
    before, *steps = witness.steps
    assert before == len(STEPS), "of the version before, which has taken all of them"
    assert steps == sorted(steps)
    assert {1, 3, 5} < set(steps)
    done = gate(tested, LEFT, pod_hash)
    assert (done["metadata"]["uid"], done["status"]["phase"]) == (measured["metadata"]["uid"], "Successful")
    wait_until(lambda: completed(tested, LEFT) == steps_until(len(STEPS)), PATIENCE, "the last step to be told")


def is_after(environment: Environment, name: str, step: int) -> bool:
    """Whether so many steps are behind it, by the events and by the status, which is written after them."""
    status = environment.rollout(name)["status"]
    return completed(environment, name) == steps_until(step) and status["currentStepIndex"] == step


def completed(environment: Environment, name: str) -> set[str]:
    """The steps that the controller has told to be completed, such as `1/6`."""
    events = environment.stack.client.list(Event, namespace=NAMESPACE)
    own = [event for event in events if event.involvedObject.name == name]
    return {str(event.message).split()[2] for event in own if event.reason == "RolloutStepCompleted"}


def steps_until(number: int) -> set[str]:
    return {f"{each}/{len(STEPS)}" for each in range(1, number + 1)}


def test_an_alert_that_fires_while_alertmanager_is_down_is_told_once_it_is_back(tested: Environment) -> None:
    alert = "FiredUnheard"
    labels = {"service": PATIENT, "namespace": NAMESPACE, "severity": "critical"}
    annotations = {"summary": "nobody listened"}
    rule = {"alert": alert, "expr": "vector(1)", "labels": labels, "annotations": annotations}
    group = {"name": alert, "interval": "1s", "rules": [rule]}
    metadata = ObjectMeta(name="fired-unheard", namespace=NAMESPACE, labels={"release": "kube-prometheus-stack"})
    before = tested.last_message

    def told() -> list[str]:
        found = tested.messages(before)
        return [each.channel for each in found if alert in each.title + each.text]

    with away(tested, "alertmanager"):
        tested.stack.client.create(PrometheusRule(metadata=metadata, spec={"groups": [group]}))
        wait_until(lambda: bool(tested.firing(alertname=alert)), PATIENCE, "the alert to fire")
        wait_until(lambda: undelivered(tested) > 0, PATIENCE, "Prometheus to tell Alertmanager of it in vain")
        assert told() == []
    wait_until(lambda: {"slack", "mail"} <= set(told()), PATIENCE, "the alert to be told")
    tested.stack.client.delete(PrometheusRule, "fired-unheard", namespace=NAMESPACE)
    wait_until(lambda: not tested.firing(alertname=alert), PATIENCE, "the alert to end")


def undelivered(environment: Environment) -> float:
    """How many alerts Prometheus could not deliver since its start, by its own metrics."""
    told = ask(f"{environment.seen.prometheus}/metrics").body.decode().splitlines()
    return sum(float(line.split()[-1]) for line in told if line.startswith("prometheus_notifications_errors_total"))
