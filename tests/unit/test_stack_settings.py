"""Pulumi.<stack>.yaml: what it says of an environment, from the file and from the engine alike."""

import json
from pathlib import Path

import pytest
import yaml

from catalog.problems import CatalogError
from catalog.stack import Monitoring
from catalog.stack_file import environments_in, load_stack_file, settings_from_config
from local.state import CHECKOUT, EMBEDDED_CONTEXT


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
            "config.api-observability:prometheus: is a secret, and this setting would show it",
        ),
        ("config: {api-observability:environment: ''}", "config.api-observability:environment: '' is not a name in"),
        ("config: {api-observability:cluster: {context: ''}}", "cluster.context: '' is not text"),
        ("config: {api-observability:platform: {monitoring: {install: 'no'}}}", "'no' is not true or false"),
        ("config: {api-observability:prometheus: {retention: 0d}}", "'0d' is not a time to keep samples (such as 30d)"),
        ("config: {api-observability:services_file: x}", "unknown key — did you mean 'servicesFile'?"),
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
