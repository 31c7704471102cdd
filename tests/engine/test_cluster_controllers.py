"""The controllers of the embedded cluster do their real work."""

import base64
import gzip
import secrets
from collections.abc import Iterator

import pytest
from lightkube import Client
from lightkube.generic_resource import GenericNamespacedResource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.core_v1 import Namespace, Node, Pod, Secret

from local import cluster
from local.cluster.api import ask
from local.state import State
from local.waiting import wait_until
from tests.embedded import recorded
from tests.engine.cluster_view import Rollout, ServiceMonitor


@pytest.fixture(scope="module")
def client(embedded_cluster: State) -> Iterator[Client]:
    with cluster.client(embedded_cluster) as client:
        yield client


@pytest.fixture
def space(client: Client) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"controllers-{secrets.token_hex(4)}"
    client.create(Namespace(metadata=ObjectMeta(name=name)))
    yield name
    client.delete(Namespace, name)


def rollout(space: str, image: str) -> GenericNamespacedResource:
    labels = {"app": "small"}
    return Rollout(
        metadata=ObjectMeta(name="small", namespace=space),
        spec={
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
        },
    )


def test_nodes_have_room_and_no_taint(client: Client) -> None:
    nodes = list(client.list(Node))
    assert len(nodes) == 2
    for node in nodes:
        assert node.spec and not node.spec.taints
        assert node.status and node.status.allocatable
        assert {key: node.status.allocatable[key] for key in ("cpu", "pods")} == {"cpu": "32", "pods": "1k"}


def test_definitions_of_argo_rollouts_and_the_operator_are_there(client: Client) -> None:
    groups = [crd.spec.group for crd in client.list(CustomResourceDefinition)]
    assert groups.count("argoproj.io") == 5
    assert groups.count("monitoring.coreos.com") == 10


def test_a_rollout_becomes_healthy_and_a_new_image_starts_a_canary(
    embedded_cluster: State, client: Client, space: str
) -> None:
    def is_in(phase: str) -> bool:
        found = dict(client.get(Rollout, "small", namespace=space))
        status, generation = found.get("status", {}), str(found["metadata"]["generation"])
        return (status.get("phase"), status.get("observedGeneration")) == (phase, generation)

    client.create(rollout(space, "example/app:1"))
    wait_until(lambda: is_in("Healthy"), 60, "the Rollout to be Healthy")
    client.apply(rollout(space, "example/app:2"), field_manager="tests", force=True)
    wait_until(lambda: is_in("Paused"), 60, "the canary to pause")
    images = [pod.spec.containers[0].image for pod in client.list(Pod, namespace=space) if pod.spec]
    assert set(images) == {"example/app:1", "example/app:2"}

    # The controller writes the phase first, and the condition that its metric reads the next time it looks.
    exposed = f"{recorded(embedded_cluster).url('rollouts-controller-metrics')}/metrics"
    paused = f'rollout_info{{name="small",namespace="{space}",phase="Paused"'
    wait_until(lambda: paused in ask(exposed).body.decode(), 60, "the metrics to tell of the pause")


def test_a_deleted_rollout_takes_its_pods_with_it(client: Client, space: str) -> None:
    client.create(rollout(space, "example/app:1"))
    wait_until(lambda: len(list(client.list(Pod, namespace=space))) == 2, 60, "the pods to come")
    client.delete(Rollout, "small", namespace=space)
    wait_until(lambda: not list(client.list(Pod, namespace=space)), 60, "the pods to go")


def test_the_operator_generates_the_scrape_configuration_of_a_service_monitor(client: Client, space: str) -> None:
    def configuration() -> str:
        secret = client.get(Secret, "prometheus-kube-prometheus-stack-prometheus", namespace="monitoring")
        return gzip.decompress(base64.b64decode((secret.data or {})["prometheus.yaml.gz"])).decode()

    client.create(
        ServiceMonitor(
            metadata=ObjectMeta(name="watched", namespace=space, labels={"release": "kube-prometheus-stack"}),
            spec={"selector": {"matchLabels": {"app": "small"}}, "endpoints": [{"port": "http", "interval": "15s"}]},
        )
    )
    job = f"serviceMonitor/{space}/watched/0"
    wait_until(lambda: job in configuration(), 60, "the operator to write the scrape configuration")
    assert "kube-prometheus-stack-alertmanager" in configuration()
