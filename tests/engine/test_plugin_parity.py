"""The stand-in plugin creates, previews, replaces and deletes as the official one does (local/plugin/PARITY.md)."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lightkube
import pytest
from lightkube.core.exceptions import ApiError
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace, Service

from local.plugin.values import COMPUTED, Secret, has_secret, plain
from local.state import State
from local.waiting import wait_until
from tests.engine import plugin_harness as harness
from tests.engine.plugin_harness import CONFIG_MAP, NAMESPACE, ROLLOUT, SECRET, SERVICE, Plugin, PluginFailure


def test_a_created_object_is_posted_under_the_providers_own_field_manager(
    plugin: Plugin, client: lightkube.Client, space: str
) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    assert made.resource_id == f"{space}/settings"
    live = client.get(ConfigMap, "settings", namespace=space)
    assert live.metadata and live.metadata.managedFields
    entries = [(entry.manager, entry.operation) for entry in live.metadata.managedFields]
    assert entries == [("pulumi-kubernetes", "Update")]


def test_the_state_has_the_official_plugins_shape(plugin: Plugin, space: str) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    assert made.outputs["__initialApiVersion"] == "v1"
    assert made.outputs["__inputs"] == made.inputs
    assert made.field_manager.startswith("pulumi-kubernetes-")
    assert made.outputs["metadata"]["uid"]


def test_creating_what_exists_fails_and_says_how_to_adopt_it(plugin: Plugin, space: str) -> None:
    plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    with pytest.raises(PluginFailure) as failure:
        plugin.create(CONFIG_MAP, harness.config_map(space, colour="blue"))
    said = str(failure.value)
    assert "was not successfully created by the Kubernetes API server" in said
    assert 'configmaps "settings" already exists' in said
    assert "upsertExistingObjects" in said
    assert failure.value.kept is None


def test_creating_what_exists_previews_as_a_plain_create(plugin: Plugin, space: str) -> None:
    plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    preview = plugin.create(CONFIG_MAP, harness.config_map(space, colour="blue"), preview=True)
    assert preview.resource_id == ""
    assert preview.outputs["data"] == {"colour": "blue"}


def test_with_upsert_on_creating_what_exists_applies_it(
    embedded_cluster: State, client: lightkube.Client, space: str, tmp_path: Path
) -> None:
    client.create(
        ConfigMap(metadata=ObjectMeta(name="settings", namespace=space), data={"colour": "red"}), field_manager="person"
    )
    with harness.running(embedded_cluster, tmp_path, upsertExistingObjects="true") as plugin:
        wanted = harness.config_map(space, colour="red", size="large")
        made = plugin.create(CONFIG_MAP, wanted)
        assert made.outputs["data"] == {"colour": "red", "size": "large"}
        entries = [(e["manager"], e["operation"]) for e in made.outputs["metadata"]["managedFields"]]
        assert (made.field_manager, "Apply") in entries


def test_with_upsert_on_a_field_of_another_manager_is_a_conflict(
    embedded_cluster: State, client: lightkube.Client, space: str, tmp_path: Path
) -> None:
    client.create(
        ConfigMap(metadata=ObjectMeta(name="settings", namespace=space), data={"colour": "red"}), field_manager="person"
    )
    with (
        harness.running(embedded_cluster, tmp_path, upsertExistingObjects="true") as plugin,
        pytest.raises(PluginFailure, match='conflict with "person"'),
    ):
        plugin.create(CONFIG_MAP, harness.config_map(space, colour="blue"))


def test_a_preview_shows_what_the_server_would_make_of_it(plugin: Plugin, client: lightkube.Client, space: str) -> None:
    preview = plugin.create(SERVICE, harness.service(space), preview=True)
    assert preview.resource_id == ""
    assert preview.outputs["spec"]["type"] == "ClusterIP"
    assert "status" not in preview.outputs
    assert [item.metadata for item in client.list(Service, namespace=space)] == []


def test_a_preview_fails_with_the_servers_own_words_where_the_schema_is_broken(plugin: Plugin, space: str) -> None:
    with pytest.raises(PluginFailure, match=r"spec\.replicas") as failure:
        plugin.create(ROLLOUT, harness.rollout(space, replicas="two"), preview=True)
    assert "was not successfully created" in str(failure.value)


def test_a_preview_of_an_update_fails_where_the_schema_is_broken(plugin: Plugin, space: str) -> None:
    made = plugin.create(ROLLOUT, harness.rollout(space))
    with pytest.raises(PluginFailure, match=r"replicas"):
        plugin.update(made, harness.rollout(space, replicas="two"), preview=True)


def test_a_kind_without_its_definition_previews_as_a_plain_create(plugin: Plugin, space: str) -> None:
    gateway = {
        "apiVersion": "gateways.example.com/v1",
        "kind": "Gateway",
        "metadata": {"name": "front", "namespace": space},
        "spec": {"listeners": [{"port": 80}]},
    }
    preview = plugin.create("kubernetes:gateways.example.com/v1:Gateway", gateway, preview=True)
    assert preview.outputs == gateway


def test_a_missing_namespace_previews_as_a_plain_create(plugin: Plugin) -> None:
    inputs = harness.config_map("not-made-yet", colour="red")
    assert plugin.create(CONFIG_MAP, inputs, preview=True).outputs == inputs


def test_what_is_not_known_yet_previews_as_a_plain_create(plugin: Plugin, space: str) -> None:
    inputs = {**harness.config_map(space), "data": {"address": COMPUTED}}
    preview = plugin.create(CONFIG_MAP, inputs, preview=True)
    assert preview.outputs["data"] == {"address": COMPUTED}


def test_an_object_waits_for_a_namespace_that_comes_later(
    plugin: Plugin, client: lightkube.Client, tmp_path: Path
) -> None:
    name = f"later-{secrets.token_hex(4)}"
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(plugin.create, CONFIG_MAP, harness.config_map(name, colour="red"))
        client.create(Namespace(metadata=ObjectMeta(name=name)))
        assert pending.result(timeout=60).resource_id == f"{name}/settings"
    client.delete(Namespace, name)


def test_without_a_namespace_the_providers_own_is_used(embedded_cluster: State, space: str, tmp_path: Path) -> None:
    with harness.running(embedded_cluster, tmp_path, namespace=space) as plugin:
        inputs = harness.config_map(space, colour="red")
        del inputs["metadata"]["namespace"]
        assert plugin.check(CONFIG_MAP, inputs)["metadata"]["namespace"] == space
        bare = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}
        assert "namespace" not in plugin.check(NAMESPACE, bare)["metadata"]


def test_an_object_without_a_name_gets_one_and_keeps_it(plugin: Plugin, space: str) -> None:
    inputs = harness.config_map(space, colour="red")
    del inputs["metadata"]["name"]
    made = plugin.create(CONFIG_MAP, inputs)
    name = made.inputs["metadata"]["name"]
    assert name.startswith("unnamed-")
    assert made.inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert plugin.check(CONFIG_MAP, inputs, made)["metadata"]["name"] == name
    assert plugin.changes(made, inputs) == {}


def test_data_of_a_secret_is_secret_in_inputs_and_state(plugin: Plugin, space: str) -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "webhook", "namespace": space},
        "stringData": {"url": Secret("https://hooks.example.com/T0")},
    }
    made = plugin.create(SECRET, inputs)
    assert made.inputs["data"] == Secret({"url": "aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS9UMA=="})
    assert isinstance(made.outputs["data"], Secret)
    assert isinstance(made.outputs["__inputs"]["data"], Secret)
    assert plugin.changes(made, inputs) == {}


def test_a_secret_value_inside_any_object_stays_secret(plugin: Plugin, space: str) -> None:
    inputs = {**harness.config_map(space), "data": {"token": Secret("t0"), "colour": "red"}}
    made = plugin.create(CONFIG_MAP, inputs)
    assert made.outputs["data"] == {"token": Secret("t0"), "colour": "red"}
    assert not has_secret(made.outputs["metadata"])
    refreshed = plugin.refresh(made)
    assert refreshed
    assert refreshed.inputs["data"]["token"] == Secret("t0")
    assert plain(refreshed.outputs["__inputs"]["data"])["token"] == "t0"


def test_a_changed_config_map_is_deleted_and_made_again(plugin: Plugin, space: str) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    diff = plugin.diff(made, harness.config_map(space, colour="blue"))
    assert list(diff.replaces) == ["data.colour"]
    assert diff.deleteBeforeReplace
    assert plugin.changes(made, harness.config_map(space, colour="blue")) == {"data.colour": "UPDATE_REPLACE"}


def test_a_mutable_config_map_is_updated_in_place(embedded_cluster: State, space: str, tmp_path: Path) -> None:
    with harness.running(embedded_cluster, tmp_path, enableConfigMapMutable="true") as plugin:
        made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
        changed = harness.config_map(space, colour="blue")
        assert plugin.changes(made, changed) == {"data.colour": "UPDATE"}
        assert plugin.update(made, changed).outputs["data"] == {"colour": "blue"}
        frozen = {**changed, "immutable": True, "data": {"colour": "green"}}
        assert plugin.changes(made, frozen)["data.colour"] == "UPDATE_REPLACE"


def test_a_renamed_object_is_replaced_with_the_new_one_first(plugin: Plugin, space: str) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    diff = plugin.diff(made, harness.config_map(space, name="renamed", colour="red"))
    assert list(diff.replaces) == ["metadata.name"]
    assert not diff.deleteBeforeReplace


def test_an_immutable_field_of_a_custom_resource_is_the_servers_business(plugin: Plugin, space: str) -> None:
    made = plugin.create(ROLLOUT, harness.rollout(space))
    moved = harness.rollout(space, selector={"matchLabels": {"app": "other"}})
    assert plugin.changes(made, moved) == {"spec.selector.matchLabels.app": "UPDATE"}


def test_nothing_changed_is_no_change_and_asks_the_cluster_nothing(
    embedded_cluster: State, space: str, tmp_path: Path
) -> None:
    with harness.running(embedded_cluster, tmp_path) as plugin:
        made = plugin.create(SERVICE, harness.service(space))
    with harness.running(embedded_cluster, tmp_path, kubeconfig="nothing: here") as cut_off:
        assert cut_off.changes(made, harness.service(space)) == {}


def test_deleting_waits_until_the_object_is_gone(plugin: Plugin, client: lightkube.Client, space: str) -> None:
    inputs = harness.config_map(space, colour="red")
    inputs["metadata"]["finalizers"] = ["example.com/hold"]
    held = plugin.create(CONFIG_MAP, inputs)
    with pytest.raises(PluginFailure, match="timed out waiting for the condition") as failure:
        plugin.delete(held, timeout=1)
    assert failure.value.kept
    client.patch(ConfigMap, "settings", {"metadata": {"finalizers": None}}, namespace=space)
    plugin.delete(held)
    with pytest.raises(ApiError):
        client.get(ConfigMap, "settings", namespace=space)


def test_deleting_what_is_gone_is_fine(plugin: Plugin, client: lightkube.Client, space: str) -> None:
    made = plugin.create(CONFIG_MAP, harness.config_map(space, colour="red"))
    client.delete(ConfigMap, "settings", namespace=space)
    wait_until(lambda: _gone(client, space), 60, "the ConfigMap to go")
    plugin.delete(made)


def test_a_namespace_is_gone_once_deleted(plugin: Plugin, client: lightkube.Client) -> None:
    name = f"plugin-{secrets.token_hex(4)}"
    made = plugin.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    assert made.resource_id == name
    plugin.delete(made)
    with pytest.raises(ApiError):
        client.get(Namespace, name)


def test_cancel_ends_a_wait_and_keeps_the_object_in_the_state(
    embedded_cluster: State, space: str, tmp_path: Path
) -> None:
    inputs = harness.config_map(space, colour="red")
    inputs["metadata"]["annotations"] = {"pulumi.com/waitFor": "jsonpath={.data.ready}=yes"}
    with harness.running(embedded_cluster, tmp_path) as plugin, ThreadPoolExecutor(1) as pool:
        pending = pool.submit(plugin.create, CONFIG_MAP, inputs)
        wait_until(lambda: not _gone(harness.client_of(embedded_cluster), space), 60, "the ConfigMap")
        plugin.cancel()
        with pytest.raises(PluginFailure, match="cancelled") as failure:
            pending.result(timeout=60)
        assert failure.value.kept
        assert failure.value.kept.id == f"{space}/settings"


def test_what_the_stand_in_cannot_do_is_one_clear_line(plugin: Plugin) -> None:
    patch = {"apiVersion": "v1", "kind": "NamespacePatch", "metadata": {"name": "x"}}
    with pytest.raises(PluginFailure, match="install the official plugin") as failure:
        plugin.check("kubernetes:core/v1:NamespacePatch", patch)
    assert "\n" not in str(failure.value)


def _gone(client: lightkube.Client, space: str) -> bool:
    try:
        client.get(ConfigMap, "settings", namespace=space)
    except ApiError as error:
        return error.status.code == 404
    return False
