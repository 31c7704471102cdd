"""What may be done with the permissions that this program grants, as the real API server answers it."""

import secrets
from collections.abc import Iterator

import lightkube
import pytest
from lightkube import codecs
from lightkube.resources.rbac_authorization_v1 import ClusterRole, ClusterRoleBinding

from catalog.platform import ArgoRollouts, Monitoring
from cli.recording import record
from components.argo_rollouts_monitoring import ArgoRolloutsMonitoring, ArgoRolloutsMonitoringArgs
from local.waiting import wait_until
from observability.rollout_state import RBAC_RULES
from tests.engine import kube_state_metrics
from tests.engine import plugin_harness as harness
from tests.engine.permissions import Asked, may

ARGO, DEFINITIONS = "argoproj.io", "apiextensions.k8s.io"
ARGO_KINDS = ["rollouts", "analysisruns", "analysistemplates", "clusteranalysistemplates", "experiments"]
READ, WRITE = ["get", "list", "watch"], ["create", "update", "patch", "delete", "deletecollection"]


OTHERS = [
    *(Asked(verb, "", resource) for verb in READ for resource in ("secrets", "configmaps", "pods")),
    Asked("create", "", "serviceaccounts/token"),
    Asked("create", "", "pods/exec"),
    Asked("get", "apps", "deployments"),
    Asked("patch", "apps", "deployments"),
    Asked("list", "monitoring.coreos.com", "prometheusrules"),
    Asked("create", "rbac.authorization.k8s.io", "clusterrolebindings"),
    Asked("escalate", "rbac.authorization.k8s.io", "clusterroles"),
    Asked("impersonate", "", "users"),
]
"""What neither has any business with."""


@pytest.fixture(scope="module")
def prometheus(client: lightkube.Client) -> Iterator[str]:
    """An account with the role and the binding that Prometheus gets, under a name of its own."""
    monitoring = Monitoring.model_validate({"release": f"p-{secrets.token_hex(4)}"})
    args = ArgoRolloutsMonitoringArgs(ArgoRollouts(), monitoring)
    _, recording = record(lambda: ArgoRolloutsMonitoring("argo-rollouts", args), stack="dev")
    role, binding = (recording.of(kind)[0].inputs for kind in ("ClusterRole", "ClusterRoleBinding"))
    for manifest in (role, binding):
        client.create(codecs.from_dict(manifest))
    (subject,) = binding["subjects"]
    account = f"system:serviceaccount:{subject['namespace']}:{subject['name']}"
    wait_until_known(client, account)
    yield account
    client.delete(ClusterRoleBinding, binding["metadata"]["name"])
    client.delete(ClusterRole, role["metadata"]["name"])


@pytest.fixture(scope="module")
def watcher(client: lightkube.Client) -> Iterator[str]:
    """An account with the rules that kube-state-metrics gets on top of those of its chart."""
    with harness.a_namespace(client) as space, kube_state_metrics.permitted(client, space, RBAC_RULES) as account:
        yield account


def wait_until_known(client: lightkube.Client, account: str) -> None:
    """The API server answers by what it has been told of roles and bindings, which is a moment old."""
    wait_until(lambda: may(client, account, Asked("list", ARGO, "rollouts")), 60, f"the permissions of {account}")


@pytest.mark.parametrize("kind", ARGO_KINDS)
def test_prometheus_may_read_what_argo_rollouts_has_and_change_nothing_of_it(
    client: lightkube.Client, prometheus: str, kind: str
) -> None:
    assert [verb for verb in READ if may(client, prometheus, Asked(verb, ARGO, kind))] == READ
    assert [verb for verb in WRITE if may(client, prometheus, Asked(verb, ARGO, kind))] == []
    assert not may(client, prometheus, Asked("patch", ARGO, f"{kind}/status"))


@pytest.mark.parametrize("asked", OTHERS, ids=str)
def test_prometheus_may_do_nothing_else(client: lightkube.Client, prometheus: str, asked: Asked) -> None:
    assert not may(client, prometheus, asked)


def test_kube_state_metrics_may_follow_rollouts_and_definitions(client: lightkube.Client, watcher: str) -> None:
    for group, resource in ((ARGO, "rollouts"), (DEFINITIONS, "customresourcedefinitions")):
        assert may(client, watcher, Asked("list", group, resource))
        assert may(client, watcher, Asked("watch", group, resource))
        assert not may(client, watcher, Asked("get", group, resource))
        assert [verb for verb in WRITE if may(client, watcher, Asked(verb, group, resource))] == []


@pytest.mark.parametrize("asked", [*OTHERS, *(Asked("list", ARGO, kind) for kind in ARGO_KINDS[1:])], ids=str)
def test_kube_state_metrics_may_do_nothing_else_by_these_rules(
    client: lightkube.Client, watcher: str, asked: Asked
) -> None:
    assert not may(client, watcher, asked)


def test_who_is_granted_nothing_may_not_even_read(client: lightkube.Client, prometheus: str) -> None:
    assert not may(client, f"{prometheus}-other", Asked("list", ARGO, "rollouts"))
