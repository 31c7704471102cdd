"""ObservableApi: the objects of a service, in which order they come, and what is told of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi import ComponentResource, ResourceOptions

from catalog.prometheus_settings import Access
from catalog.services import RESERVED_LABELS, Service
from cli.recording import record
from components.kubernetes_object import KubernetesObject
from components.observable_api import ObservableApi, ObservableApiArgs
from observability import analysis
from tests.unit.api_workbench import PLATFORM, built, manifest, recorded
from tests.unit.catalog_workbench import service as service_of

EVERYTHING = (
    "hosts: [a.example.com], traffic: {router: nginx}, network: {from: [{namespace: ingress-nginx}]}, "
    "autoscaling: {min: 2, max: 4, cpu: 70%}, team: blue, annotations: {example.com/owner: the blue ones}"
)


def test_at_the_defaults_it_is_six_objects(service: Service, preview: bool) -> None:
    api, recording = built(service, preview)
    kinds = [entry.kind for entry in recording.resources if entry.custom]
    of_each = ["AnalysisTemplate", "PodDisruptionBudget", "PrometheusRule", "Rollout", "Service", "ServiceMonitor"]
    assert sorted(kinds) == of_each
    assert {entry.name for entry in recording.resources} == {"univprepai-api"}
    assert recording.resources[0].type == "api-observability:index:ObservableApi"
    assert api.url == "http://univprepai-api.apis:8006"


def test_with_everything_on_it_is_at_most_thirteen(tmp_path: Path, preview: bool) -> None:
    objects = [entry for entry in recorded(service_of(tmp_path, EVERYTHING), preview).resources if entry.custom]
    assert sorted(entry.type.removeprefix("kubernetes:") for entry in objects) == [
        "argoproj.io/v1alpha1:AnalysisTemplate",
        "argoproj.io/v1alpha1:Rollout",
        "autoscaling/v2:HorizontalPodAutoscaler",
        "core/v1:Service",
        "core/v1:Service",
        "core/v1:Service",
        "monitoring.coreos.com/v1:PrometheusRule",
        "monitoring.coreos.com/v1:ServiceMonitor",
        "networking.k8s.io/v1:Ingress",
        "networking.k8s.io/v1:NetworkPolicy",
        "policy/v1:PodDisruptionBudget",
    ]
    assert len({(entry.kind, entry.inputs["metadata"]["name"]) for entry in objects}) == len(objects)


def test_the_service_leads_to_the_named_port_and_is_not_waited_for(service: Service, preview: bool) -> None:
    found = manifest(service, "Service", preview)
    assert found["spec"]["ports"] == [{"name": "http", "port": 8006, "targetPort": "http", "protocol": "TCP"}]
    assert found["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_every_object_says_whose_it_is(tmp_path: Path, preview: bool) -> None:
    labels = {
        "app.kubernetes.io/name": "a-api",
        "app.kubernetes.io/instance": "a-api",
        "app.kubernetes.io/part-of": "A",
        "app.kubernetes.io/managed-by": "pulumi",
        "api-observability/team": "blue",
        "tier": "gold",
    }
    recording = recorded(service_of(tmp_path, f"{EVERYTHING}, labels: {{tier: gold}}"), preview)
    own: dict[str, dict[str, str]] = {}
    for entry in recording.resources:
        if entry.custom:
            metadata = entry.inputs["metadata"]
            assert metadata["namespace"] == "apis"
            assert labels.items() <= metadata["labels"].items()
            assert metadata["annotations"]["example.com/owner"] == "the blue ones"
            own[f"{entry.kind} {entry.name}"] = dict(metadata["labels"].items() - labels.items())
    assert {name: added for name, added in own.items() if added} == {
        "Service a-api": {"api-observability/service": "root"},
        "PrometheusRule a-api": {"release": "kube-prometheus-stack"},
        "ServiceMonitor a-api": {"release": "kube-prometheus-stack"},
    }


def test_the_labels_of_the_program_cannot_be_those_of_an_owner(tmp_path: Path, preview: bool) -> None:
    labels = manifest(service_of(tmp_path, "team: blue"), "Service", preview)["metadata"]["labels"]
    assert labels.keys() == RESERVED_LABELS


def test_an_object_of_nobody_in_particular_has_no_empty_labels_or_annotations(service: Service, preview: bool) -> None:
    metadata = manifest(service, "Rollout", preview)["metadata"]
    assert "api-observability/team" not in metadata["labels"]
    assert "annotations" not in metadata


def test_every_service_of_it_leads_to_its_pods(routed_service: Service, preview: bool) -> None:
    recording = recorded(routed_service, preview)
    pods = recording.one("Rollout", "a-api").inputs["spec"]["template"]["metadata"]["labels"]
    selectors = {entry.name: entry.inputs["spec"]["selector"] for entry in recording.of("Service")}
    assert selectors == dict.fromkeys(["a-api", "a-api-canary", "a-api-stable"], pods)


def test_its_canary_learns_all_that_it_was_told(tmp_path: Path, preview: bool) -> None:
    access = Access.model_validate({"headers": {"X-Scope-OrgID": "blue"}})
    found = service_of(tmp_path, "enabled: true")
    recording = recorded(found, preview, config_checksum="4f2a", prometheus_access=access, namespace="other")
    rollout, template = recording.one("Rollout", "a-api").inputs, recording.one("AnalysisTemplate", "a-api").inputs
    assert rollout["metadata"]["namespace"] == "other"
    assert rollout["spec"]["template"]["metadata"]["annotations"] == {"api-observability/config-checksum": "4f2a"}
    assert template["spec"] == analysis.template_spec(found, "other", "http://prometheus:9090", access)


def test_every_object_comes_after_the_platform(tmp_path: Path, preview: bool) -> None:
    def program() -> None:
        platform = KubernetesObject("platform", {"apiVersion": "v1", "kind": "Namespace"}, ResourceOptions())
        found = service_of(tmp_path, EVERYTHING)
        ObservableApi(found.name, ObservableApiArgs(found, **PLATFORM, after=[platform]))

    _, recording = record(program, stack="dev", preview=preview)
    (platform,) = recording.of("Namespace")
    early = [each.kind for each in recording.resources if each.custom and platform.urn not in each.depends_on]
    assert early == ["Namespace"]


def test_the_rollout_comes_after_the_services_it_names(routed_service: Service, preview: bool) -> None:
    recording = recorded(routed_service, preview)
    rollout = recording.one("Rollout", "a-api")
    before = [*recording.of("Service"), recording.one("Ingress", "a-api")]
    assert len(before) == 4
    assert {entry.urn for entry in before} <= set(rollout.depends_on)


def test_what_the_controller_writes_into_selectors_is_left_alone(routed_service: Service, preview: bool) -> None:
    ignored = {entry.name: entry.ignore_changes for entry in recorded(routed_service, preview).of("Service")}
    assert ignored == {
        "a-api": (),
        "a-api-canary": ("spec.selector",),
        "a-api-stable": ("spec.selector",),
    }


def test_what_a_router_is_told_by_the_controller_is_left_alone(tmp_path: Path, preview: bool) -> None:
    more = "hosts: [a.example.com], traffic: {router: gatewayApi, gateway: {name: public}}"
    route = recorded(service_of(tmp_path, more), preview).one("HTTPRoute", "a-api")
    assert route.ignore_changes == ("spec.rules",)


def test_a_service_without_a_router_has_no_second_service(service: Service, preview: bool) -> None:
    assert [entry.name for entry in recorded(service, preview).of("Service")] == ["univprepai-api"]


PATCHABLE = {
    "service": ("Service", "a-api"),
    "canaryService": ("Service", "a-api-canary"),
    "stableService": ("Service", "a-api-stable"),
    "serviceMonitor": ("ServiceMonitor", "a-api"),
    "analysisTemplate": ("AnalysisTemplate", "a-api"),
    "rollout": ("Rollout", "a-api"),
    "ingress": ("Ingress", "a-api"),
    "horizontalPodAutoscaler": ("HorizontalPodAutoscaler", "a-api"),
    "podDisruptionBudget": ("PodDisruptionBudget", "a-api"),
    "networkPolicy": ("NetworkPolicy", "a-api"),
}


@pytest.mark.parametrize("field", PATCHABLE)
def test_a_patch_has_the_last_word_on_its_own_object_and_on_no_other(tmp_path: Path, field: str, preview: bool) -> None:
    patch = "{metadata: {labels: {app.kubernetes.io/name: patched}}, spec: {added: {x: 1}}}"
    patched = recorded(service_of(tmp_path, f"{EVERYTHING}, patch: {{{field}: {patch}}}"), preview).by_urn
    plain = recorded(service_of(tmp_path, EVERYTHING), preview).by_urn
    (changed,) = [entry for urn, entry in patched.items() if entry.inputs != plain[urn].inputs]
    assert (changed.kind, changed.name) == PATCHABLE[field]
    assert changed.inputs["metadata"]["labels"]["app.kubernetes.io/name"] == "patched"
    assert changed.inputs["spec"]["added"] == {"x": 1}


@pytest.mark.parametrize(
    ("traffic", "field", "kind"),
    [
        ("{router: istio}", "virtualService", "VirtualService"),
        ("{router: gatewayApi, gateway: {name: public}}", "httpRoute", "HTTPRoute"),
    ],
)
def test_a_patch_reaches_the_object_of_every_router(
    tmp_path: Path, traffic: str, field: str, kind: str, preview: bool
) -> None:
    more = f"hosts: [a.example.com], traffic: {traffic}, patch: {{{field}: {{spec: {{added: 1}}}}}}"
    assert manifest(service_of(tmp_path, more), kind, preview)["spec"]["added"] == 1


def test_a_patch_adds_to_a_container_without_repeating_it(tmp_path: Path, preview: bool) -> None:
    containers = "[{name: api, env: [{name: B, value: c}]}, {name: shipper, image: 'fluent:1'}]"
    more = f"env: {{A: b}}, patch: {{rollout: {{spec: {{template: {{spec: {{containers: {containers}}}}}}}}}}}"
    own, added = manifest(service_of(tmp_path, more), "Rollout", preview)["spec"]["template"]["spec"]["containers"]
    assert own["image"] == "registry.example.com/a:1.0.0"
    assert own["env"] == [{"name": "A", "value": "b"}, {"name": "B", "value": "c"}]
    assert added == {"name": "shipper", "image": "fluent:1"}


def test_it_tells_where_the_service_is_and_what_to_type_while_a_canary_runs(
    tmp_path: Path, preview: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {}

    def keep(component: ComponentResource, outputs: Mapping[str, Any]) -> None:
        told.update(outputs)

    monkeypatch.setattr(ObservableApi, "register_outputs", keep)
    api, _ = built(service_of(tmp_path, "enabled: true"), preview)
    assert told == {
        "url": "http://a-api.apis:8001",
        "rollout": "a-api",
        "dashboard": "/d/api-observability-api?var-namespace=apis&var-service=a-api",
        "commands": api.commands,
    }
    assert api.commands == {
        "watch": "kubectl argo rollouts get rollout a-api -n apis --watch",
        "promote": "kubectl argo rollouts promote a-api -n apis",
        "abort": "kubectl argo rollouts abort a-api -n apis",
        "retry": "kubectl argo rollouts retry rollout a-api -n apis",
    }
