"""When an object counts as ready."""

import json
from typing import Any, cast

import pytest

from local.plugin.cluster import Cluster
from local.plugin.errors import ApiError, PluginError
from local.plugin.kinds import Gvk
from local.plugin.readiness import Verdict, judge_for
from local.plugin.wait_for import parse_wait_for

Object = dict[str, Any]


class Known:
    """A cluster that has these objects, by kind and name."""

    def __init__(self, **objects: Object) -> None:
        self.objects = objects

    def get(self, gvk: Gvk, namespace: str, name: str) -> Object:
        try:
            return self.objects[name]
        except KeyError:
            raise ApiError(404, "NotFound", f"{gvk.kind} {namespace}/{name} not found", {}) from None


def judged(obj: Object, settled: bool = False, **objects: Object) -> Verdict:
    judge = judge_for(cast(Cluster, Known(**objects)), obj, settled)
    assert judge
    return judge(obj)


def obj(kind: str, api_version: str = "apps/v1", **content: Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "generation": 2}, **content}


@pytest.mark.parametrize("kind", ["ConfigMap", "Namespace", "ServiceAccount"])
def test_most_kinds_are_ready_at_once(kind: str) -> None:
    assert judge_for(cast(Cluster, Known()), obj(kind, "v1")) is None


def test_custom_resources_are_not_awaited() -> None:
    assert judge_for(cast(Cluster, Known()), obj("Rollout", "argoproj.io/v1alpha1")) is None


def test_a_deployment_is_ready_when_all_its_new_pods_are() -> None:
    status = {"observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 1}
    waiting = judged(obj("Deployment", spec={"replicas": 2}, status=status))
    assert not waiting.ready
    assert waiting.reasons == ["1 of 2 available"]
    assert judged(obj("Deployment", spec={"replicas": 2}, status={**status, "availableReplicas": 2})).ready


def test_a_deployment_that_the_controller_has_not_seen_yet_is_not_ready() -> None:
    status = {"observedGeneration": 1, "updatedReplicas": 2, "availableReplicas": 2}
    assert not judged(obj("Deployment", spec={"replicas": 2}, status=status)).ready


def test_a_deployment_past_its_deadline_has_failed() -> None:
    condition = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "too slow"}
    status = {"observedGeneration": 2, "conditions": [condition]}
    verdict = judged(obj("Deployment", spec={"replicas": 1}, status=status))
    assert verdict.failed
    assert verdict.reasons == ["too slow"]


def test_stateful_and_daemon_sets_wait_for_every_replica() -> None:
    current = {"observedGeneration": 2, "currentRevision": "a", "updateRevision": "a"}
    assert not judged(obj("StatefulSet", spec={"replicas": 2}, status={**current, "readyReplicas": 1})).ready
    assert judged(obj("StatefulSet", spec={"replicas": 2}, status={**current, "readyReplicas": 2})).ready
    updating = {**current, "updateRevision": "b", "readyReplicas": 2, "updatedReplicas": 1}
    assert not judged(obj("StatefulSet", spec={"replicas": 2}, status=updating)).ready
    nodes = {"observedGeneration": 2, "desiredNumberScheduled": 1, "updatedNumberScheduled": 1}
    assert not judged(obj("DaemonSet", status=nodes)).ready
    assert judged(obj("DaemonSet", status={**nodes, "numberAvailable": 1})).ready


def test_a_job_ends_ready_or_failed() -> None:
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    failed = {"conditions": [{"type": "Failed", "status": "True", "message": "exit 1"}]}
    assert judged(obj("Job", "batch/v1", status=done)).ready
    assert judged(obj("Job", "batch/v1", status=failed)).failed
    assert not judged(obj("Job", "batch/v1")).ready


def test_a_claim_that_binds_with_its_first_pod_is_ready_while_pending() -> None:
    claim = obj("PersistentVolumeClaim", "v1", spec={"storageClassName": "late"}, status={"phase": "Pending"})
    assert judged(claim, late={"volumeBindingMode": "WaitForFirstConsumer"}).ready
    assert not judged(claim, late={"volumeBindingMode": "Immediate"}).ready


def service(**spec: Any) -> Object:
    return obj("Service", "v1", spec={"selector": {"app": "a"}, **spec})


def endpoints(version: str, ready: bool) -> Object:
    key = "addresses" if ready else "notReadyAddresses"
    return {"metadata": {"name": "x", "resourceVersion": version}, "subsets": [{key: [{"ip": "10.0.0.1"}]}]}


def test_a_service_is_ready_ten_seconds_after_its_endpoints_last_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("local.plugin.readiness.time.monotonic", lambda: now[0])
    known = Known(x=endpoints("1", ready=True))
    judge = judge_for(cast(Cluster, known), service())
    assert judge
    assert not judge(service()).ready
    now[0] += 9
    known.objects["x"] = endpoints("2", ready=True)
    assert not judge(service()).ready
    now[0] += 9
    assert not judge(service()).ready
    now[0] += 1
    assert judge(service()).ready


def test_a_service_with_a_pending_pod_is_not_ready_and_one_without_pods_is_in_the_end() -> None:
    pending = judged(service(), settled=True, x=endpoints("1", ready=False))
    assert not pending.ready
    assert not pending.good_enough
    assert "does not target any Pods" in pending.reasons[0]
    assert judged(service(), settled=True).ready
    assert judged(service()).good_enough


@pytest.mark.parametrize("spec", [{"clusterIP": "None"}, {"type": "ExternalName"}, {"selector": {}}])
def test_a_service_that_balances_over_no_pods_is_ready_at_once(spec: Object) -> None:
    assert judged(service(**spec)).ready


def test_a_load_balancer_waits_for_its_address() -> None:
    waiting = judged(service(type="LoadBalancer"), settled=True)
    assert not waiting.ready
    assert "not allocated an IP address" in waiting.reasons[-1]


def test_an_ingress_waits_for_an_address_and_for_the_endpoints_of_its_backends() -> None:
    path = {"backend": {"service": {"name": "shop"}}}
    ingress = obj("Ingress", "networking.k8s.io/v1", spec={"rules": [{"http": {"paths": [path]}}]})
    assert "shop" in judged(ingress).reasons[0]
    addressed = {**ingress, "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}}
    assert not judged(addressed).ready
    assert judged(addressed, shop=endpoints("1", ready=True)).ready
    assert judged(addressed, settled=True).ready


def test_a_refresh_judges_only_what_the_official_plugin_judges() -> None:
    assert judge_for(cast(Cluster, Known()), obj("PersistentVolumeClaim", "v1"), settled=True) is None
    assert judge_for(cast(Cluster, Known()), obj("Deployment"), settled=True)


def test_wait_for_a_path_a_value_or_a_condition() -> None:
    live = obj(
        "Rollout",
        status={"phase": "Healthy", "pods": [{"ready": True}], "conditions": [{"type": "Available", "status": "True"}]},
    )
    for expression in (
        "jsonpath={.status.phase}",
        "jsonpath={.status.phase}=Healthy",
        "jsonpath={$.status.pods[0].ready}=true",
        "condition=Available",
        "condition=available=true",
        json.dumps(["condition=Available", "jsonpath={.status.phase}=Healthy"]),
    ):
        assert parse_wait_for(expression)(live).ready, expression
    for expression in ("jsonpath={.status.phase}=Paused", "jsonpath={.status.no}", "condition=Progressing"):
        assert not parse_wait_for(expression)(live).ready, expression


def test_wait_for_does_not_trust_a_status_older_than_the_object() -> None:
    condition = {"type": "Available", "status": "True", "observedGeneration": 1}
    live = obj("Rollout", status={"phase": "Healthy", "observedGeneration": 1, "conditions": [condition]})
    assert not parse_wait_for("condition=Available")(live).ready
    assert not parse_wait_for("jsonpath={.status.phase}=Healthy")(live).ready


@pytest.mark.parametrize("expression", ["[]", "Available", "jsonpath={.items[?(@.a==1)]}=x", "jsonpath=.status"])
def test_an_expression_that_cannot_be_evaluated_is_one_line(expression: str) -> None:
    with pytest.raises(PluginError) as error:
        parse_wait_for(expression)
    assert "\n" not in str(error.value)
