"""A stack comes to a cluster where a Helm chart has been at work, and takes its services over as they run.

The tests of this file are one adoption, step by step, each in its order. One service is a Rollout, the requests of one
are split by nginx, one is still a Deployment, and one is not there yet.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment, ReplicaSet
from lightkube.resources.core_v1 import Namespace, Secret, Service
from lightkube.resources.networking_v1 import Ingress
from lightkube.resources.policy_v1 import PodDisruptionBudget

from catalog.services import TEAM_LABEL
from local.state import State
from local.waiting import wait_until
from tests.engine import helm_chart as chart
from tests.engine import plugin_harness as harness
from tests.engine.adopting import (
    DEPLOYED,
    NEW,
    PLAIN,
    PORTS,
    ROUTED,
    SPACE,
    Adoption,
    ServiceMonitor,
    made_by_the_chart,
    promote,
    services,
)
from tests.engine.own_checkout import checkout_of
from tests.engine.stack import Rollout

HASH = "rollouts-pod-template-hash"


@pytest.fixture(scope="module")
def adoption(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adoption]:
    home = tmp_path_factory.mktemp("home")
    client = harness.client_of(embedded_cluster)
    client.create(Namespace(metadata=ObjectMeta(name=SPACE)))
    checkout = checkout_of(embedded_cluster, home, "dev")
    adoption = Adoption(checkout, client, chart.Helm(embedded_cluster.kubeconfig, SPACE, home / "helm"))
    adoption.write(services(selectors=False))
    checkout.pulumi("stack", "init", "dev")
    installed = {f"platform.{part}.install": "false" for part in ("monitoring", "argoRollouts")}
    checkout.configure("dev", {**installed, "namespace": SPACE})
    adoption.helm.install(made_by_the_chart())
    for name in (PLAIN, ROUTED):
        adoption.wait_for_phase(name, "Healthy")
    wait_until(lambda: adoption.ready(DEPLOYED) == chart.REPLICAS, 120, "the Deployment's pods")
    adoption.running = {name: adoption.pods(name) for name in (PLAIN, ROUTED, DEPLOYED)}
    yield adoption
    checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")
    client.delete(Namespace, SPACE)


def test_what_stands_against_it_is_told_at_once_and_nothing_is_touched(adoption: Adoption) -> None:
    before = adoption.objects()
    status, told, refused = adoption.adopt("--take", "--yes")
    assert status == 1
    lines = [line for line in refused.splitlines() if line.startswith("error: ")]
    for name in (PLAIN, ROUTED):
        assert any(f"services.{name}.selectorLabels: would become" in line for line in lines), refused
        assert any(f"Service {name} in {SPACE}: would choose 0 pods instead of 4" in line for line in lines), refused
    assert any(f"Deployment {DEPLOYED} chooses pods by app={DEPLOYED}" in line for line in lines), refused
    assert any("podSecurity: would enforce restricted (now: nothing)" in line for line in lines), refused
    assert "No pod is restarted" not in told
    assert adoption.objects() == before


def test_what_the_first_run_changes_is_shown_and_nothing_is_touched(adoption: Adoption) -> None:
    adoption.write(services())
    adoption.checkout.configure("dev", {"podSecurity": "as it is"})
    before = adoption.objects()
    status, told, refused = adoption.adopt()
    assert status == 0, refused
    rows = {" ".join(line.split()) for line in told.splitlines()}
    assert any(row.startswith(f"Service {PLAIN} in {SPACE} Helm release apis-chart taken over,") for row in rows), told
    assert f"Service {NEW} in {SPACE} – made" in rows
    assert f"PodDisruptionBudget {PLAIN} in {SPACE}" in rows
    assert {"spec.minAvailable: 1 → –", "spec.maxUnavailable: – → 1"} <= rows
    assert f"{PLAIN}: its Rollout keeps its 4 pods and their template" in rows
    assert (
        f"{DEPLOYED}: its Deployment keeps its 4 pods until as many of a Rollout with the same template are ready"
        in rows
    )
    assert "No pod is restarted, no request goes another way, and no canary begins." in rows
    assert "Their own pod templates, each through a canary, once cluster.adopt is off again" in rows
    assert any(row.startswith(f"Service {PLAIN}-old in {SPACE}: goes on leading to its pods") for row in rows), told
    assert any(row.endswith(f"kubectl --namespace {SPACE} delete deployment.apps {DEPLOYED}") for row in rows), told
    assert not any(row.startswith("spec.template") and "FROM_THE_CHART" in row for row in _before_later(told))
    assert adoption.objects() == before


def _before_later(told: str) -> list[str]:
    return [line.strip() for line in told.partition("Their own pod templates")[0].splitlines()]


def test_nothing_runs_before_helm_has_handed_over(adoption: Adoption) -> None:
    adoption.checkout.configure("dev", {"cluster.adopt": "true"})
    before = adoption.objects()
    finished = adoption.checkout.make_up()
    assert finished.returncode == 1
    told = " ".join(finished.stdout.split())
    assert f"fields of Service {ROUTED}, Rollout {ROUTED}, Service {DEPLOYED}, Service {PLAIN}, Rollout {PLAIN}" in told
    assert adoption.objects() == before


def test_handing_over_changes_no_field_of_any_object(adoption: Adoption) -> None:
    before, generation = adoption.objects(), adoption.rollout(PLAIN)["metadata"]["generation"]
    status, told, refused = adoption.adopt("--take", "--yes")
    assert status == 0, refused
    assert "objects handed over; nothing else of them has changed." in told
    assert f"kubectl --namespace {SPACE} delete secret --selector owner=helm,name={chart.RELEASE}" in told
    assert adoption.objects() == before
    assert adoption.rollout(PLAIN)["metadata"]["generation"] == generation


def test_the_first_up_replaces_nothing_restarts_nothing_and_moves_no_request(adoption: Adoption) -> None:
    requests = adoption.requests()
    stable = {name: adoption.rollout(name)["status"]["stableRS"] for name in (PLAIN, ROUTED)}
    fewest = chart.REPLICAS
    with ThreadPoolExecutor(1) as one:
        done = one.submit(adoption.up)

        def looked() -> bool:
            nonlocal fewest
            fewest = min(fewest, adoption.ready(DEPLOYED))
            return done.done()

        wait_until(looked, 600, "the first up to end")
    told = done.result()
    summary = set(told[told.rindex("Resources:") :].split())
    assert not {"replaced", "deleted"} & summary
    for name in (PLAIN, ROUTED):
        assert adoption.pods(name) == adoption.running[name]
        found = adoption.wait_for_phase(name, "Healthy")
        assert (found["status"]["stableRS"], found["status"]["currentPodHash"]) == (stable[name], stable[name])
        owners = {
            str(each.metadata.name) for each in adoption.client.list(ReplicaSet, namespace=SPACE) if each.metadata
        }
        assert {owner for owner in owners if owner.startswith(f"{name}-")} == {f"{name}-{stable[name]}"}
    assert adoption.requests() == requests
    assert fewest == chart.REPLICAS


def test_the_deployment_has_given_its_pods_to_a_rollout_of_the_same_template(adoption: Adoption) -> None:
    found = adoption.wait_for_phase(DEPLOYED, "Healthy")
    assert "template" not in found["spec"]

    def scaled_down() -> bool:
        left = adoption.client.get(Deployment, DEPLOYED, namespace=SPACE)
        return bool(left.spec and left.spec.replicas == 0 and adoption.ready(DEPLOYED) == chart.REPLICAS)

    wait_until(scaled_down, 120, "the Deployment to be scaled down")
    assert adoption.pods(DEPLOYED).isdisjoint(adoption.running[DEPLOYED])


def test_nothing_of_the_chart_is_left_in_the_objects(adoption: Adoption) -> None:
    looked_at: list[tuple[Any, str]] = [(Rollout, PLAIN), (Service, ROUTED), (ServiceMonitor, PLAIN), (Ingress, ROUTED)]
    for kind, name in looked_at:
        body = adoption.client.get(kind, name, namespace=SPACE).to_dict()
        metadata = body["metadata"]
        assert "helm.sh/chart" not in metadata["labels"]
        assert not any(key.startswith("meta.helm.sh/") for key in metadata.get("annotations") or {})
        assert not any(entry["manager"] == "helm" for entry in metadata["managedFields"])
    budget = adoption.client.get(PodDisruptionBudget, PLAIN, namespace=SPACE).spec
    assert budget
    assert (budget.minAvailable, budget.maxUnavailable) == (None, 1)
    assert "maxSurge" not in adoption.rollout(PLAIN)["spec"]["strategy"]["canary"]


def test_a_second_run_has_nothing_to_do(adoption: Adoption) -> None:
    adoption.checkout.pulumi("preview", "--expect-no-changes", "--stack", "dev")


def test_helm_forgets_the_release_and_every_object_stays(adoption: Adoption) -> None:
    before = adoption.objects()
    assert adoption.helm.releases().split() == [chart.RELEASE]
    for record in adoption.client.list(Secret, namespace=SPACE, labels={"owner": "helm", "name": chart.RELEASE}):
        adoption.client.delete(Secret, str(record.metadata and record.metadata.name), namespace=SPACE)
    assert adoption.helm.releases() == ""
    assert adoption.objects() == before


def test_with_the_setting_off_each_service_goes_through_its_canary_to_its_own_template(adoption: Adoption) -> None:
    adoption.checkout.configure("dev", {"cluster.adopt": "false"})
    adoption.up()
    for name in (PLAIN, ROUTED, DEPLOYED):
        found = adoption.wait_for_phase(name, "Paused")
        (container,) = found["spec"]["template"]["spec"]["containers"]
        assert (container["name"], container["image"]) == ("api", f"registry.example.com/{name}:1.0")
        assert "workloadRef" not in found["spec"]
        assert found["status"]["stableRS"] != found["status"]["currentPodHash"]
    # Without a router the canary's pod takes the place of a stable one.
    assert len(adoption.pods(PLAIN) - adoption.running[PLAIN]) == 1
    assert adoption.pods(ROUTED) > adoption.running[ROUTED]
    assert adoption.requests()[f"{ROUTED}-{ROUTED}-canary"]["weight"] == "25"


def test_a_promoted_canary_ends_the_adoption(adoption: Adoption) -> None:
    for name in (PLAIN, ROUTED, DEPLOYED):
        promote(adoption, name)
    for name in (PLAIN, ROUTED, DEPLOYED):
        found = adoption.wait_for_phase(name, "Healthy")
        assert found["status"]["stableRS"] == found["status"]["currentPodHash"]
    annotations = adoption.rollout(PLAIN)["metadata"]["annotations"]
    assert "pulumi.com/patchFieldManager" not in annotations


def test_afterwards_everything_is_there_and_nothing_is_left_to_take_over(adoption: Adoption) -> None:
    status, told, refused = adoption.adopt()
    assert status == 0, refused
    assert "There is nothing to take over." in told
    table = [line.split() for line in told.splitlines() if line.endswith(("made", "as any other"))]
    assert len(table) > len(PORTS)
    assert [" ".join(row) for row in table if row[-1] == "made"] == []


def test_a_change_of_its_services_afterwards_never_makes_them_choose_pods_that_are_gone(adoption: Adoption) -> None:
    stable = adoption.rollout(ROUTED)["status"]["stableRS"]
    both = (f"{ROUTED}-canary", f"{ROUTED}-stable")
    before = [int(adoption.service(name).resourceVersion or 0) for name in both]
    adoption.write(services(team="exams"))
    adoption.up()
    canary = adoption.rollout(ROUTED)["status"]["currentPodHash"]
    after = [adoption.service(name) for name in both]
    assert [(each.labels or {})[TEAM_LABEL] for each in after] == ["exams", "exams"]
    awaited, chosen = {each.resourceVersion for each in after}, set()
    for _, each in adoption.client.watch(Service, namespace=SPACE, resource_version=str(max(before))):
        assert each.metadata and each.spec
        if each.metadata.name in both:
            chosen.add((each.spec.selector or {}).get(HASH))
            awaited.discard(each.metadata.resourceVersion)
        if not awaited:
            break
    assert chosen <= {stable, canary}
