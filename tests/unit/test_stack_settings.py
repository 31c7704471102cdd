"""Pulumi.<stack>.yaml: what it says of an environment, from the file and from the engine alike."""

import json
from pathlib import Path

import pytest

from catalog.problems import CatalogError
from catalog.stack import environments_in, load_stack_file, settings_from_config
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
    from_engine = settings_from_config(
        {
            "api-observability:environment": "local",
            "api-observability:cluster": json.dumps({"context": EMBEDDED_CONTEXT}),
            "api-observability:platform": json.dumps(
                {"monitoring": {"install": False}, "argoRollouts": {"install": False}}
            ),
            "kubernetes:namespace": "somebody-else's",
        },
        "local",
    )
    assert from_engine == from_file


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
