"""Objects, kinds and names without a cluster."""

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as rpc

from local.plugin import checkpoint
from local.plugin.errors import PluginError
from local.plugin.kinds import Gvk, gvk_of_object, gvk_of_urn, urn_name, urn_type
from local.plugin.naming import settle_name
from local.plugin.objects import full_name, normalise, prune, split_full_name
from local.plugin.values import Secret


def urn(token: str, name: str = "x") -> str:
    return f"urn:pulumi:dev::shop::apis:components:Api$apis:components:Canary${token}::{name}"


def test_a_type_token_names_group_version_and_kind() -> None:
    assert gvk_of_urn(urn("kubernetes:core/v1:Service")) == Gvk("", "v1", "Service")
    assert gvk_of_urn(urn("kubernetes:argoproj.io/v1alpha1:Rollout")) == Gvk("argoproj.io", "v1alpha1", "Rollout")
    assert gvk_of_object({"apiVersion": "core/v1", "kind": "Pod"}) == gvk_of_object({"apiVersion": "v1", "kind": "Pod"})
    assert Gvk("", "v1", "Pod").api_version == "v1"


def test_a_name_may_itself_hold_the_separator() -> None:
    assert urn_type(urn("kubernetes:core/v1:Service", "a::b")) == "kubernetes:core/v1:Service"
    assert urn_name(urn("kubernetes:core/v1:Service", "a::b")) == "a::b"


@pytest.mark.parametrize(
    "token",
    [
        "kubernetes:core/v1:ServicePatch",
        "kubernetes:yaml/v2:ConfigGroup",
        "kubernetes:kustomize/v2:Directory",
        "kubernetes:helm.sh/v4:Chart",
        "kubernetes:core/v1:ServiceList",
        "aws:s3/bucket:Bucket",
        "kubernetes:Service",
    ],
)
def test_what_is_not_supported_is_one_line(token: str) -> None:
    with pytest.raises(PluginError) as error:
        gvk_of_urn(urn(token))
    assert "\n" not in str(error.value)


def test_a_custom_resource_may_be_called_list_or_patch() -> None:
    assert gvk_of_urn(urn("kubernetes:example.com/v1:AllowList")).kind == "AllowList"


def test_an_id_is_the_namespace_and_the_name() -> None:
    assert full_name({"metadata": {"name": "a", "namespace": "b"}}) == "b/a"
    assert full_name({"metadata": {"name": "a"}}) == "a"
    assert split_full_name("b/a") == ("b", "a")
    assert split_full_name("a") == ("", "a")


def test_pruning_keeps_what_was_submitted_with_its_live_value() -> None:
    live = {"spec": {"selector": {"app": "a", "hash": "1"}, "clusterIP": "10.0.0.1"}, "status": {}}
    assert prune(live, {"spec": {"selector": {"app": "x"}}, "data": {}}) == {"spec": {"selector": {"app": "a"}}}


def test_pruning_takes_lists_item_by_item() -> None:
    live: dict[str, Any] = {"ports": [{"port": 80, "protocol": "TCP"}, {"port": 81}], "args": ["a", "b"], "mixed": [1]}
    shape = {"ports": [{"port": 1}], "args": ["x"], "mixed": ["1"]}
    assert prune(live, shape) == {"ports": [{"port": 80}], "args": ["a"], "mixed": [1]}


def test_pruning_can_keep_what_the_server_dropped_because_it_was_empty() -> None:
    live = {"spec": {"replicas": 1}}
    shape = {"spec": {"replicas": 2, "paused": False, "labels": {}, "strategy": {"type": "x"}}}
    assert prune(live, shape, keep_empty=True) == {"spec": {"replicas": 1, "paused": False, "labels": {}}}
    assert prune(live, shape) == live


def test_string_data_of_a_secret_becomes_data() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "stringData": {"b": "two"}, "data": {"a": "MQ==", "b": "MQ=="}}
    assert normalise(secret) == {"apiVersion": "v1", "kind": "Secret", "data": {"a": "MQ==", "b": "dHdv"}}


def test_base64_is_spelled_as_the_server_spells_it_and_nonsense_left_to_it() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "MQ==\n", "b": "%%%="}}
    assert normalise(secret)["data"] == {"a": "MQ==", "b": "%%%="}


def test_read_only_metadata_is_no_input() -> None:
    obj = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "uid": "1", "managedFields": []}}
    assert normalise(obj)["metadata"] == {"name": "a"}


def test_the_state_gives_back_what_was_written_into_it() -> None:
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}}
    live = {**inputs, "metadata": {"uid": "u"}}
    state = checkpoint.write(inputs, live, {"data": {"a": Secret("1")}}, "v1", "manager")
    assert state["data"] == {"a": Secret("1")}
    assert checkpoint.parse(state) == (inputs, live, "v1", "manager")


def test_a_definitions_schema_keywords_are_spelled_for_the_sdk_in_the_state() -> None:
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {"versions": [{"schema": {"x-kubernetes-preserve-unknown-fields": True}}]},
    }
    state = checkpoint.write(crd, crd, {}, "apiextensions.k8s.io/v1", "manager")
    assert state["spec"]["versions"][0]["schema"] == {"x_kubernetes_preserve_unknown_fields": True}
    assert checkpoint.parse(state).live == crd


def named_by(mode: rpc.CheckRequest.AutonamingOptions.Mode.ValueType, proposed: str = "") -> dict[str, Any]:
    options = rpc.CheckRequest.AutonamingOptions(mode=mode, proposed_name=proposed)
    request = rpc.CheckRequest(urn=urn("kubernetes:core/v1:ConfigMap", "settings"), autonaming=options)
    new: dict[str, Any] = {"metadata": {}}
    settle_name(request, {}, new, {"metadata": {}})
    return new


def test_the_engines_naming_policy_is_obeyed() -> None:
    modes = rpc.CheckRequest.AutonamingOptions.Mode
    assert named_by(modes.ENFORCE, "chosen")["metadata"]["name"] == "chosen"
    with pytest.raises(PluginError, match=r"requires the .metadata.name field to be set"):
        named_by(modes.DISABLE)


def test_the_same_seed_gives_the_same_name() -> None:
    names = set()
    for _ in range(2):
        new: dict[str, Any] = {}
        request = rpc.CheckRequest(urn=urn("kubernetes:core/v1:ConfigMap", "settings"), randomSeed=b"seed")
        settle_name(request, {}, new, {})
        names.add(new["metadata"]["name"])
    assert len(names) == 1
