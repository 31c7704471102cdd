"""Fields that others own: conflicts, what is taken back, what `ignoreChanges` leaves alone, what a refresh sees."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightkube
import pytest
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.core_v1 import ConfigMap, Service
from lightkube.types import PatchType

from local.state import State
from tests.engine import plugin_harness as harness
from tests.engine.plugin_harness import CONFIG_MAP, ROLLOUT, SERVICE, Object, Plugin, PluginFailure, Resource

CONTROLLER = "rollouts-controller"
HASH = "rollouts-pod-template-hash"
SELECTOR = ["spec.selector"]

Rollout = create_namespaced_resource("argoproj.io", "v1alpha1", "Rollout", "rollouts")


@pytest.fixture(scope="module")
def plugin(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    folder = tmp_path_factory.mktemp("plugin")
    with harness.running(embedded_cluster, folder, enableConfigMapMutable="true") as plugin:
        yield plugin


def controller_writes(client: lightkube.Client, kind: Any, space: str, patch: Object) -> None:
    client.patch(kind, "checkout", patch, namespace=space, patch_type=PatchType.MERGE, field_manager=CONTROLLER)


@pytest.fixture
def routed(plugin: Plugin, client: lightkube.Client, space: str) -> Resource:
    """A Service into whose selector the Rollouts controller has written its hash."""
    made = plugin.create(SERVICE, harness.service(space))
    controller_writes(client, Service, space, {"spec": {"selector": {HASH: "abc123"}}})
    return made


def test_an_update_of_a_field_that_the_controller_owns_conflicts(plugin: Plugin, routed: Resource, space: str) -> None:
    with pytest.raises(PluginFailure) as failure:
        plugin.update(routed, harness.service(space, team="payments"))
    said = str(failure.value)
    assert "server-side apply field conflict detected" in said
    assert f'conflict with "{CONTROLLER}" using v1: .spec.selector' in said
    assert failure.value.kept


def test_a_conflict_changes_nothing(plugin: Plugin, routed: Resource, client: lightkube.Client, space: str) -> None:
    with pytest.raises(PluginFailure):
        plugin.update(routed, harness.service(space, team="payments"))
    live = client.get(Service, "checkout", namespace=space)
    assert live.spec and live.metadata
    assert live.spec.selector == {"app": "checkout", HASH: "abc123"}
    assert "team" not in (live.metadata.labels or {})


def test_ignoring_the_selector_leaves_the_hash_and_applies_the_rest(
    plugin: Plugin, routed: Resource, client: lightkube.Client, space: str
) -> None:
    updated = plugin.update(routed, harness.service(space, team="payments"), ignore=SELECTOR)
    live = client.get(Service, "checkout", namespace=space)
    assert live.spec and live.metadata
    assert live.spec.selector == {"app": "checkout", HASH: "abc123"}
    assert (live.metadata.labels or {})["team"] == "payments"
    assert "selector" not in updated.outputs["__inputs"]["spec"]
    assert plugin.changes(updated, harness.service(space, team="payments"), ignore=SELECTOR) == {}


def test_ignoring_the_selector_works_update_after_update(
    plugin: Plugin, routed: Resource, client: lightkube.Client, space: str
) -> None:
    state = routed
    for team in ("payments", "orders", "search"):
        state = plugin.update(state, harness.service(space, team=team), ignore=SELECTOR)
    live = client.get(Service, "checkout", namespace=space)
    assert live.spec
    assert live.spec.selector == {"app": "checkout", HASH: "abc123"}


def test_ignoring_a_selector_that_nobody_else_owns_keeps_it(
    plugin: Plugin, client: lightkube.Client, space: str
) -> None:
    made = plugin.create(SERVICE, harness.service(space))
    plugin.update(made, harness.service(space, team="payments"), ignore=SELECTOR)
    live = client.get(Service, "checkout", namespace=space)
    assert live.spec
    assert live.spec.selector == {"app": "checkout"}


def test_patch_force_takes_the_field_from_the_controller(
    plugin: Plugin, routed: Resource, client: lightkube.Client, space: str
) -> None:
    inputs = harness.service(space, team="payments")
    inputs["metadata"]["annotations"]["pulumi.com/patchForce"] = "true"
    plugin.update(routed, inputs)
    live = client.get(Service, "checkout", namespace=space)
    assert live.spec
    assert live.spec.selector == {"app": "checkout"}


def test_the_first_update_makes_the_resources_own_manager_the_owner(plugin: Plugin, space: str) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    updated = plugin.update(made, harness.config_map(space, colour="blue"))
    entries = [(e["manager"], e["operation"]) for e in updated.outputs["metadata"]["managedFields"]]
    assert entries == [(made.field_manager, "Apply")]
    assert updated.field_manager == made.field_manager


def test_a_field_taken_out_of_the_program_is_removed(plugin: Plugin, client: lightkube.Client, space: str) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red", size="large"))
    fewer = harness.config_map(space, colour="red")
    assert plugin.changes(made, fewer) == {"data.size": "DELETE"}
    plugin.update(made, fewer)
    assert client.get(ConfigMap, "settings", namespace=space).data == {"colour": "red"}


def test_a_named_field_manager_replaces_the_random_one_and_gives_up_the_old_ones_fields(
    plugin: Plugin, space: str
) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    first = plugin.update(made, harness.config_map(space, colour="blue"))
    named = harness.config_map(space, colour="blue")
    named["metadata"]["annotations"] = {"pulumi.com/patchFieldManager": "team-checkout"}
    second = plugin.update(first, named)
    assert second.field_manager == "team-checkout"
    refreshed = plugin.refresh(second)
    assert refreshed
    assert {e["manager"] for e in refreshed.outputs["metadata"]["managedFields"]} == {"team-checkout"}


@pytest.fixture
def edited_by_hand(plugin: Plugin, client: lightkube.Client, space: str) -> Resource:
    """A Rollout that was updated, and whose image a person then changed with the kubectl plugin."""
    made = plugin.create(ROLLOUT, harness.rollout(space))
    updated = plugin.update(made, harness.rollout(space, progressDeadlineSeconds=300))
    image = [{"name": "app", "image": "registry.example.com/checkout:undone"}]
    client.patch(
        Rollout,
        "checkout",
        {"spec": {"template": {"spec": {"containers": image}}}},
        namespace=space,
        patch_type=PatchType.MERGE,
        field_manager="kubectl-argo-rollouts",
    )
    return updated


def test_what_kubectl_or_its_plugins_changed_is_taken_back_by_an_update(
    plugin: Plugin, edited_by_hand: Resource, client: lightkube.Client, space: str
) -> None:
    plugin.update(edited_by_hand, harness.rollout(space, progressDeadlineSeconds=200))
    live = dict(client.get(Rollout, "checkout", namespace=space))
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example.com/checkout:1"


def test_what_kubectl_or_its_plugins_changed_conflicts_in_a_preview(
    plugin: Plugin, edited_by_hand: Resource, space: str
) -> None:
    with pytest.raises(PluginFailure, match='conflict with "kubectl-argo-rollouts"'):
        plugin.update(edited_by_hand, harness.rollout(space, progressDeadlineSeconds=200), preview=True)


def test_replicas_that_an_autoscaler_set_conflict_unless_they_are_ignored(
    plugin: Plugin, client: lightkube.Client, space: str
) -> None:
    made = plugin.create(ROLLOUT, harness.rollout(space))
    controller_writes(client, Rollout, space, {"spec": {"replicas": 5}})
    changed = harness.rollout(space, progressDeadlineSeconds=300)
    with pytest.raises(PluginFailure, match=r"\.spec\.replicas"):
        plugin.update(made, changed)
    plugin.update(made, changed, ignore=["spec.replicas"])
    live = dict(client.get(Rollout, "checkout", namespace=space))
    assert live["spec"]["replicas"] == 5
    assert live["spec"]["progressDeadlineSeconds"] == 300


def test_a_list_item_cannot_be_ignored_and_still_conflicts(
    plugin: Plugin, client: lightkube.Client, space: str
) -> None:
    made = plugin.create(ROLLOUT, harness.rollout(space))
    steps = [{"setWeight": 20}, {"pause": {}}]
    controller_writes(client, Rollout, space, {"spec": {"strategy": {"canary": {"steps": steps}}}})
    changed = harness.rollout(space, progressDeadlineSeconds=300)
    with pytest.raises(PluginFailure, match=r"\.spec\.strategy\.canary\.steps"):
        plugin.update(made, changed, ignore=["spec.strategy.canary.steps[0].setWeight"])
    plugin.update(made, changed, ignore=["spec.strategy.canary.steps"])


def test_a_refresh_after_a_controller_wrote_its_own_fields_shows_no_drift(
    plugin: Plugin, routed: Resource, client: lightkube.Client, space: str
) -> None:
    controller_writes(client, Service, space, {"metadata": {"annotations": {"argo-rollouts/managed-by": "checkout"}}})
    refreshed = plugin.refresh(routed)
    assert refreshed
    assert refreshed.inputs == routed.inputs
    assert refreshed.outputs["spec"]["selector"] == {"app": "checkout", HASH: "abc123"}
    assert plugin.changes(refreshed, harness.service(space)) == {}


def test_a_refresh_shows_drift_in_fields_of_our_own(plugin: Plugin, client: lightkube.Client, space: str) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    client.patch(ConfigMap, "settings", {"data": {"colour": "grey"}}, namespace=space)
    refreshed = plugin.refresh(made)
    assert refreshed
    assert refreshed.inputs["data"] == {"colour": "grey"}
    assert plugin.changes(refreshed, harness.config_map(space, colour="red")) == {"data.colour": "UPDATE"}


def test_a_refresh_of_what_is_gone_says_so(plugin: Plugin, client: lightkube.Client, space: str) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    client.delete(ConfigMap, "settings", namespace=space)
    assert plugin.refresh(made) is None


def test_an_import_takes_over_what_the_object_says(plugin: Plugin, client: lightkube.Client, space: str) -> None:
    plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    imported = plugin.import_(CONFIG_MAP, f"{space}/settings")
    assert imported
    assert imported.inputs == harness.config_map(space, colour="red")
    assert plugin.changes(imported, harness.config_map(space, colour="red")) == {}


def test_an_import_of_a_custom_resource_knows_only_its_identity(plugin: Plugin, space: str) -> None:
    plugin.create(ROLLOUT, harness.rollout(space))
    imported = plugin.import_(ROLLOUT, f"{space}/checkout")
    assert imported
    assert imported.inputs == {key: harness.rollout(space)[key] for key in ("apiVersion", "kind", "metadata")}
    assert plugin.changes(imported, harness.rollout(space)) == {"spec": "ADD"}


def test_an_object_that_was_never_there_cannot_be_imported(plugin: Plugin, space: str) -> None:
    assert plugin.import_(CONFIG_MAP, f"{space}/nothing") is None


def test_a_field_that_the_server_holds_immutable_fails_the_update_in_the_servers_words(
    plugin: Plugin, space: str
) -> None:
    made = plugin.create(SERVICE, harness.service(space))
    headless = harness.service(space)
    headless["spec"]["clusterIP"] = "None"
    with pytest.raises(PluginFailure, match=r"spec\.clusterIPs?\[0\]: Invalid value"):
        plugin.update(made, headless)


def test_large_objects_survive_a_failed_update(plugin: Plugin, client: lightkube.Client, space: str) -> None:
    big = harness.config_map(space, name="checkout", dashboard="x" * 900_000)
    made = plugin.create(CONFIG_MAP, big)
    controller_writes(client, ConfigMap, space, {"data": {"colour": "red"}})
    changed = {**big, "data": {**big["data"], "colour": "blue"}}
    with pytest.raises(PluginFailure, match=r"conflict") as failure:
        plugin.update(made, changed)
    assert failure.value.kept
    assert failure.value.kept.id == f"{space}/checkout"


def test_the_live_object_is_never_written_by_a_preview(plugin: Plugin, client: lightkube.Client, space: str) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    preview = plugin.update(made, harness.config_map(space, colour="blue"), preview=True)
    assert preview.outputs["data"] == {"colour": "blue"}
    live = client.get(ConfigMap, "settings", namespace=space)
    assert live.data == {"colour": "red"}
    assert live.metadata and live.metadata.managedFields
    assert [entry.manager for entry in live.metadata.managedFields] == ["pulumi-kubernetes"]


def test_an_update_of_what_is_gone_says_what_it_could_not_read(
    plugin: Plugin, client: lightkube.Client, space: str, tmp_path: Path
) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    client.delete(ConfigMap, "settings", namespace=space)
    with pytest.raises(PluginFailure, match="unable to get cluster state") as failure:
        plugin.update(made, harness.config_map(space, colour="blue"))
    assert failure.value.kept is None
    with pytest.raises(ApiError):
        client.get(ConfigMap, "settings", namespace=space)
