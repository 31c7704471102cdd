"""Field managers: what is taken back, what is forced, and what an ignored path does to an apply."""

from typing import Any

import pytest

from local.plugin.errors import PluginError
from local.plugin.fields import absorbed, forced, settle_ignored

OURS = "pulumi-kubernetes-1a2b3c4d"


def entry(manager: str, operation: str, *paths: str, **more: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for path in paths:
        node = fields
        for key in path.split("."):
            node = node.setdefault(f"f:{key}", {})
    return {"manager": manager, "operation": operation, "fieldsType": "FieldsV1", "fieldsV1": fields, **more}


def live(*entries: dict[str, Any], **content: Any) -> dict[str, Any]:
    return {"metadata": {"name": "x", "managedFields": list(entries)}, **content}


def owners(entries: list[dict[str, Any]] | None) -> list[tuple[str, str]]:
    return [(item["manager"], item["operation"]) for item in entries or []]


def test_what_the_create_made_becomes_the_resources_own() -> None:
    taken = absorbed(live(entry("pulumi-kubernetes", "Update", "spec.replicas")), OURS)
    assert taken == [entry(OURS, "Apply", "spec.replicas")]


@pytest.mark.parametrize("manager", ["kubectl", "kubectl-client-side-apply", "kubectl-argo-rollouts", "kubectl-edit"])
def test_every_manager_whose_name_begins_with_kubectl_is_taken_back(manager: str) -> None:
    before = live(entry(OURS, "Apply", "spec.a"), entry(manager, "Update", "spec.b"), entry("hpa", "Update", "spec.c"))
    taken = absorbed(before, OURS)
    assert owners(taken) == [("hpa", "Update"), (OURS, "Apply")]
    assert taken
    assert taken[-1]["fieldsV1"] == {"f:spec": {"f:a": {}, "f:b": {}}}


def test_others_and_subresources_keep_what_they_own() -> None:
    before = live(
        entry(OURS, "Apply", "spec.a"),
        entry("rollouts-controller", "Update", "spec.selector"),
        entry("kubectl-argo-rollouts", "Update", "status.x", subresource="status"),
        entry("pulumi-kubernetes-ffffffff", "Apply", "spec.z"),
    )
    assert absorbed(before, OURS) is None


def test_nothing_is_forced_in_an_update_unless_it_is_asked_for() -> None:
    before = live(entry("person", "Update", "spec.a"))
    asked = {"metadata": {"annotations": {"pulumi.com/patchForce": "true"}}}
    assert not forced({}, before, always=False, preview=False)
    assert forced(asked, before, always=False, preview=False)
    assert forced({}, before, always=True, preview=False)


def test_a_preview_forces_only_what_the_real_update_will_take_over() -> None:
    assert forced({}, live(entry("pulumi-kubernetes", "Update", "spec.a")), always=False, preview=True)
    assert not forced({}, live(entry("kubectl-edit", "Update", "spec.a")), always=False, preview=True)
    assert forced({}, None, always=False, preview=True)
    assert not forced({}, None, always=False, preview=False)


def test_an_object_older_than_field_managers_is_taken_over() -> None:
    assert forced({}, live(), always=False, preview=False)


def test_an_ignored_path_that_others_own_is_left_out_of_the_apply() -> None:
    inputs = {"spec": {"selector": {"app": "a"}, "ports": []}}
    before = live(entry("rollouts-controller", "Update", "spec.selector"), spec={"selector": {"app": "a", "hash": "1"}})
    settle_ignored(inputs, before, ["spec.selector"], OURS)
    assert inputs == {"spec": {"ports": []}}


def test_an_ignored_path_above_what_others_own_is_left_out_too() -> None:
    inputs: dict[str, Any] = {"spec": {"http": [{"route": []}], "hosts": ["a"]}}
    settle_ignored(inputs, live(entry("istio", "Update", "spec.http.x"), spec={"http": []}), ["spec.http"], OURS)
    assert inputs == {"spec": {"hosts": ["a"]}}


def test_an_ignored_path_of_our_own_is_applied_as_it_is_now() -> None:
    inputs = {"spec": {"replicas": 2}}
    before = live(entry(OURS, "Apply", "spec.replicas"), entry("hpa", "Update", "spec.replicas"), spec={"replicas": 5})
    settle_ignored(inputs, before, ["spec.replicas"], OURS)
    assert inputs == {"spec": {"replicas": 5}}


def test_an_ignored_path_that_is_not_there_yet_is_applied_as_the_program_says() -> None:
    inputs = {"spec": {"replicas": 2}}
    settle_ignored(inputs, live(entry(OURS, "Apply", "spec.x"), spec={}), ["spec.replicas"], OURS)
    assert inputs == {"spec": {"replicas": 2}}


def test_an_ignored_path_through_a_value_says_what_is_wrong() -> None:
    with pytest.raises(PluginError, match=r"unable to parse field to ignore \"spec.replicas.x\""):
        settle_ignored({"spec": {}}, live(spec={"replicas": 2}), ["spec.replicas.x"], OURS)
