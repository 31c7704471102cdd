"""Legacy PHP behind its adapter: both containers are admitted, and a release of either goes through the canary."""

from typing import Any

import pytest
from lightkube import ApiError
from lightkube.models.core_v1 import PodSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Pod

from local.waiting import wait_until
from observability import metrics
from tests.e2e.environment import PATIENCE, Environment
from tests.e2e.waves import ADAPTER_BAD, ADAPTER_GOOD, PHP_BAD, PHP_GOOD, Wave
from tests.engine.stack import NAMESPACE

SERVICE = "mpcstudy-api"
CONTAINERS = {"api": 8080, "adapter": 8010}
"""PHP's port, and the one that requests go to."""

Containers = dict[str, dict[str, Any]]


def pods(environment: Environment, name: str, pod_hash: str) -> list[dict[str, Any]]:
    """The pods of that version."""
    names = [pod for pod, labels in environment.pods(name).items() if labels[metrics.POD_HASH_LABEL] == pod_hash]
    client = environment.stack.client
    return [client.get(Pod, name, namespace=NAMESPACE).to_dict() for name in names]


def containers(pod: dict[str, Any]) -> Containers:
    return {each["name"]: each for each in pod["spec"]["containers"]}


def ready(pod: dict[str, Any]) -> dict[str, Any]:
    """The condition by which a pod gets requests."""
    (condition,) = [each for each in pod["status"]["conditions"] if each["type"] == "Ready"]
    return dict(condition)


def test_both_containers_are_admitted_where_the_strictest_level_is_enforced(environment: Environment) -> None:
    namespace = environment.stack.client.get(Namespace, NAMESPACE).metadata
    assert namespace and (namespace.labels or {})["pod-security.kubernetes.io/enforce"] == "restricted"
    found = pods(environment, SERVICE, environment.rollout(SERVICE)["status"]["stableRS"])
    assert found
    for pod in found:
        ports = {name: each["ports"][0]["containerPort"] for name, each in containers(pod).items()}
        assert ports == CONTAINERS
        assert {"type": "Ready", "status": "True"}.items() <= ready(pod).items()


def test_an_adapter_that_could_gain_rights_would_not_be(environment: Environment) -> None:
    (pod, *_) = pods(environment, SERVICE, environment.rollout(SERVICE)["status"]["stableRS"])
    containers(pod)["adapter"]["securityContext"]["allowPrivilegeEscalation"] = True
    spec = PodSpec.from_dict(pod["spec"])
    assert isinstance(spec, PodSpec)
    unsafe = Pod(metadata=ObjectMeta(name="unsafe", namespace=NAMESPACE), spec=spec)
    with pytest.raises(ApiError, match=r'violates PodSecurity "restricted.*container "adapter" must set'):
        environment.stack.client.create(unsafe)


def test_it_is_probed_and_ends_in_the_order_in_which_requests_need_it(environment: Environment) -> None:
    (pod, *_) = pods(environment, SERVICE, environment.rollout(SERVICE)["status"]["stableRS"])
    both = containers(pod)
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert both["adapter"][probe]["httpGet"]["path"] == "/healthz"
        assert both["api"][probe]["tcpSocket"]["port"] == "upstream"
    waits = {name: each["lifecycle"]["preStop"]["sleep"]["seconds"] for name, each in both.items()}
    assert waits["adapter"] < waits["api"] < pod["spec"]["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("name", [PHP_GOOD, ADAPTER_GOOD])
def test_a_good_release_of_either_is_promoted_after_its_analyses(first_wave: Wave, name: str) -> None:
    environment, canary = first_wave.environment, first_wave.hashes[name]
    assert first_wave.phases[name] == "Healthy", first_wave.account(name)
    assert environment.rollout(name)["status"]["stableRS"] == canary != first_wave.stable[name]
    # The one beside the steps is ended a moment after the promotion.
    wait_until(lambda: "Running" not in phases_of_runs(first_wave, name), PATIENCE, "the analyses to have ended")
    runs = phases_of_runs(first_wave, name)
    assert len(runs) >= 2 and set(runs) == {"Successful"}
    changed = {PHP_GOOD: "api", ADAPTER_GOOD: "adapter"}[name]
    for pod in pods(environment, name, canary):
        tags = {part: each["image"].rpartition(":")[2] for part, each in containers(pod).items()}
        assert tags == {part: "good" if part == changed else "1" for part in CONTAINERS}


@pytest.mark.parametrize("name", [PHP_BAD, ADAPTER_BAD])
def test_a_bad_release_of_either_is_taken_back(first_wave: Wave, name: str) -> None:
    assert first_wave.phases[name] == "Degraded", first_wave.account(name)
    assert "Failed" in phases_of_runs(first_wave, name)
    assert first_wave.environment.rollout(name)["status"]["stableRS"] == first_wave.stable[name]


def phases_of_runs(wave: Wave, name: str) -> list[str]:
    return [each["status"]["phase"] for each in wave.environment.runs(name, wave.hashes[name])]
