"""Releases as a controller, an autoscaler and people drive them: what they own, the next `pulumi up` leaves alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lightkube.core.exceptions import ApiError
from lightkube.models.core_v1 import Container, PersistentVolumeClaimSpec, PodSpec, VolumeResourceRequirements
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace, PersistentVolumeClaim, Pod
from lightkube.types import PatchType

from catalog.stack import Cluster
from catalog.stack_file import load_stack_file
from components.claims import look_up_claims
from local.state import CHECKOUT, EMBEDDED_CONTEXT, State
from local.waiting import wait_until
from tests.engine.drift import assert_no_drift
from tests.engine.stack import NAMESPACE, Edit, Rollout, Stack, stack_of
from tests.unit.catalog_workbench import service

SERVICE = "release-api"


def released(image: str = "1", **more: Any) -> Edit:
    """An edit that leaves one service alone in the file, whose canary waits for a person after half of the pods."""
    entry = {
        "project": "Release",
        "port": 8030,
        "image": f"registry.example.com/release:{image}",
        "canary": {"steps": [{"setWeight": 50}, {"pause": "forever"}], "background": False, "minReady": "1s"},
        **more,
    }
    return lambda content: content.update(services={SERVICE: entry})


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = stack_of(embedded_cluster, tmp_path_factory.mktemp("releases"))
    stack.up(released())
    stack.wait_for_phase(SERVICE, "Healthy")
    yield stack
    stack.destroy()


AT_ONCE: dict[str, Any] = {"canary": {"steps": [{"setWeight": 50}], "background": False, "minReady": "1s"}}
"""A plan that waits for nobody."""


@pytest.fixture
def healthy(stack: Stack) -> Iterator[Stack]:
    """The service at its first version, as every test leaves it."""
    yield stack
    stack.up(released(**AT_ONCE))
    stack.wait_for_phase(SERVICE, "Healthy")
    stack.up(released())


def patch_rollout(stack: Stack, content: dict[str, Any], *, subresource: bool = False) -> None:
    """What a person's `kubectl argo rollouts` or an autoscaler does to the Rollout."""
    target = Rollout.Status if subresource else Rollout
    stack.client.patch(
        target, SERVICE, content, namespace=NAMESPACE, patch_type=PatchType.MERGE, field_manager="somebody-else"
    )


def abort(stack: Stack) -> dict[str, Any]:
    """What `kubectl argo rollouts abort` does, as a person would: again, where the controller has not seen it."""

    def aborted() -> bool:
        status = stack.rollout(SERVICE)["status"]
        if status.get("phase") == "Degraded":
            return True
        if not status.get("abort"):
            patch_rollout(stack, {"status": {"abort": True}}, subresource=True)
        else:
            stack.look_again(SERVICE)
        return False

    wait_until(aborted, 120, "the Rollout to be aborted")
    return stack.rollout(SERVICE)


def test_an_up_while_a_canary_waits_leaves_it_where_it_is(healthy: Stack) -> None:
    healthy.up(released("2"))
    canary = healthy.wait_for_phase(SERVICE, "Paused")
    healthy.up(released("2", annotations={"example.com/note": "x"}))
    after = healthy.wait_for_phase(SERVICE, "Paused")
    assert after["status"]["currentStepIndex"] == canary["status"]["currentStepIndex"] == 1
    assert after["status"]["currentPodHash"] == canary["status"]["currentPodHash"]
    assert_no_drift(healthy, released("2", annotations={"example.com/note": "x"}))


def test_an_up_after_an_abort_neither_conflicts_nor_starts_anew(healthy: Stack) -> None:
    healthy.up(released("3"))
    healthy.wait_for_phase(SERVICE, "Paused")
    aborted = abort(healthy)
    assert_no_drift(healthy, released("3"))
    healthy.up(released("3", annotations={"example.com/note": "y"}))
    after = healthy.wait_for_phase(SERVICE, "Degraded")
    assert after["status"]["abort"] is True
    assert after["status"]["stableRS"] == aborted["status"]["stableRS"]


def test_an_up_after_an_autoscaler_has_scaled_keeps_its_pods(healthy: Stack) -> None:
    scaled: dict[str, Any] = {"autoscaling": {"min": 2, "max": 9, "cpu": "70%"}}
    healthy.up(released(**scaled))
    healthy.wait_for_phase(SERVICE, "Healthy")
    patch_rollout(healthy, {"spec": {"replicas": 7}})
    wait_until(lambda: healthy.pods_ready() == 7, 120, "seven pods")
    assert_no_drift(healthy, released(**scaled))
    healthy.up(released("4", **scaled))
    canary = healthy.wait_for_phase(SERVICE, "Paused")
    assert canary["spec"]["replicas"] == 7
    assert canary["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":4")
    # Without an autoscaler the number is ours again. It is another's as long as it differs: docs/releases.md.
    refused = healthy.engine(released("4")).run("up", "--yes", "--skip-preview", "--non-interactive", capture=True)
    assert "conflict" in refused.stdout
    assert ".spec.replicas" in refused.stdout
    patch_rollout(healthy, {"spec": {"replicas": 4}})
    healthy.up(released("4"))
    assert healthy.rollout(SERVICE)["spec"]["replicas"] == 4


def test_two_ups_in_quick_succession_end_at_the_second(healthy: Stack) -> None:
    healthy.up(released("5", **AT_ONCE))
    healthy.up(released("6", **AT_ONCE))
    last = healthy.wait_for_phase(SERVICE, "Healthy")
    assert last["status"]["stableRS"] == last["status"]["currentPodHash"]
    images = {
        container.image
        for pod in healthy.client.list(Pod, namespace=NAMESPACE)
        if pod.spec and pod.metadata and not pod.metadata.deletionTimestamp
        for container in pod.spec.containers
    }
    assert images == {"registry.example.com/release:6"}


def test_a_changed_config_map_starts_a_canary_and_a_missing_one_is_named(healthy: Stack) -> None:
    reads: dict[str, Any] = {"envFrom": [{"configMap": "settings"}]}
    told = healthy.up(released(**reads))
    assert f"there is no ConfigMap 'settings' in namespace '{NAMESPACE}' of the cluster" in told
    settings = ConfigMap(metadata=ObjectMeta(name="settings", namespace=NAMESPACE), data={"LEVEL": "info"})
    healthy.client.create(settings)
    try:
        assert healthy.changes(released(**reads)) == {f"Rollout/{SERVICE}": "update"}
        healthy.up(released(**reads))
        before = healthy.wait_for_phase(SERVICE, "Paused")["status"]["currentPodHash"]
        assert healthy.changes(released(**reads)) == {}
        settings.data = {"LEVEL": "debug"}
        healthy.client.patch(ConfigMap, "settings", settings, namespace=NAMESPACE)
        healthy.up(released(**reads))
        wait_until(lambda: healthy.rollout(SERVICE)["status"]["currentPodHash"] != before, 60, "another canary")
    finally:
        healthy.client.delete(ConfigMap, "settings", namespace=NAMESPACE)


def test_a_claim_that_two_versions_cannot_have_at_once_is_told(healthy: Stack, tmp_path: Path) -> None:
    cluster = Cluster(context=EMBEDDED_CONTEXT, kubeconfig=str(healthy.state.kubeconfig))
    settings = load_stack_file(CHECKOUT, "local").model_copy(update={"cluster": cluster})
    reads = service(tmp_path, "volumes: {data: {mountPath: /data, claim: files}}")
    (missing,) = look_up_claims(settings, [reads])
    assert f"there is no PersistentVolumeClaim 'files' in namespace '{NAMESPACE}'" in str(missing)
    room = VolumeResourceRequirements(requests={"storage": "1Gi"})
    files = PersistentVolumeClaim(
        metadata=ObjectMeta(name="files", namespace=NAMESPACE),
        spec=PersistentVolumeClaimSpec(accessModes=["ReadWriteOnce"], resources=room, storageClassName="none"),
    )
    healthy.client.create(files)
    try:
        (told,) = look_up_claims(settings, [reads])
        assert "'files' is ReadWriteOnce, for the pods of one node at a time" in str(told)
    finally:
        healthy.client.delete(PersistentVolumeClaim, "files", namespace=NAMESPACE)


def test_the_namespace_admits_the_programs_pods_and_refuses_unsafe_ones(healthy: Stack) -> None:
    labels = healthy.client.get(Namespace, NAMESPACE).metadata
    assert labels
    assert (labels.labels or {})["pod-security.kubernetes.io/enforce"] == "restricted"
    assert healthy.pods_ready() >= 4
    unsafe = Pod(
        metadata=ObjectMeta(name="unsafe", namespace=NAMESPACE),
        spec=PodSpec(containers=[Container(name="a", image="registry.example.com/a:1")]),
    )
    with pytest.raises(ApiError, match='violates PodSecurity "restricted'):
        healthy.client.create(unsafe)
