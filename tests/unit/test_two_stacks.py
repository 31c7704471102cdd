"""Two stacks on one cluster: one has the platform, the other brings services of its own."""

from pathlib import Path
from typing import Any

import pytest

import program
from catalog.stack import StackSettings
from cli.check import _Check
from cli.prometheus import Prometheus
from cli.recording import Recording, record
from components.adopted import ensure_adopted
from components.cluster import ClusterError
from observability import records
from tests.unit.settings_workbench import from_engine, minimal, refusal_of_file

SLACK = {"slack": {"webhook": {"secret": "alerting", "key": "slack"}, "channel": "#alerts"}}
ELSEWHERE = {"monitoring": {"install": False}, "argoRollouts": {"install": False}, "ofAnotherStack": True}
PLACE = "Pulumi.dev.yaml: config.api-observability:"


def first() -> StackSettings:
    return from_engine(minimal(alerting=SLACK, platform={"otherStacks": ["exams"]}))


def second(**settings: Any) -> StackSettings:
    return from_engine(minimal(namespace="exams", alerting=SLACK, platform=ELSEWHERE, **settings))


def recorded(settings: StackSettings) -> Recording:
    return record(lambda: program.build(settings, program.load(settings)), stack="dev")[1]


def objects(recording: Recording) -> set[tuple[str, str, str]]:
    """All but the Secrets that a user is to make: kind, namespace and name."""
    found = [each for each in recording.resources if "metadata" in each.inputs]
    named = [(each.kind, each.inputs["metadata"]) for each in found]
    return {(kind, str(metadata.get("namespace")), str(metadata["name"])) for kind, metadata in named}


def test_no_object_is_made_by_both() -> None:
    assert objects(recorded(first())) & objects(recorded(second())) == set()


def test_the_second_makes_nothing_outside_of_its_own_namespace() -> None:
    found = objects(recorded(second()))
    assert {namespace for _, namespace, _ in found} == {"exams", "None"}
    assert {each for each in found if each[1] == "None"} == {("Namespace", "None", "exams")}
    assert {
        ("PrometheusRule", "exams", "api-observability-releases"),
        ("AlertmanagerConfig", "exams", "alert-routing"),
    } <= found


def test_who_is_told_of_all_that_is_nobodys_is_not_told_what_is_the_seconds() -> None:
    (rest,) = [
        each.inputs["spec"]["route"]
        for each in recorded(first()).of("AlertmanagerConfig")
        if each.inputs["metadata"]["namespace"] == "monitoring"
    ]
    (told,) = [each for each in rest["matchers"] if each["name"] == "namespace"]
    assert told["matchType"] == "!~"
    assert set(told["value"].split("|")) == {"apis", "argo-rollouts", "exams"}


def expressions(recording: Recording, name: str) -> list[str]:
    (found,) = [
        each for each in recording.of("PrometheusRule") if each.inputs["metadata"]["name"] == name and each.custom
    ]
    return [rule["expr"] for group in found.inputs["spec"]["groups"] for rule in group["rules"]]


def test_each_is_told_of_its_own_releases_alone() -> None:
    assert all('namespace="exams"' in each for each in expressions(recorded(second()), "api-observability-releases"))
    of_first = expressions(recorded(first()), "argo-rollouts")
    assert any('namespace!~"exams"' in each for each in of_first)
    assert not any('namespace="exams"' in each for each in of_first)


def test_the_controller_is_asked_for_no_messages_that_it_does_not_know() -> None:
    def subscribed(settings: StackSettings) -> bool:
        rollouts = [each.inputs["metadata"] for each in recorded(settings).of("Rollout")]
        return any("notifications" in key for metadata in rollouts for key in metadata.get("annotations", {}))

    assert subscribed(first())
    assert not subscribed(second())


def test_what_belongs_to_the_platform_is_refused_all_at_once(tmp_path: Path) -> None:
    platform = {
        "ofAnotherStack": True,
        "otherStacks": ["exams"],
        "argoRollouts": {"createMetricsService": True, "takeOverNotifications": True},
    }
    place = f"{PLACE}platform"
    install = "is the other stack's, as all of the platform (ofAnotherStack); set it to false"
    others = "is for the stack that has the platform to set (ofAnotherStack); leave it out"
    assert refusal_of_file(tmp_path, minimal(namespace="shop", platform=platform)) == [
        f"{place}.monitoring.install: {install}",
        f"{place}.argoRollouts.install: {install}",
        f"{place}.argoRollouts.createMetricsService: {others}",
        f"{place}.argoRollouts.takeOverNotifications: {others}",
        f"{place}.otherStacks: is for the stack that has the platform to say (ofAnotherStack); leave it out",
    ]


@pytest.mark.parametrize("name", ["monitoring", "argo-rollouts", "kube-system"])
def test_what_is_no_stacks_is_left_to_none(tmp_path: Path, name: str) -> None:
    (told,) = refusal_of_file(tmp_path, minimal(platform={"otherStacks": ["exams", name]}))
    assert told == (
        f"{PLACE}platform.otherStacks[1]: '{name}' is no namespace of another stack's services, and its alerts would "
        "reach nobody; leave it out"
    )


def test_the_second_has_to_name_its_namespace(tmp_path: Path) -> None:
    (told,) = refusal_of_file(tmp_path, minimal(platform=ELSEWHERE))
    assert told == (
        f"{PLACE}namespace: is missing: each stack on a cluster has a namespace of its own (platform.ofAnotherStack); "
        "name this one's, such as exams"
    )
    assert from_engine(minimal(namespace="apis", platform=ELSEWHERE)).namespace == "apis"


def test_it_is_not_brought_up_before_the_one_with_the_platform() -> None:
    with pytest.raises(ClusterError) as caught:
        ensure_adopted(second(), lambda _: True, lambda *_: None)
    assert str(caught.value) == (
        "context 'dev': the platform is another stack's (platform.ofAnotherStack), and the cluster has no ConfigMap "
        "'grafana-dashboard-argo-rollouts' in namespace 'monitoring', no Service "
        "'kube-prometheus-stack-prometheus' in namespace 'monitoring'; bring that stack up first, and say here what is "
        "called otherwise there: platform.monitoring.namespace, platform.monitoring.release, prometheus.address"
    )
    assert ensure_adopted(second(), lambda _: True, lambda *_: {}) == []


def test_what_the_dashboards_ask_of_the_controller_is_known_to_the_check_of_either() -> None:
    for settings in (first(), second()):
        asked = _Check(settings, program.load(settings), Prometheus("http://127.0.0.1:9", {}), {})
        assert records.API_REQUEST_RATE in asked._known


def test_a_second_stack_is_told_of_nothing_that_it_cannot_end() -> None:
    assert [str(each) for each in program._warnings(second())] == []


def test_a_namespace_is_one_stacks(tmp_path: Path) -> None:
    (told,) = refusal_of_file(tmp_path, minimal(namespace="exams", platform={"otherStacks": ["exams"]}))
    assert told == (
        f"{PLACE}namespace: 'exams' is in platform.otherStacks, and nobody would be told of its releases; each stack "
        "has a namespace of its own"
    )
