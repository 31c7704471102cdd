"""The pod template: who its pods are, what they may do, and where they run."""

from pathlib import Path

import pytest

from tests.unit.api_workbench import manifest, pod
from tests.unit.catalog_workbench import service

SPREAD_LABELS = {"app.kubernetes.io/name": "a-api", "app.kubernetes.io/instance": "a-api"}


def test_pods_run_as_one_user_who_is_not_root(tmp_path: Path, preview: bool) -> None:
    assert pod(service(tmp_path, "userId: 20002"), preview)["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 20002,
        "runAsGroup": 20002,
        "fsGroup": 20002,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_no_pod_gets_a_token_for_the_kubernetes_api_unasked(tmp_path: Path, preview: bool) -> None:
    spec = pod(service(tmp_path, "enabled: true"), preview)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in spec


@pytest.mark.parametrize(("more", "token"), [("", False), (", token: true", True)])
def test_a_service_account_brings_its_token_only_where_asked(
    tmp_path: Path, more: str, token: bool, preview: bool
) -> None:
    spec = pod(service(tmp_path, f"serviceAccount: {{name: own{more}}}"), preview)["spec"]
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("own", token)


def test_each_kind_of_volume_is_its_kubernetes_counterpart(tmp_path: Path, preview: bool) -> None:
    more = """volumes: {
      tmp: null,
      z: {mountPath: /z},
      bounded: {mountPath: /b, size: 0.5Gi},
      fast: {mountPath: /f, size: 64Mi, memory: true},
      cert: {mountPath: /c, secret: cert},
      flags: {mountPath: /g, configMap: some-flags},
      data: {mountPath: /d, claim: data-0},
    }"""
    assert pod(service(tmp_path, more), preview)["spec"]["volumes"] == [
        {"name": "bounded", "emptyDir": {"sizeLimit": "512Mi"}},
        {"name": "cert", "secret": {"secretName": "cert"}},
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-0"}},
        {"name": "fast", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
        {"name": "flags", "configMap": {"name": "some-flags"}},
        {"name": "z", "emptyDir": {}},
    ]


def test_images_may_come_from_registries_that_ask_who_one_is(tmp_path: Path, preview: bool) -> None:
    spec = pod(service(tmp_path, "imagePullSecrets: [one, two]"), preview)["spec"]
    assert spec["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}]


def test_pods_are_kept_apart_where_possible_each_revision_by_itself(tmp_path: Path, preview: bool) -> None:
    rule = {
        "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": SPREAD_LABELS},
        "matchLabelKeys": ["rollouts-pod-template-hash"],
    }
    assert pod(service(tmp_path, "enabled: true"), preview)["spec"]["topologySpreadConstraints"] == [
        rule | {"topologyKey": "topology.kubernetes.io/zone"},
        rule | {"topologyKey": "kubernetes.io/hostname"},
    ]


def test_pods_can_be_kept_apart_at_any_price_or_not_at_all(tmp_path: Path, preview: bool) -> None:
    strict = pod(service(tmp_path, "topologySpread: {zone: required, node: none}"), preview)["spec"]
    rules = [(each["topologyKey"], each["whenUnsatisfiable"]) for each in strict["topologySpreadConstraints"]]
    assert rules == [("topology.kubernetes.io/zone", "DoNotSchedule")]
    loose = pod(service(tmp_path, "topologySpread: {zone: none, node: none}"), preview)["spec"]
    assert "topologySpreadConstraints" not in loose


def test_pods_go_to_the_nodes_that_were_meant(tmp_path: Path, preview: bool) -> None:
    more = """nodeSelector: {disk: ssd}, tolerations: [
      {key: dedicated, value: api, effect: NoSchedule},
      {operator: Exists, effect: NoExecute, tolerationSeconds: 0},
    ]"""
    spec = pod(service(tmp_path, more), preview)["spec"]
    assert spec["nodeSelector"] == {"disk": "ssd"}
    assert spec["tolerations"] == [
        {"key": "dedicated", "operator": "Equal", "value": "api", "effect": "NoSchedule"},
        {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0},
    ]


def test_pods_carry_their_own_labels_and_annotations_and_those_of_no_other_object(
    tmp_path: Path, preview: bool
) -> None:
    more = (
        "podLabels: {sidecar: 'no'}, podAnnotations: {example.com/a: ''}, selectorLabels: {app: a}, "
        "labels: {x: y}, annotations: {example.com/b: c}, team: blue"
    )
    assert pod(service(tmp_path, more), preview)["metadata"] == {
        "labels": {"app": "a", "sidecar": "no"},
        "annotations": {"example.com/a": ""},
    }


def test_new_content_of_what_pods_refer_to_changes_the_template(tmp_path: Path, preview: bool) -> None:
    found = service(tmp_path, "podAnnotations: {example.com/a: b}")
    annotations = pod(found, preview, config_checksum="4f2a")["metadata"]["annotations"]
    assert annotations == {"example.com/a": "b", "api-observability/config-checksum": "4f2a"}
    assert "api-observability/config-checksum" not in pod(found, preview)["metadata"]["annotations"]


@pytest.mark.parametrize(
    "more",
    [
        "labels: {x: y}, annotations: {x: y}, team: blue",
        "replicas: 7, disruptionBudget: {maxUnavailable: 3}",
        "hosts: [a.example.com], traffic: {router: nginx}",
        "network: {from: [{service: a-api}]}",
        "canary: {steps: [{setWeight: 50}, {analysis: true}], minReady: 30s}",
        "metrics: {path: /m, interval: 30s, labels: {a: b}}",
    ],
)
def test_what_does_not_concern_pods_starts_no_canary(tmp_path: Path, more: str, preview: bool) -> None:
    assert pod(service(tmp_path, more), preview) == pod(service(tmp_path, "enabled: true"), preview)


def test_the_selector_never_changes_with_what_pods_carry(tmp_path: Path, preview: bool) -> None:
    plain = manifest(service(tmp_path, "enabled: true"), "Rollout", preview)
    labelled = manifest(service(tmp_path, "podLabels: {a: b}, team: blue, labels: {c: d}"), "Rollout", preview)
    assert labelled["spec"]["selector"] == plain["spec"]["selector"] == {"matchLabels": SPREAD_LABELS}
