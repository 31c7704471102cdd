"""Whether a real cluster has what a stack takes over from it."""

from pathlib import Path

import lightkube
import pytest
import yaml
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.authentication_v1 import TokenRequestSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ServiceAccount, ServiceAccountToken

from catalog.stack import Cluster, StackSettings
from catalog.stack_file import load_stack_file
from components.adopted import Definition, ensure_adopted, served_by
from components.cluster import ClusterError, connect
from components.cluster_reader import UnknownError, answering
from local.state import CHECKOUT, State

SERVICE_MONITOR = Definition("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors")


def on_cluster(kubeconfig: Path) -> StackSettings:
    """The embedded stack, which installs nothing, through that kubeconfig."""
    settings = load_stack_file(CHECKOUT, "local")
    cluster = Cluster(context=settings.cluster.context, kubeconfig=str(kubeconfig))
    return settings.model_copy(update={"cluster": cluster})


def test_the_embedded_cluster_can_be_adopted(embedded_cluster: State) -> None:
    assert ensure_adopted(on_cluster(embedded_cluster.kubeconfig)) == []


def named(settings: StackSettings, **names: str) -> StackSettings:
    """The stack with other names of what it adopts."""
    monitoring = settings.platform.monitoring.model_copy(update=names)
    return settings.model_copy(update={"platform": settings.platform.model_copy(update={"monitoring": monitoring})})


def test_names_that_lead_nowhere_are_told_before_anything_is_promised(embedded_cluster: State) -> None:
    settings = on_cluster(embedded_cluster.kubeconfig)
    told = [str(problem) for problem in ensure_adopted(named(settings, release="mine"))]
    name = "'mine-kube-prometheus-stack-prometheus' in namespace 'monitoring'"
    service, account = told
    assert f"there is no Service {name}" in service
    assert f"there is no ServiceAccount {name}" in account
    with pytest.raises(ClusterError, match="the cluster has no namespace 'nowhere'"):
        ensure_adopted(named(settings, namespace="nowhere"))


@pytest.mark.parametrize(
    "unknown",
    [
        Definition("nobody.example.com", "v1", "Thing", "things"),
        Definition("monitoring.coreos.com", "v99", "ServiceMonitor", "servicemonitors"),
        Definition("monitoring.coreos.com", "v1", "Thing", "things"),
    ],
    ids=["group", "version", "kind"],
)
def test_what_nobody_has_defined_is_told_from_what_is_there(embedded_cluster: State, unknown: Definition) -> None:
    serves = served_by(on_cluster(embedded_cluster.kubeconfig))
    assert serves(SERVICE_MONITOR)
    assert not serves(unknown)


def test_who_may_list_nothing_is_not_held_up(
    embedded_cluster: State, client: lightkube.Client, space: str, tmp_path: Path
) -> None:
    client.create(ServiceAccount(metadata=ObjectMeta(name="nobody", namespace=space)))
    request = ServiceAccountToken(metadata=ObjectMeta(), spec=TokenRequestSpec(audiences=[]))
    token = client.create(request, "nobody", namespace=space).status
    assert token
    kubeconfig = yaml.safe_load(embedded_cluster.kubeconfig.read_text(encoding="utf-8"))
    kubeconfig["users"][0]["user"] = {"token": token.token}
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    settings = on_cluster(tmp_path / "kubeconfig")
    assert served_by(settings)(SERVICE_MONITOR)
    assert ensure_adopted(named(settings, namespace="nowhere")) == []


def test_a_cluster_without_any_definition_of_argo_has_no_rollouts(embedded_cluster: State) -> None:
    # What the API server says of a group that nobody has defined is no JSON, and no ApiError to its client.
    settings = on_cluster(embedded_cluster.kubeconfig)
    things = create_namespaced_resource("nobody.example.com", "v1", "Thing", "things")
    with pytest.raises(UnknownError), answering(settings):
        list(connect(settings.cluster).list(things, namespace=settings.namespace))
