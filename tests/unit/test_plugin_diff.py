"""What counts as a change between a live object and new inputs, and what replaces the object."""

from typing import Any

import pytest

from local.plugin.diff import Change, compare, path_text, without_ignored
from local.plugin.kinds import force_new
from local.plugin.values import COMPUTED


def kinds(old: Any, new: Any, submitted: Any = None, frozen: tuple[str, ...] = (), lenient: bool = True) -> Any:
    changes = compare(old, new, submitted or {}, frozen, lenient)
    return {path: (f"{change.kind}-replace" if change.replaces else change.kind) for path, change in changes.items()}


def test_additions_updates_and_deletions_are_told_apart() -> None:
    assert kinds({"a": 1, "b": 1, "c": {"d": 1}}, {"b": 2, "c": {"d": 1, "e": 1}}) == {
        "a": "delete",
        "b": "update",
        "c.e": "add",
    }


def test_a_list_is_compared_item_by_item() -> None:
    old = {"steps": [{"setWeight": 10}, {"pause": {}}, {"setWeight": 50}]}
    assert kinds(old, {"steps": [{"setWeight": 20}, {"pause": {}}]}) == {
        "steps[0].setWeight": "update",
        "steps[2]": "delete",
    }
    assert kinds({"steps": []}, old) == {"steps[0]": "add", "steps[1]": "add", "steps[2]": "add"}


def test_true_is_not_one_and_eighty_is_eighty_point_zero() -> None:
    assert kinds({"a": 1}, {"a": True}) == {"a": "update"}
    assert kinds({"a": 80}, {"a": 80.0}) == {}


def test_another_type_is_an_update() -> None:
    assert kinds({"a": {"b": 1}}, {"a": "b"}) == {"a": "update"}
    assert kinds({"a": "b"}, {"a": ["b"]}) == {"a": "update"}


def test_what_is_not_known_yet_counts_as_a_change() -> None:
    assert kinds({"a": 1}, {"a": COMPUTED, "b": COMPUTED}) == {"a": "update", "b": "add"}


def test_an_empty_value_that_the_server_dropped_is_no_change() -> None:
    assert kinds({}, {"labels": {}, "paused": False}, {"labels": {}, "paused": False}) == {}


def test_an_empty_value_that_is_new_is_a_change() -> None:
    assert kinds({}, {"automountServiceAccountToken": False}) == {"automountServiceAccountToken": "add"}


def test_an_empty_value_of_a_custom_resource_is_a_change() -> None:
    assert kinds({}, {"labels": {}}, {"labels": {}}, lenient=False) == {"labels": "add"}


@pytest.mark.parametrize(
    ("old", "new"), [("500m", "0.5"), ("1", 1), ("1Gi", "1024Mi"), ("2", "2000m"), ("1e3", "1k"), ("1500m", "1.5")]
)
def test_equal_quantities_in_other_words_are_no_change(old: str, new: Any) -> None:
    assert kinds({"limits": {"cpu": old}}, {"limits": {"cpu": new}}) == {}
    assert kinds({"limits": {"cpu": old}}, {"limits": {"cpu": new}}, lenient=False) == {"limits.cpu": "update"}


@pytest.mark.parametrize(("old", "new"), [("500m", "0.6"), ("1Gi", "1G"), ("1", "x"), ("1.1.1", "1.1.1.")])
def test_other_quantities_are_a_change(old: str, new: str) -> None:
    assert kinds({"limits": {"cpu": old}}, {"limits": {"cpu": new}}) == {"limits.cpu": "update"}


def test_a_string_that_only_looks_like_a_quantity_is_compared_as_a_string() -> None:
    assert kinds({"env": [{"value": "0.50"}]}, {"env": [{"value": "0.5"}]}) == {"env[0].value": "update"}


def test_a_frozen_field_replaces_at_it_below_it_and_above_it() -> None:
    frozen = ("spec.selector",)
    assert kinds({"spec": {"selector": {"a": 1}}}, {"spec": {"selector": {"a": 2}}}, frozen=frozen) == {
        "spec.selector.a": "update-replace"
    }
    assert kinds({"spec": {}}, {"spec": {"selector": {}}}, frozen=frozen) == {"spec.selector": "add-replace"}
    assert kinds({}, {"spec": {"selector": {"a": 1}}}, frozen=frozen) == {"spec": "add-replace"}
    assert kinds({}, {"spec": {"replicas": 1}}, frozen=frozen) == {"spec": "add"}


def test_a_frozen_field_of_every_list_item_replaces() -> None:
    frozen = ("spec.containers[*].image",)
    old, new = {"spec": {"containers": [{"image": "a"}]}}, {"spec": {"containers": [{"image": "b"}]}}
    assert kinds(old, new, frozen=frozen) == {"spec.containers[0].image": "update-replace"}


def test_ignored_paths_cover_what_lies_below_them() -> None:
    update = Change("update", replaces=False)
    changes = dict.fromkeys(["spec.selector.hash", "spec.http[0].route[1].weight", 'metadata.labels["a.b"]'], update)
    assert "spec.selector.hash" not in without_ignored(changes, ["spec.selector"])
    assert "spec.http[0].route[1].weight" not in without_ignored(changes, ["spec.http[*].route"])
    assert 'metadata.labels["a.b"]' not in without_ignored(changes, ['metadata.labels["a.b"]'])
    assert without_ignored(changes, ["spec.sel"]) == changes


def test_a_path_is_spelled_as_pulumi_spells_it() -> None:
    assert path_text(["metadata", "annotations", "a.b/c", "d/e", 0]) == 'metadata.annotations["a.b/c"].d/e[0]'


def test_every_kind_is_replaced_when_renamed_and_some_fields_replace_some_kinds() -> None:
    binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding"}
    assert force_new(binding, False, False) == ("metadata.name", "metadata.namespace", "roleRef")
    rollout = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    assert force_new(rollout, False, False) == ("metadata.name", "metadata.namespace")
    secret = {"apiVersion": "v1", "kind": "Secret"}
    assert "data" in force_new(secret, False, secret_mutable=False)
    assert "data" not in force_new(secret, False, secret_mutable=True)
    assert "type" in force_new(secret, False, secret_mutable=True)
    frozen = {"apiVersion": "v1", "kind": "ConfigMap", "immutable": True}
    assert "data" in force_new(frozen, config_map_mutable=True, secret_mutable=False)
