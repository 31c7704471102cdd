"""Whose the fields of an object are, and what handing them over does."""

from typing import Any

from components.field_managers import (
    MANAGER,
    Entry,
    handed_over,
    is_handed_over,
    is_helms,
    left_over,
    names,
    release_of,
    taken,
)

RELEASED = {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "charts"}
HELMS_MARK: dict[str, Any] = {"f:metadata": {"f:annotations": {"f:meta.helm.sh/release-name": {}}}}


def entry(manager: str, fields: dict[str, Any], operation: str = "Update", **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "time": "2026-01-01T00:00:00Z", "fieldsV1": fields, **more}


def live(*managers: Entry, spec: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    named = {"name": "a-api", "namespace": "apis", **metadata}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**named, "managedFields": list(managers)},
        "spec": spec or {},
    }


def spec(**fields: Any) -> dict[str, Any]:
    return {"f:spec": {f"f:{name}": below for name, below in fields.items()}}


def test_helm_is_known_by_its_name_and_by_the_mark_it_leaves() -> None:
    assert is_helms(live(entry("helm", {})))
    assert is_helms(live(entry("terraform-provider-helm", HELMS_MARK)))
    assert not is_helms(live(entry("argocd-controller", spec(type={}))))
    assert not is_helms(live(entry(MANAGER, HELMS_MARK, "Apply")))
    assert not is_helms({"metadata": {}})


def test_the_release_of_an_object_is_in_its_annotations() -> None:
    assert release_of(live(annotations=RELEASED)) == ("charts", "shop")
    assert release_of(live(annotations={"meta.helm.sh/release-name": "shop"})) == ("apis", "shop")
    assert release_of(live()) is None


def test_what_helm_and_people_own_becomes_one_entry_of_ours_and_the_rest_stays() -> None:
    controller = entry("rollouts-controller", spec(selector={}))
    scaled = entry("kubectl-scale", spec(replicas={}), subresource="scale")
    before = live(entry("helm", spec(type={})), entry("kubectl-edit", spec(ports={})), controller, scaled)
    assert taken(before) == ["helm", "kubectl-edit"]
    after = handed_over(before)
    assert after
    assert after[:2] == [controller, scaled]
    (ours,) = after[2:]
    assert (ours["manager"], ours["operation"], ours["apiVersion"]) == (MANAGER, "Apply", "v1")
    assert ours["fieldsV1"] == spec(type={}, ports={})
    assert is_handed_over(live(*after))
    assert names(after) == [MANAGER, "kubectl-scale", "rollouts-controller"]


def test_what_is_handed_over_again_is_added_to_what_was() -> None:
    first = entry(MANAGER, spec(type={}), "Apply")
    after = handed_over(live(first, entry("helm", spec(ports={"k:1": {"f:port": {}}}))))
    assert after
    assert [each["fieldsV1"] for each in after] == [spec(type={}, ports={"k:1": {"f:port": {}}})]


def test_where_nobody_else_owns_anything_there_is_nothing_to_hand_over() -> None:
    assert handed_over(live(entry(MANAGER, spec(type={}), "Apply"))) is None


def test_what_the_chart_set_and_the_stack_does_not_goes_away() -> None:
    labels: dict[str, Any] = {"f:labels": {".": {}, "f:helm.sh/chart": {}, "f:app": {}}}
    fields = {"f:metadata": labels, **spec(minAvailable={}, selector={}, extra={"f:a": {}, "f:b": {}})}
    found = live(
        entry("helm", fields),
        spec={"minAvailable": 1, "selector": {"x": "y"}, "extra": {"a": 1, "b": 2}},
        labels={"helm.sh/chart": "c", "app": "a"},
    )
    wanted = {"metadata": {"labels": {"app": "a"}}, "spec": {"selector": {"x": "z"}, "extra": {"b": 3}}}
    assert left_over(found, wanted) == {
        "metadata": {"labels": {"helm.sh/chart": None}},
        "spec": {"minAvailable": None, "extra": {"a": None}},
    }


def test_what_somebody_else_owns_too_stays() -> None:
    fields = spec(replicas={}, extra={"f:a": {}, "f:b": {}}, whole={"f:a": {}})
    others = spec(replicas={}, extra={"f:a": {}}, whole={})
    found = live(
        entry("helm", fields),
        entry("a-controller", others),
        spec={"replicas": 3, "extra": {"a": 1, "b": 2}, "whole": {"a": 1}},
    )
    assert left_over(found, {"metadata": {}, "spec": {}}) == {"spec": {"extra": {"b": None}}}


def test_a_list_that_the_stack_has_not_goes_away_whole() -> None:
    found = live(entry("helm", spec(ports={'k:{"port":80}': {"f:port": {}}})), spec={"ports": [{"port": 80}]})
    assert left_over(found, {"metadata": {}, "spec": {}}) == {"spec": {"ports": None}}
    assert left_over(found, {"metadata": {}, "spec": {"ports": []}}) == {}
