"""What the embedded cluster brings along is the platform's, and nothing of the services."""

from pathlib import Path

import pytest
import yaml

from local.cluster.bootstrap import OBJECTS, read_definitions
from local.errors import LocalError
from local.state import CHECKOUT
from observability.notifications import CONFIG_MAP, SECRET

DEFINITION = (
    "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: {}\nspec: =\n"
)

MANIFESTS = [manifest for path in sorted(OBJECTS.glob("*.yaml")) for manifest in yaml.safe_load_all(path.read_text())]


def named(kind: str) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in MANIFESTS if manifest["kind"] == kind]


def test_only_the_platforms_namespaces_hold_objects() -> None:
    assert named("Namespace") == ["argo-rollouts", "monitoring"]
    assert len(named("Node")) == 2
    assert {
        manifest["metadata"].get("namespace") for manifest in MANIFESTS if manifest["kind"] not in ("Namespace", "Node")
    } == {"argo-rollouts", "monitoring"}


def test_nothing_is_named_after_a_service() -> None:
    services = yaml.safe_load((CHECKOUT / "services.yaml").read_text())["services"]
    text = "".join(path.read_text() for path in OBJECTS.glob("*.yaml"))
    assert [name for name in services if name in text] == []


def test_the_rollouts_controller_finds_its_configuration() -> None:
    assert named("ConfigMap") == ["argo-rollouts-config"]


def test_the_configuration_of_the_controllers_messages_is_left_to_the_stack() -> None:
    assert not {CONFIG_MAP, SECRET} & {*named("ConfigMap"), *named("Secret")}


def test_prometheus_selects_what_carries_the_release_label_in_every_namespace() -> None:
    (prometheus,) = [manifest for manifest in MANIFESTS if manifest["kind"] == "Prometheus"]
    spec = prometheus["spec"]
    for what in ("serviceMonitor", "rule"):
        assert spec[f"{what}Selector"] == {"matchLabels": {"release": "kube-prometheus-stack"}}
        assert spec[f"{what}NamespaceSelector"] == {}
    assert spec["serviceAccountName"] in named("ServiceAccount")


def test_definitions_are_read_without_parsing_them(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(DEFINITION.format("rollouts.argoproj.io"))
    (tmp_path / "a.yaml").write_text(DEFINITION.format("probes.monitoring.coreos.com"))
    found = read_definitions([tmp_path])
    assert [each.name for each in found] == ["probes.monitoring.coreos.com", "rollouts.argoproj.io"]
    assert found[0].digest != found[1].digest
    assert found[1].manifest == (tmp_path / "b.yaml").read_bytes()


@pytest.mark.parametrize(
    "content", ["", "kind: CustomResourceDefinition\n", "\nkind: ConfigMap\nmetadata:\n  name: a.b\n"]
)
def test_a_file_that_is_no_definition_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "odd.yaml").write_text(content)
    with pytest.raises(LocalError, match=r"odd\.yaml is not a CustomResourceDefinition"):
        read_definitions([tmp_path])
