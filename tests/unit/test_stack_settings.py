"""Pulumi.<stack>.yaml: what it says of an environment, from the file and from the engine alike."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from catalog.config_keys import config_set
from catalog.contradictions import CheckedModel
from catalog.platform import Monitoring
from catalog.problems import CatalogError
from catalog.stack import UNKNOWN_CLUSTER, StackSettings
from catalog.stack_file import environments_in, load_stack_file, settings_from_config
from local.state import CHECKOUT, EMBEDDED_CONTEXT
from tests.unit.settings_workbench import UID, encrypted, everything, from_engine, from_file, minimal, refusal


def write_stack(folder: Path, config: str, stack: str = "dev") -> None:
    (folder / f"Pulumi.{stack}.yaml").write_text(f"config:\n{config}", encoding="utf-8")


def test_the_three_stacks_are_valid_and_name_their_environments() -> None:
    assert environments_in(CHECKOUT) == ("dev", "local", "prod")
    local = load_stack_file(CHECKOUT, "local")
    assert local.cluster.context == EMBEDDED_CONTEXT
    assert not local.platform.monitoring.install
    assert load_stack_file(CHECKOUT, "prod").is_production
    assert not load_stack_file(CHECKOUT, "dev").is_production


def test_the_prometheus_address_follows_the_release(tmp_path: Path) -> None:
    write_stack(tmp_path, "  api-observability:environment: dev\n  api-observability:cluster: {context: c}\n")
    settings = load_stack_file(tmp_path, "dev")
    assert settings.prometheus_address == "http://kube-prometheus-stack-prometheus.monitoring:9090"
    write_stack(
        tmp_path,
        "  api-observability:environment: dev\n  api-observability:cluster: {context: c}\n"
        "  api-observability:platform: {monitoring: {release: a-release-with-a-rather-long-name, namespace: eyes}}\n",
    )
    address = load_stack_file(tmp_path, "dev").prometheus_address
    assert address == "http://a-release-with-a-rather-lo-prometheus.eyes:9090"


def test_the_engine_and_the_file_give_the_same_settings() -> None:
    from_file = load_stack_file(CHECKOUT, "local")
    config = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text(encoding="utf-8"))["config"]
    as_text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    assert settings_from_config({**as_text, "kubernetes:namespace": "somebody-else's"}, "local") == from_file


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("config: 3", "Pulumi.dev.yaml: config: 3 is not a mapping"),
        ("config: []", "Pulumi.dev.yaml: config: [] is not a mapping"),
        ("1: 2", "Pulumi.dev.yaml: the file: the key 1 is not text"),
        ("config: {api-observabilty:environment: dev}", "unknown namespace 'api-observabilty' — did you mean"),
        (
            "config: {api-observability:prometheus: {address: {secure: v1:xyz}}}",
            "config.api-observability:prometheus.address: is a secret, and this setting would show it",
        ),
        ("config: {api-observability:environment: ''}", "config.api-observability:environment: '' is not a name in"),
        ("config: {api-observability:cluster: {context: ''}}", "cluster.context: '' is not text"),
        ("config: {api-observability:platform: {monitoring: {install: 'no'}}}", "'no' is not true or false"),
        ("config: {api-observability:prometheus: {retention: 0d}}", "'0d' is not a time to keep samples (such as 30d)"),
        ("config: {api-observability:services_file: x}", "unknown key — did you mean 'servicesFile'?"),
        (
            "config: {api-observability:alerting: []}",
            "alerting: [secret] is not a mapping of keys",
        ),
        (
            "config: {api-observability:grafana: {url: grafana}}",
            "grafana.url: 'grafana' is not an http or https address",
        ),
        ("config: {api-observability:grafana: {url: 'http://a:b@c'}}", "grafana.url: holds a user name or a password"),
        (
            "config: {api-observability:grafana: {adminSecret: A}}",
            "grafana.adminSecret: 'A' is not the name of a Kuberne",
        ),
        ("config: {api-observability:grafana: {persistence: {}}}", "grafana.persistence.size: is missing"),
        (
            "config: {api-observability:grafana: {persistence: {size: 10}}}",
            "size: 10 has no unit, and could be bytes or",
        ),
    ],
)
def test_a_wrong_value_in_a_stack_file_is_one_line_at_its_place(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(line, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load_stack_file(tmp_path, "dev")
    assert any(told in found for found in str(caught.value).splitlines())


@pytest.mark.parametrize("value", ["[abc", "{", "true"])
def test_what_only_looks_like_json_is_text_to_the_engine(value: str) -> None:
    config = {"api-observability:environment": "dev", "api-observability:namespace": value}
    with pytest.raises(CatalogError, match=r"config\.api-observability:namespace: .* is not a name in Kubernetes"):
        settings_from_config(config, "dev")


def test_a_secret_in_a_setting_that_is_none_is_refused() -> None:
    key = "api-observability:namespace"
    with pytest.raises(CatalogError, match=f"{key}: is a secret, and this setting would show it"):
        settings_from_config({key: "apis"}, "dev", [key])


@pytest.mark.parametrize(
    ("release", "install", "service"),
    [
        ("kube-prometheus-stack", True, "kube-prometheus-stack-prometheus"),
        ("kube-prometheus-stack", False, "kube-prometheus-stack-prometheus"),
        ("eyes", True, "eyes-prometheus"),
        ("eyes", False, "eyes-kube-prometheus-stack-prometheus"),
        ("monitoring", False, "monitoring-kube-prometheus-prometheus"),
    ],
)
def test_prometheus_is_found_under_the_name_the_chart_gives_it(release: str, install: bool, service: str) -> None:
    settings = {"release": release, "install": install}
    assert Monitoring.model_validate(settings).prometheus_service == service


def test_all_faults_of_a_stack_file_are_told_at_once(tmp_path: Path) -> None:
    write_stack(
        tmp_path,
        "  api-observability:enviroment: dev\n  api-observability:cluster: {contxt: c}\n"
        "  api-observability:prometheus: {retention: long}\n",
    )
    with pytest.raises(CatalogError) as caught:
        load_stack_file(tmp_path, "dev")
    told = str(caught.value)
    assert "Pulumi.dev.yaml: config.api-observability:environment: is missing" in told
    assert "config.api-observability:cluster.contxt: unknown key — did you mean 'context'?" in told
    assert "config.api-observability:enviroment: unknown key — did you mean 'environment'?" in told
    assert "config.api-observability:prometheus.retention: 'long'" in told


def test_an_unknown_stack_is_told_with_those_there_are() -> None:
    with pytest.raises(CatalogError, match=r"there is no stack 'stage' \(stacks with a file here: dev, local, prod\)"):
        load_stack_file(CHECKOUT, "stage")


def test_everything_can_be_said_in_a_file_and_to_the_engine(tmp_path: Path) -> None:
    by_engine = from_engine(everything(), ("alerting", "prometheus"), "prod")
    in_file = from_file(tmp_path, encrypted(everything()), "prod")
    assert by_engine.model_fields_set == in_file.model_fields_set == set(StackSettings.model_fields)
    assert {key: value for key, value in by_engine if key not in ("alerting", "prometheus")} == {
        key: value for key, value in in_file if key not in ("alerting", "prometheus")
    }
    assert (by_engine.stack, in_file.stack) == ("prod", "prod")
    assert str(by_engine.grafana.persistence and by_engine.grafana.persistence.size) == "10Gi"


def test_production_must_name_its_cluster_and_is_told_how_to_ask_and_how_to_set_it() -> None:
    for environment in ("prod", "production"):
        assert refusal(minimal(environment=environment), stack="live") == [
            "Pulumi.live.yaml: config.api-observability:cluster.uid: is missing, and production must name its cluster; "
            "ask: kubectl --context 'dev' get namespace kube-system -o jsonpath='{.metadata.uid}'; "
            "set: pulumi config set --stack live --path api-observability:cluster.uid UID"
        ]
        assert from_engine(minimal(environment=environment, cluster={"context": "c", "uid": UID})).cluster.uid == UID
    assert from_engine(minimal()).cluster.uid is None
    with pytest.raises(ValidationError, match="production must name its cluster"):
        StackSettings.model_validate(minimal(environment="prod"))


def test_the_missing_cluster_of_production_is_told_together_with_the_faults_of_other_keys() -> None:
    told = refusal(minimal(environment="prod", namespace="kube-system", prometheus={"retention": "long"}))
    assert [line.split(": ")[1].removeprefix("config.api-observability:") for line in told] == [
        "cluster.uid",
        "namespace",
        "prometheus.retention",
    ]


@pytest.mark.parametrize("uid", ["", "prod", UID.upper(), UID[:-1], f"{UID}0", 3])
def test_a_uid_has_the_form_of_one(uid: object) -> None:
    (told,) = refusal(minimal(cluster={"context": "c", "uid": uid}))
    assert f"cluster.uid: {uid!r} is not the UID of a namespace (such as 6f0c1fd2-" in told


def test_the_shipped_production_stack_loads_with_a_uid_that_no_cluster_has() -> None:
    assert load_stack_file(CHECKOUT, "prod").cluster.uid == UNKNOWN_CLUSTER == "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("namespace", ["kube-system", "kube-public", "kube-apis"])
def test_services_stay_out_of_kubernetes_own_namespaces(namespace: str) -> None:
    (told,) = refusal(minimal(namespace=namespace))
    assert f"namespace: '{namespace}' is Kubernetes' own, as all of kube-*; choose another one, such as apis" in told


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"namespace": "monitoring"}, "monitoring"),
        ({"namespace": "argo-rollouts"}, "argoRollouts"),
        ({"namespace": "eyes", "platform": {"monitoring": {"namespace": "eyes", "install": False}}}, "monitoring"),
        ({"platform": {"argoRollouts": {"namespace": "apis"}}}, "argoRollouts"),
    ],
)
def test_services_stay_out_of_the_namespaces_of_the_platform(settings: dict[str, Any], part: str) -> None:
    (told,) = refusal(minimal(**settings))
    assert f"is where platform.{part} runs, and the services' rules would hold for that too; choose another one" in told
    assert "config.api-observability:namespace: " in told


def test_the_parts_of_the_platform_may_share_a_namespace_and_leave_their_default_ones_to_the_services() -> None:
    platform = {"monitoring": {"namespace": "platform"}, "argoRollouts": {"namespace": "platform"}}
    assert from_engine(minimal(platform=platform, namespace="monitoring")).namespace == "monitoring"


def test_the_namespace_default_is_allowed_with_a_warning() -> None:
    ((path, message),) = from_engine(minimal(namespace="default")).warnings
    assert path == "namespace"
    assert message.startswith("'default' is shared with all that names no namespace")
    assert from_engine(minimal()).warnings == []


@pytest.mark.parametrize(
    ("path", "stack", "options", "command"),
    [
        ("a.b", "dev", {"value": "c"}, "pulumi config set --stack dev --path api-observability:a.b c"),
        ("a", "", {"secret": True}, "pulumi config set --path --secret api-observability:a"),
        ("a[0].b", "dev", {}, "pulumi config set --stack dev --path 'api-observability:a[0].b'"),
    ],
)
def test_commands_can_be_copied_into_a_shell(path: str, stack: str, options: dict[str, Any], command: str) -> None:
    assert config_set(path, stack, **options) == command


def test_a_model_that_never_says_what_contradicts_is_a_mistake_of_ours() -> None:
    with pytest.raises(NotImplementedError):
        CheckedModel()


def test_the_settings_can_be_described_as_a_json_schema() -> None:
    definitions = StackSettings.model_json_schema(by_alias=True)["$defs"]
    webhook = definitions["Slack"]["properties"]["webhook"]
    assert webhook["description"] == "a secret of the stack's config, or {secret: …, key: …}: an http or https address"
    types = {}
    for model in ("RemoteWrite", "Access"):
        (values,) = definitions[model]["properties"]["headers"]["patternProperties"].values()
        types[model] = values["type"]
    assert types == {"RemoteWrite": "string", "Access": ["string", "object"]}


def test_a_key_without_a_namespace_is_the_projects_own_as_it_is_to_the_engine(tmp_path: Path) -> None:
    settings = {"environment": "dev", "cluster": {"context": "dev"}, "namespace": "mine"}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": settings}), encoding="utf-8")
    assert load_stack_file(tmp_path, "dev").namespace == "mine"
    assert environments_in(tmp_path) == ("dev",)
