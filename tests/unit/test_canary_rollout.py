"""CanaryRollout: the Rollout and its AnalysisTemplate."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.prometheus_settings import Access
from catalog.services import Service
from cli.recording import Recording, record
from components.canary_rollout import CanaryRollout, CanaryRolloutArgs
from observability import analysis
from tests.unit.catalog_workbench import service as service_of

ROUTED = "hosts: [a.example.com], traffic: {router: nginx}"
ISTIO = "traffic: {router: istio, testerHeader: {name: X-Canary, value: always}}"


def recorded(service: Service, preview: bool = True, **args: Any) -> Recording:
    everything = CanaryRolloutArgs(service, "apis", "http://prometheus:9090", **args)
    return record(lambda: CanaryRollout(service.name, everything), stack="dev", preview=preview)[1]


def rollout_of(service: Service, preview: bool = True) -> dict[str, Any]:
    return recorded(service, preview).one("Rollout", service.name).inputs


def canary_of(service: Service, preview: bool = True) -> dict[str, Any]:
    strategy: dict[str, Any] = rollout_of(service, preview)["spec"]["strategy"]["canary"]
    return strategy


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
    entries = recorded(service, preview).resources[1:]
    names = [(entry.inputs["metadata"]["name"], entry.inputs["metadata"]["namespace"]) for entry in entries]
    assert names == [("univprepai-api", "apis")] * 2


def test_the_default_steps_are_ten_and_fifty_percent_each_with_a_pause_and_an_analysis(
    service: Service, preview: bool
) -> None:
    judged = {"analysis": analysis.step_analysis(service)}
    pause = {"pause": {"duration": "1m"}}
    assert canary_of(service, preview)["steps"] == [
        {"setWeight": 10},
        pause,
        judged,
        {"setWeight": 50},
        pause,
        judged,
    ]


def test_the_template_is_the_one_that_the_steps_name(service: Service, preview: bool) -> None:
    template = recorded(service, preview).one("AnalysisTemplate", service.name).inputs
    assert template["spec"] == analysis.template_spec(service, "apis", "http://prometheus:9090")
    named = [step["analysis"]["templates"] for step in canary_of(service)["steps"] if "analysis" in step]
    assert named == [[{"templateName": template["metadata"]["name"]}]] * 2


@pytest.mark.parametrize("background", [True, False])
def test_the_criteria_are_measured_beside_the_steps_where_asked(
    tmp_path: Path, background: bool, preview: bool
) -> None:
    found = service_of(tmp_path, f"canary: {{background: {str(background).lower()}}}")
    assert canary_of(found, preview).get("analysis") == analysis.background_analysis(found)
    assert ("analysis" in canary_of(found, preview)) is background


def test_version_turns_from_canary_to_stable_by_itself(service: Service, preview: bool) -> None:
    canary = canary_of(service, preview)
    assert canary["canaryMetadata"] == {"labels": {"version": "canary"}}
    assert canary["stableMetadata"] == {"labels": {"version": "stable"}}


def test_an_owners_labels_are_on_objects_but_not_on_pods(routed_service: Service, preview: bool) -> None:
    rollout = rollout_of(routed_service, preview)
    assert rollout["metadata"]["labels"]["team"] == "a"
    assert rollout["spec"]["template"]["metadata"]["labels"] == rollout["spec"]["selector"]["matchLabels"]


def test_without_a_router_no_service_is_pinned(service: Service, preview: bool) -> None:
    assert not {"canaryService", "stableService", "trafficRouting"} & canary_of(service, preview).keys()


def test_with_nginx_the_controller_knows_both_services_and_the_ingress(routed_service: Service, preview: bool) -> None:
    canary = canary_of(routed_service, preview)
    assert (canary["canaryService"], canary["stableService"]) == ("a-api-canary", "a-api-stable")
    assert canary["trafficRouting"] == {"nginx": {"stableIngress": "a-api"}}


def test_pause_forever_waits_for_a_person(tmp_path: Path, preview: bool) -> None:
    found = service_of(tmp_path, "canary: {steps: [{setWeight: 50}, {pause: forever}, {pause: 90s}]}")
    assert canary_of(found, preview)["steps"][1:] == [{"pause": {}}, {"pause": {"duration": "1m30s"}}]


@pytest.mark.parametrize("scale", ["replicas: 2", "weight: 25"])
def test_a_canary_can_be_scaled_before_it_gets_traffic(tmp_path: Path, scale: str, preview: bool) -> None:
    found = service_of(tmp_path, f"{ROUTED}, canary: {{steps: [{{setCanaryScale: {{{scale}}}}}, {{setWeight: 5}}]}}")
    key, value = scale.split(": ")
    assert canary_of(found, preview)["steps"][0] == {"setCanaryScale": {key: int(value)}}


def test_a_canary_can_follow_its_traffic_again(tmp_path: Path, preview: bool) -> None:
    steps = "{setCanaryScale: {replicas: 1}}, {setWeight: 5}, {setCanaryScale: {matchTrafficWeight: true}}"
    found = service_of(tmp_path, f"{ROUTED}, canary: {{steps: [{steps}]}}")
    assert canary_of(found, preview)["steps"][2] == {"setCanaryScale": {"matchTrafficWeight": True}}


def test_testers_are_led_to_the_canary_as_soon_as_it_has_pods(tmp_path: Path, preview: bool) -> None:
    steps = [next(iter(step)) for step in canary_of(service_of(tmp_path, ISTIO), preview)["steps"]]
    assert steps[:3] == ["setWeight", "setHeaderRoute", "pause"]


@pytest.mark.parametrize(
    ("steps", "first_measured"),
    [
        ("[{setWeight: 10}, {pause: 1m}, {analysis: true}]", 1),
        ("[{setCanaryScale: {replicas: 1}}, {setWeight: 10}, {pause: 1m}, {analysis: true}]", 3),
    ],
)
def test_the_background_measures_from_the_first_weight_on_also_with_a_step_for_testers(
    tmp_path: Path, steps: str, first_measured: int, preview: bool
) -> None:
    canary = canary_of(service_of(tmp_path, f"{ISTIO}, canary: {{steps: {steps}}}"), preview)
    assert canary["analysis"]["startingStep"] == first_measured
    assert "setWeight" in canary["steps"][first_measured - 1]


def test_a_release_that_gets_nowhere_is_taken_back_after_ten_minutes(service: Service, preview: bool) -> None:
    spec = rollout_of(service, preview)["spec"]
    assert (spec["progressDeadlineSeconds"], spec["progressDeadlineAbort"]) == (600, True)
    assert (spec["minReadySeconds"], spec["revisionHistoryLimit"]) == (5, 5)
    assert "rollbackWindow" not in spec


def test_deadlines_and_history_are_the_plans(tmp_path: Path, preview: bool) -> None:
    plan = "minReady: 1m, progressDeadline: 20m, abortAtDeadline: false, rollbackWindow: 3, revisionHistoryLimit: 9"
    spec = rollout_of(service_of(tmp_path, f"canary: {{{plan}}}"), preview)["spec"]
    assert (spec["minReadySeconds"], spec["progressDeadlineSeconds"], spec["revisionHistoryLimit"]) == (60, 1200, 9)
    assert spec["rollbackWindow"] == {"revisions": 3}
    assert "progressDeadlineAbort" not in spec


def test_a_pod_may_count_as_soon_as_it_is_ready(tmp_path: Path, preview: bool) -> None:
    assert "minReadySeconds" not in rollout_of(service_of(tmp_path, "canary: {minReady: null}"), preview)["spec"]


def test_with_a_router_pods_may_stay_longer_or_be_fewer_than_the_traffic_asks_for(
    tmp_path: Path, preview: bool
) -> None:
    plain = canary_of(service_of(tmp_path, ROUTED), preview)
    assert not {"abortScaleDownDelaySeconds", "dynamicStableScale"} & plain.keys()
    plan = "canary: {abortScaleDownDelay: 2m, dynamicStableScale: true}"
    scaled = canary_of(service_of(tmp_path, f"{ROUTED}, {plan}"), preview)
    assert (scaled["abortScaleDownDelaySeconds"], scaled["dynamicStableScale"]) == (120, True)


def test_new_content_of_what_its_pods_refer_to_starts_a_canary(service: Service, preview: bool) -> None:
    before = recorded(service, preview, config_checksum="a").one("Rollout", service.name).inputs["spec"]
    after = recorded(service, preview, config_checksum="b").one("Rollout", service.name).inputs["spec"]
    assert before.pop("template") != after.pop("template")
    assert before == after


@dataclass(frozen=True)
class Asked:
    """Whom an AnalysisTemplate asks, and with which headers."""

    addresses: set[str]
    headers: list[dict[str, str]]


def asked(service: Service, preview: bool) -> Asked:
    access = Access.model_validate({"bearerToken": {"secret": "prometheus", "key": "token"}})
    recording = recorded(service, preview, prometheus_access=access)
    metrics = recording.one("AnalysisTemplate", service.name).inputs["spec"]["metrics"]
    providers = [metric["provider"]["prometheus"] for metric in metrics]
    return Asked({each["address"] for each in providers}, providers[0].get("headers", []))


def test_analyses_prove_to_the_stacks_prometheus_who_they_are(service: Service, preview: bool) -> None:
    found = asked(service, preview)
    assert found.addresses == {"http://prometheus:9090"}
    assert [header["key"] for header in found.headers] == ["Authorization"]


def test_a_service_may_ask_its_own_prometheus_which_does_not_see_the_stacks_credentials(
    service: Service, preview: bool
) -> None:
    own = service.model_copy(update={"prometheus_address": "https://mimir.example.com"})
    assert asked(own, preview) == Asked({"https://mimir.example.com"}, [])
