"""CustomResourceDefinitions and what they define, in one and the same plugin process."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lightkube
import pytest
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition

from local.waiting import wait_until
from tests.engine.plugin_harness import Plugin, PluginFailure

DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"


@pytest.fixture
def group() -> str:
    return f"{secrets.token_hex(4)}.example.com"


def definition(group: str, **properties: Any) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": properties, "x_kubernetes_preserve_unknown_fields": True}
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"gateways.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": "Gateway", "plural": "gateways"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def gateway(group: str, space: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "front", "namespace": space}
    return {"apiVersion": f"{group}/v1", "kind": "Gateway", "metadata": metadata, "spec": spec}


def test_an_object_waits_for_the_definition_that_is_made_beside_it(plugin: Plugin, group: str, space: str) -> None:
    token = f"kubernetes:{group}/v1:Gateway"
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(plugin.create, token, gateway(group, space, port=80))
        defined = plugin.create(DEFINITION, definition(group))
        made = pending.result(timeout=60)
    assert made.outputs["spec"] == {"port": 80}
    plugin.delete(made)
    plugin.delete(defined)


def test_a_changed_definition_is_put_whole(plugin: Plugin, client: lightkube.Client, group: str) -> None:
    made = plugin.create(DEFINITION, definition(group, port={"type": "integer"}))
    changed = definition(group, port={"type": "integer", "minimum": 1})
    assert list(plugin.changes(made, changed)) == [
        "spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.port.minimum"
    ]
    # Like the official plugin's, the update is a PUT that fails where the API server is still writing the status.
    wait_until(lambda: is_established(client, group), 60, "the definition to be established")
    updated = plugin.update(made, changed)
    assert updated.outputs["metadata"]["uid"] == made.outputs["metadata"]["uid"]
    assert plugin.changes(updated, changed) == {}
    plugin.delete(updated)


def test_objects_of_a_deleted_definition_are_gone_to_refresh_and_to_delete(
    plugin: Plugin, group: str, space: str
) -> None:
    defined = plugin.create(DEFINITION, definition(group))
    made = plugin.create(f"kubernetes:{group}/v1:Gateway", gateway(group, space, port=80))
    plugin.delete(defined)
    plugin.delete(made)
    assert plugin.refresh(made) is None


def test_a_definition_that_the_server_refuses_fails_in_its_words(plugin: Plugin, group: str) -> None:
    broken = definition(group, port={"type": "number of ships"})
    with pytest.raises(PluginFailure, match="number of ships"):
        plugin.create(DEFINITION, broken, preview=True)


def is_established(client: lightkube.Client, group: str) -> bool:
    status = client.get(CustomResourceDefinition, f"gateways.{group}").status
    conditions = status.conditions if status else None
    return any(condition.type == "Established" and condition.status == "True" for condition in conditions or [])
