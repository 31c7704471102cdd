"""The guard: nothing is done on a cluster that is not the stack's."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.stack import UNKNOWN_CLUSTER, Cluster, StackSettings
from catalog.stack_file import load_stack_file
from components.cluster import ClusterError, ensure_cluster, kube_system_uid
from local.state import CHECKOUT

UID = "6f1c3c0e-0000-4000-8000-000000000001"
OTHER = "6f1c3c0e-0000-4000-8000-000000000002"


def settings(environment: str, **cluster: Any) -> StackSettings:
    return StackSettings(environment=environment, cluster=Cluster(context="here", **cluster))


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that nobody else can listen on meanwhile, and that refuses every connection."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])


def kubeconfig(folder: Path, server: str) -> str:
    path = folder / "kubeconfig"
    content = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def test_the_named_cluster_passes() -> None:
    ensure_cluster(settings("prod", uid=UID), lambda _: UID)
    ensure_cluster(settings("dev"), lambda _: UID)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_another_cluster_behind_the_same_context_stops_everything(environment: str) -> None:
    with pytest.raises(ClusterError, match=f"leads to the cluster {OTHER}, but api-observability:cluster.uid is {UID}"):
        ensure_cluster(settings(environment, uid=UID), lambda _: OTHER)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_stack_that_names_no_cluster_yet_leads_to_none_and_is_told_how_to(environment: str) -> None:
    with pytest.raises(ClusterError) as caught:
        ensure_cluster(settings(environment, uid=UNKNOWN_CLUSTER), lambda _: UID)
    assert str(caught.value) == (
        f"api-observability:cluster.uid names no cluster yet; context 'here' leads to {UID}: if that is the right "
        f"cluster, run: pulumi config set --path api-observability:cluster.uid {UID}"
    )


def test_the_shipped_production_stack_is_refused_on_every_cluster_with_its_own_command() -> None:
    shipped = load_stack_file(CHECKOUT, "prod")
    command = f"run: pulumi config set --stack prod --path api-observability:cluster.uid {UID}$"
    with pytest.raises(ClusterError, match=command):
        ensure_cluster(shipped, lambda _: UID)


def test_an_unknown_context_is_told_with_those_there_are(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, "https://127.0.0.1:1")
    with pytest.raises(ClusterError, match=r"there is no context 'there' in .* \(contexts there: here\)"):
        kube_system_uid(Cluster(context="there", kubeconfig=file))


def test_several_kubeconfigs_in_the_environment_are_all_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    file = kubeconfig(tmp_path, f"http://127.0.0.1:{silent_port}")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'none'}:{file}")
    with pytest.raises(ClusterError, match="no cluster answers"):
        kube_system_uid(Cluster(context="here"))


def test_a_cluster_that_does_not_answer_is_one_line(tmp_path: Path, silent_port: int) -> None:
    file = kubeconfig(tmp_path, f"https://127.0.0.1:{silent_port}")
    with pytest.raises(ClusterError, match=r"context 'here': no cluster answers \(.*\); start it, or mend") as caught:
        kube_system_uid(Cluster(context="here", kubeconfig=file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["a: [", "clusters: 3", "- 1", "contexts: [{}]"])
def test_a_broken_kubeconfig_is_one_line(tmp_path: Path, content: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ClusterError, match="is not a usable kubeconfig") as caught:
        kube_system_uid(Cluster(context="here", kubeconfig=str(file)))
    assert "\n" not in str(caught.value)
