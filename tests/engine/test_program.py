"""The program for real: the engine, the API server and the Rollouts controller decide.

The tests of this file share one stack and leave it as `services.yaml` has it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from lightkube.models.core_v1 import ServicePort, ServiceSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Service

from local.state import EMBEDDED_CONTEXT, State
from local.waiting import wait_until
from tests.engine.stack import NAMESPACE, Rollout, Stack, stack_of

NINE = [
    "collegeprepai-api",
    "dreamseedai-api",
    "majorprepai-api",
    "mediprepai-api",
    "mpcstudy-api",
    "my-ktube-api",
    "seedtest-api",
    "skillprepai-api",
    "univprepai-api",
]


@pytest.fixture(scope="module")
def stack(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Provisioned as `make up` does it."""
    stack = stack_of(embedded_cluster, tmp_path_factory.mktemp("stack"))
    first = stack.make_up()
    assert first.returncode == 0, first.stdout + first.stderr
    yield stack
    stack.destroy()


def set_image(service: str, image: str) -> Any:
    return lambda services: services["services"][service].update(image=image)


def routed(**extra: Any) -> Any:
    """An edit that adds a tenth service whose traffic nginx splits, with no wait between its steps but a person."""
    entry = {
        "project": "Routed",
        "port": 8020,
        "image": "registry.example.com/routed:1",
        "hosts": ["routed.example.com"],
        "traffic": {"router": "nginx"},
        "canary": {"steps": [{"setWeight": 10}, {"pause": "forever"}, {"analysis": True}]},
        **extra,
    }
    return lambda services: services["services"].update({"routed-api": entry})


def test_make_up_brings_nine_healthy_services_and_shows_them(stack: Stack) -> None:
    assert stack.rollouts() == NINE
    assert {stack.rollout(name)["status"]["phase"] for name in NINE} == {"Healthy"}
    assert stack.pods_ready() == 36


def test_a_second_make_up_changes_nothing_and_shows_the_table(stack: Stack) -> None:
    again = stack.make_up()
    assert again.returncode == 0, again.stdout + again.stderr
    summary = again.stdout[again.stdout.rindex("Resources:") :]
    assert "unchanged" in summary
    assert not {"created", "updated", "replaced", "deleted"} & set(summary.split())
    table = [line.split() for line in again.stdout.splitlines() if line.startswith(tuple(NINE))]
    assert sorted(row[0] for row in table) == NINE
    assert {tuple(row[1:4]) for row in table} == {("Healthy", "4/4", "–")}


def test_the_engine_writes_no_log_of_everything_it_does(stack: Stack) -> None:
    assert stack.state.pulumi_log.is_file()


def test_everything_under_the_services_names_came_from_pulumi(stack: Stack) -> None:
    services = [item.metadata for item in stack.client.list(Service, namespace=NAMESPACE) if item.metadata]
    assert sorted(str(metadata.name) for metadata in services) == NINE
    labels = [*(metadata.labels or {} for metadata in services), *(_labels(stack, name) for name in NINE)]
    assert {each["app.kubernetes.io/managed-by"] for each in labels} == {"pulumi"}


def _labels(stack: Stack, rollout: str) -> dict[str, str]:
    return dict(stack.rollout(rollout)["metadata"]["labels"])


def test_a_refresh_finds_no_drift(stack: Stack) -> None:
    refreshed = stack.engine().run("refresh", "--yes", "--skip-preview", "--expect-no-changes", capture=True)
    assert refreshed.returncode == 0, refreshed.stdout
    assert stack.changes() == {}


def test_a_new_image_changes_that_service_alone_and_starts_a_canary(stack: Stack) -> None:
    edit = set_image("univprepai-api", "registry.example.com/univprepai-api:2.0.0")
    assert stack.changes(edit) == {"Rollout/univprepai-api": "update"}
    before = stack.rollout("univprepai-api")["status"]["stableRS"]
    stack.up(edit)
    canary = stack.wait_for_phase("univprepai-api", "Paused")
    assert canary["status"]["stableRS"] == before
    assert canary["status"]["currentPodHash"] != before
    others = {name: stack.rollout(name)["status"]["phase"] for name in NINE if name != "univprepai-api"}
    assert set(others.values()) == {"Healthy"}
    shown = stack.cli("status")
    assert shown.returncode == 0, shown.stderr
    rows = {line.partition(" ")[0]: " ".join(line.split()) for line in shown.stdout.splitlines()}
    image = "registry.example.com/univprepai-api:2.0.0"
    assert rows["univprepai-api"] == f"univprepai-api Paused 5/4 10 % (20 % of pods) {image}"
    assert rows["seedtest-api"] == "seedtest-api Healthy 4/4 – registry.example.com/seedtest-api:1.0.0"


def test_the_stable_image_in_the_file_again_ends_the_canary(stack: Stack) -> None:
    finished = stack.make_up()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    stack.wait_for_phase("univprepai-api", "Healthy")
    assert stack.changes() == {}


def test_a_service_the_controller_has_written_into_can_still_be_changed(stack: Stack) -> None:
    stack.up(routed())
    first = stack.wait_for_phase("routed-api", "Healthy")
    stack.up(routed(image="registry.example.com/routed:2"))
    canary = stack.wait_for_phase("routed-api", "Paused", first["metadata"]["generation"] + 1)
    hashes = {
        "routed-api-canary": canary["status"]["currentPodHash"],
        "routed-api-stable": canary["status"]["stableRS"],
    }
    for service, pod_hash in hashes.items():
        assert stack.selector(service)["rollouts-pod-template-hash"] == pod_hash

    labelled = routed(image="registry.example.com/routed:2", labels={"team": "blue"})
    changed = stack.changes(labelled)
    assert {name: changed.get(f"Service/{name}") for name in hashes} == dict.fromkeys(hashes, "update")
    stack.up(labelled)
    for service, pod_hash in hashes.items():
        found = stack.client.get(Service, service, namespace=NAMESPACE).metadata
        assert found
        assert (found.labels or {})["team"] == "blue"
        assert stack.selector(service)["rollouts-pod-template-hash"] == pod_hash
    assert stack.changes(labelled) == {}


def test_a_service_taken_out_of_the_catalog_is_deleted_with_all_its_objects(stack: Stack) -> None:
    stack.up()
    assert not stack.exists(Rollout, "routed-api")
    assert not stack.exists(Service, "routed-api-canary")


def test_an_object_that_is_there_already_is_taken_over_only_when_asked_for(stack: Stack) -> None:
    edit = routed(traffic={"router": "none"})
    own = Service(
        metadata=ObjectMeta(name="routed-api", namespace=NAMESPACE, labels={"owner": "somebody"}),
        spec=ServiceSpec(ports=[ServicePort(name="http", port=8020, targetPort="http")]),
    )
    stack.client.create(own)
    refused = stack.engine(edit).run("up", "--yes", "--skip-preview", "--non-interactive", capture=True)
    assert refused.returncode != 0
    assert '"routed-api" already exists' in refused.stdout
    kept = stack.client.get(Service, "routed-api", namespace=NAMESPACE).metadata
    assert kept
    assert kept.labels == {"owner": "somebody"}
    taking = replace(stack, settings={"cluster": {"context": EMBEDDED_CONTEXT, "upsert": True}})
    assert "cluster.upsert: is on: objects of the same name are taken over" in taking.up(edit)
    taken = stack.client.get(Service, "routed-api", namespace=NAMESPACE).metadata
    assert taken
    assert taken.uid == kept.uid
    assert {"owner", "app.kubernetes.io/name"} <= set(taken.labels or {})
    stack.up(edit)
    stack.wait_for_phase("routed-api", "Healthy")
    stack.up()


def test_an_error_the_api_server_sees_is_told_in_preview_with_nothing_changed(stack: Stack) -> None:
    edit = routed(patch={"ingress": {"spec": {"ingressClassName": "Not A Class!"}}})
    finished = stack.engine(edit).run("preview", "--non-interactive", capture=True)
    assert finished.returncode != 0
    assert 'spec.ingressClassName: Invalid value: "Not A Class!"' in finished.stdout
    assert not stack.exists(Rollout, "routed-api")


def test_a_fault_in_services_yaml_is_one_line_in_the_engines_output_without_a_traceback(stack: Stack) -> None:
    edit = set_image("seedtest-api", "not an image")
    finished = stack.engine(edit).run("preview", "--non-interactive", capture=True)
    assert finished.returncode != 0
    assert "services.yaml: services.seedtest-api.image: 'not an image' is not an image reference" in finished.stdout
    assert "Traceback" not in finished.stdout


def test_after_a_killed_run_the_next_make_up_removes_its_lock_and_goes_on(stack: Stack) -> None:
    stack.kill_up_in_the_middle(set_image("mediprepai-api", "registry.example.com/mediprepai-api:2.0.0"))
    finished = stack.make_up()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "removed the lock of a run that was killed" in finished.stdout
    stack.wait_for_phase("mediprepai-api", "Healthy")
    assert stack.changes() == {}


def test_destroy_removes_the_services_and_keeps_the_namespace(stack: Stack) -> None:
    stack.destroy()
    assert stack.rollouts() == []
    assert stack.client.get(Namespace, NAMESPACE).metadata
    wait_until(lambda: stack.pods_ready() == 0, 120, "the pods to go")


def test_after_a_destroy_the_kept_namespace_is_no_obstacle(stack: Stack) -> None:
    finished = stack.make_up()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert stack.pods_ready() == 36
