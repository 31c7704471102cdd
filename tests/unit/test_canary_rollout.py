"""CanaryRollout: the Rollout and its AnalysisTemplate."""

from typing import Any

from catalog.services import Pause, Service
from cli.recording import Recording, record
from components.canary_rollout import CanaryRollout, CanaryRolloutArgs


def recorded(service: Service, preview: bool) -> Recording:
    args = CanaryRolloutArgs(service, "apis", "http://prometheus:9090")
    return record(lambda: CanaryRollout(service.name, args), stack="dev", preview=preview)[1]


def rollout_of(service: Service, preview: bool = True) -> dict[str, Any]:
    return recorded(service, preview).one("Rollout", service.name).inputs


def test_it_is_a_template_and_then_a_rollout_under_one_component(service: Service, preview: bool) -> None:
    recording = recorded(service, preview)
    component, template, rollout = recording.resources
    assert component.type == "api-observability:index:CanaryRollout"
    assert [template.type, rollout.type] == [
        "kubernetes:argoproj.io/v1alpha1:AnalysisTemplate",
        "kubernetes:argoproj.io/v1alpha1:Rollout",
    ]
    assert {template.parent, rollout.parent} == {component.urn}
    assert template.urn in rollout.depends_on


def test_objects_carry_the_services_own_name(service: Service, preview: bool) -> None:
    for entry in recorded(service, preview).resources[1:]:
        assert entry.inputs["metadata"]["name"] == "univprepai-api"
        assert entry.inputs["metadata"]["namespace"] == "apis"


def test_the_default_steps_are_ten_and_fifty_percent_each_with_a_pause_and_an_analysis(service: Service) -> None:
    steps = rollout_of(service)["spec"]["strategy"]["canary"]["steps"]
    analysis = {
        "analysis": {
            "templates": [{"templateName": "univprepai-api"}],
            "args": [{"name": "canary-hash", "valueFrom": {"podTemplateHashValue": "Latest"}}],
        }
    }
    pause = {"pause": {"duration": "1m"}}
    assert steps == [{"setWeight": 10}, pause, analysis, {"setWeight": 50}, pause, analysis]


def test_version_turns_from_canary_to_stable_by_itself(service: Service) -> None:
    canary = rollout_of(service)["spec"]["strategy"]["canary"]
    assert canary["canaryMetadata"] == {"labels": {"version": "canary"}}
    assert canary["stableMetadata"] == {"labels": {"version": "stable"}}


def test_pods_get_the_image_the_port_and_no_token(service: Service) -> None:
    pod = rollout_of(service)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == service.image
    assert container["ports"] == [{"name": "http", "containerPort": 8006}]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert pod["automountServiceAccountToken"] is False


def test_an_owners_labels_are_on_objects_but_not_on_pods(routed_service: Service) -> None:
    rollout = rollout_of(routed_service)
    assert rollout["metadata"]["labels"]["team"] == "a"
    assert rollout["spec"]["template"]["metadata"]["labels"] == rollout["spec"]["selector"]["matchLabels"]


def test_without_a_router_no_service_is_pinned(service: Service) -> None:
    assert (
        not {"canaryService", "stableService", "trafficRouting"}
        & rollout_of(service)["spec"]["strategy"]["canary"].keys()
    )


def test_with_nginx_the_controller_knows_both_services_and_the_ingress(routed_service: Service) -> None:
    canary = rollout_of(routed_service)["spec"]["strategy"]["canary"]
    assert (canary["canaryService"], canary["stableService"]) == ("a-api-canary", "a-api-stable")
    assert canary["trafficRouting"] == {"nginx": {"stableIngress": "a-api"}}


def test_pause_forever_waits_for_a_person(service: Service) -> None:
    plan = service.canary.model_copy(update={"steps": [Pause(pause="forever")]})
    steps = rollout_of(service.model_copy(update={"canary": plan}))["spec"]["strategy"]["canary"]["steps"]
    assert steps == [{"pause": {}}]


def test_a_service_may_ask_its_own_prometheus(service: Service, preview: bool) -> None:
    own = service.model_copy(update={"prometheus_address": "https://mimir.example.com"})
    template = recorded(own, preview).one("AnalysisTemplate", own.name).inputs
    addresses = {metric["provider"]["prometheus"]["address"] for metric in template["spec"]["metrics"]}
    assert addresses == {"https://mimir.example.com"}
