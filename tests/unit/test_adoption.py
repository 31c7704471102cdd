"""What stays as the cluster has it while a stack adopts."""

import json
from typing import Any

import pytest

import program
from catalog.stack_file import load_stack_file
from cli.recording import Recording, record
from components.adoption import FIELD_MANAGER, as_it_runs, ensure_handed_over
from components.cluster import ClusterError
from components.cluster_reader import Found
from components.field_managers import MANAGER
from components.kubernetes_object import Manifest
from components.live_objects import Live, plural
from local.state import CHECKOUT

HANDED_OVER = [{"manager": MANAGER, "operation": "Apply", "fieldsV1": {}}]
HELMS = [{"manager": "helm", "operation": "Update", "fieldsV1": {}}]
BY_HAND = [{"manager": "kubectl-client-side-apply", "operation": "Update", "fieldsV1": {}}]
THE_STACKS = [
    {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {}},
    {"manager": "pulumi-kubernetes-1a2b3c4d", "operation": "Apply", "fieldsV1": {}},
]
RUNNING = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "main"}]}}


def live(**objects: Found) -> Live:
    """A cluster with one object of each of these kinds."""
    return lambda manifest: objects.get(str(manifest["kind"]))


def found(managers: list[dict[str, Any]], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a-api", "managedFields": managers}, "spec": spec}


def rollout() -> dict[str, Any]:
    metadata = {"name": "a-api", "namespace": "apis", "annotations": {"own": "1"}}
    spec = {"replicas": 2, "template": {"spec": {"containers": [{"name": "api"}]}}, "minReadySeconds": 5}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("managers", [HANDED_OVER, HELMS, BY_HAND])
def test_a_rollout_of_the_chart_keeps_its_pods_and_takes_the_rest(managers: list[dict[str, Any]]) -> None:
    before = rollout()
    kept = as_it_runs(before, live(Rollout=found(managers, template=RUNNING, replicas=7, minReadySeconds=0)))
    assert kept["spec"] == {"replicas": 7, "template": RUNNING, "minReadySeconds": 5}
    assert kept["metadata"]["annotations"] == {"own": "1", FIELD_MANAGER: MANAGER}
    assert before == rollout()


def test_a_rollout_that_the_stack_has_made_is_released_as_ever() -> None:
    assert as_it_runs(rollout(), live(Rollout=found(THE_STACKS, template=RUNNING, replicas=7))) == rollout()


def test_where_nothing_is_nothing_is_kept() -> None:
    assert as_it_runs(rollout(), live()) == rollout()


def test_a_deployment_keeps_its_pods_until_those_of_a_rollout_like_it_are_ready() -> None:
    kept = as_it_runs(rollout(), live(Deployment=found(HELMS, template=RUNNING, replicas=3)))
    assert kept["spec"] == {
        "replicas": 3,
        "minReadySeconds": 5,
        "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a-api", "scaleDown": "onsuccess"},
    }
    assert kept["metadata"] == rollout()["metadata"]


def test_a_deployment_without_pods_is_no_reason_to_wait() -> None:
    assert as_it_runs(rollout(), live(Deployment=found(HELMS, template=RUNNING, replicas=0))) == rollout()


def test_a_rollout_that_follows_a_deployment_goes_on_doing_so() -> None:
    reference = {"kind": "Deployment", "name": "a-api"}
    gone = found(HELMS, template=RUNNING, replicas=0)
    kept = as_it_runs(rollout(), live(Rollout=found(THE_STACKS, workloadRef=reference, replicas=3), Deployment=gone))
    assert kept["spec"] == {"replicas": 3, "minReadySeconds": 5, "workloadRef": reference}


def test_what_a_controller_has_written_stays_written() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a-api-canary", "namespace": "apis"},
        "spec": {"selector": {"app": "a"}, "ports": []},
    }
    chosen = {"app": "a", "rollouts-pod-template-hash": "abc"}
    kept = as_it_runs(service, live(Service=found(HELMS, selector=chosen)), ["spec.selector", "spec.absent.too"])
    assert kept["spec"] == {"selector": chosen, "ports": []}


def autoscaler(*metrics: dict[str, Any]) -> dict[str, Any]:
    spec = {"minReplicas": 2, "metrics": list(metrics)}
    metadata = {"name": "a-api", "namespace": "apis"}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


TARGET = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
OF_THE_CONTAINER = {"type": "ContainerResource", "containerResource": {"container": "api", **TARGET}}
OF_THE_POD = {"type": "Resource", "resource": TARGET}
OF_A_QUEUE = {"type": "External", "external": {"metric": {"name": "waiting"}}}
OWN_NAME = {"spec": {"containers": [{"name": "proxy"}, {"name": "api"}]}}


@pytest.mark.parametrize(
    ("there", "metric"),
    [
        ({"Rollout": found(HELMS, template=RUNNING)}, OF_THE_POD),
        ({"Rollout": found(THE_STACKS, workloadRef={}), "Deployment": found(HELMS, template=RUNNING)}, OF_THE_POD),
        ({"Deployment": found(HELMS, template=RUNNING, replicas=3)}, OF_THE_POD),
        ({"Rollout": found(HELMS, template=OWN_NAME)}, OF_THE_CONTAINER),
        ({"Deployment": found(HELMS, template=RUNNING, replicas=0)}, OF_THE_CONTAINER),
        ({}, OF_THE_CONTAINER),
    ],
)
def test_an_autoscaler_measures_the_pods_that_run(there: dict[str, Found], metric: dict[str, Any]) -> None:
    before = autoscaler(OF_THE_CONTAINER, OF_A_QUEUE)
    assert as_it_runs(before, live(**there)) == autoscaler(metric, OF_A_QUEUE)
    assert before == autoscaler(OF_THE_CONTAINER, OF_A_QUEUE)
    taken_over = as_it_runs(before, live(**there, HorizontalPodAutoscaler=found(HANDED_OVER, metrics=[])))
    assert taken_over["spec"] == autoscaler(metric, OF_A_QUEUE)["spec"]


def test_an_autoscaler_that_measures_what_runs_or_nothing_is_left_as_it_is() -> None:
    there = live(Rollout=found(HELMS, template=RUNNING))
    of_main = {"type": "ContainerResource", "containerResource": {**TARGET, "container": "main"}}
    assert as_it_runs(autoscaler(of_main), there) == autoscaler(of_main)
    without = autoscaler()
    del without["spec"]["metrics"]
    assert as_it_runs(without, there) == without


def build(of: Live | None) -> Recording:
    settings = load_stack_file(CHECKOUT, "dev")
    adopting = settings.model_copy(update={"cluster": settings.cluster.model_copy(update={"adopt": of is not None})})
    return record(lambda: program.build(adopting, program.load(adopting), None, of), stack="dev")[1]


def test_the_program_asks_for_each_of_its_objects_and_takes_over_those_that_are_there() -> None:
    asked: list[str] = []

    def cluster(manifest: Manifest) -> Found:
        asked.append(f"{manifest['kind']}/{manifest['metadata']['name']}")
        is_there = asked[-1] == "Rollout/seedtest-api"
        return found(HANDED_OVER, template=RUNNING, replicas=7) if is_there else None

    whole = build(cluster)
    spec = whole.one("Rollout", "seedtest-api").inputs["spec"]
    assert (spec["replicas"], spec["template"]) == (7, RUNNING)
    assert {"Service/seedtest-api", "Deployment/mpcstudy-api"} <= set(asked)
    assert json.dumps(whole.one("Rollout", "mpcstudy-api").inputs) == json.dumps(
        build(None).one("Rollout", "mpcstudy-api").inputs
    )
    assert whole.one("kubernetes", "cluster").inputs["upsertExistingObjects"] == "true"


def test_the_setting_is_told_as_one_that_is_to_be_taken_back() -> None:
    settings = load_stack_file(CHECKOUT, "dev")
    cluster = settings.cluster.model_copy(update={"adopt": True, "upsert": True})
    told = settings.model_copy(update={"cluster": cluster}).warnings
    assert [path for path, _ in told if path.startswith("cluster")] == ["cluster.upsert", "cluster.adopt"]


def test_what_is_helms_yet_ends_the_run_with_the_command_that_hands_it_over() -> None:
    settings = load_stack_file(CHECKOUT, "dev")
    services = program.load(settings).services[:1]
    with pytest.raises(ClusterError) as caught:
        ensure_handed_over(settings, services, live(Service=found(HANDED_OVER), Rollout=found(HELMS)))
    name = services[0].name
    assert str(caught.value) == (
        f"context 'dev': fields of Rollout {name} are Helm's or were set by hand; look at what becomes of them, and "
        "hand them over: "
        "make adopt STACK=dev TAKE=1 (or adopt nothing: "
        "pulumi config set --stack dev --path api-observability:cluster.adopt false)"
    )
    ensure_handed_over(settings, services, live(Service=found(HANDED_OVER)))


@pytest.mark.parametrize(
    ("kind", "plurals"),
    [
        ("NetworkPolicy", "networkpolicies"),
        ("Ingress", "ingresses"),
        ("HTTPRoute", "httproutes"),
        ("PrometheusRule", "prometheusrules"),
    ],
)
def test_a_kind_is_asked_for_by_its_plural(kind: str, plurals: str) -> None:
    assert plural(kind) == plurals
