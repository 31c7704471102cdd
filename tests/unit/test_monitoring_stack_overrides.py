"""The user's own chart values win, and are told of where they take away what the program relies on."""

from typing import Any

import pytest

from components.monitoring_reliance import RELIED_ON, taken_away
from components.overridden_values import Reliance, undone
from tests.unit.golden import monitoring_as_registered
from tests.unit.monitoring_workbench import registered, values

PREFIX = "Pulumi.dev.yaml: config.api-observability:platform.monitoring.values."


def with_values(own: dict[str, Any]) -> dict[str, Any]:
    return {"platform": {"monitoring": {"values": own}}}


@pytest.fixture
def ours() -> dict[str, Any]:
    """The values of a stack that says nothing of its own."""
    return values(preview=True)


def faults(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    return [path for path, _ in taken_away(ours, theirs)]


def test_the_users_values_come_last_and_leave_the_rest(preview: bool) -> None:
    own = {"prometheus": {"prometheusSpec": {"scrapeInterval": "15s", "walCompression": False}}}
    spec = values(preview, **with_values(own))["prometheus"]["prometheusSpec"]
    assert (spec["scrapeInterval"], spec["walCompression"]) == ("15s", False)
    assert spec["retention"] == "30d"


def test_a_null_takes_away_what_the_program_says(preview: bool) -> None:
    spec = values(preview, **with_values({"prometheus": {"prometheusSpec": {"resources": None}}}))["prometheus"]
    assert "resources" not in spec["prometheusSpec"]


def test_what_undoes_something_is_warned_of_at_its_place(preview: bool, caplog: pytest.LogCaptureFixture) -> None:
    registered(preview, **with_values({"fullnameOverride": "mine"}))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(f"{PREFIX}fullnameOverride: analyses ask for Prometheus at an address")


def test_values_that_undo_nothing_are_not_warned_of(preview: bool, caplog: pytest.LogCaptureFixture) -> None:
    own = {
        "commonLabels": {"team": "platform"},
        "prometheus": {"prometheusSpec": {"resources": {"limits": {"memory": "8Gi"}}}},
        "grafana": {"ingress": {"enabled": True}, "sidecar": {"datasources": {"label": "mine"}}},
    }
    registered(preview, **with_values(own))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("theirs", "path"),
    [
        ({"prometheus": {"enabled": False}}, "prometheus.enabled"),
        ({"prometheus": {"agentMode": True}}, "prometheus.agentMode"),
        ({"grafana": {"enabled": False}}, "grafana.enabled"),
        ({"crds": {"enabled": False}}, "crds.enabled"),
        ({"namespaceOverride": "other"}, "namespaceOverride"),
        ({"prometheus": {"service": {"port": 80}}}, "prometheus.service.port"),
        ({"prometheus": {"serviceAccount": {"name": "x"}}}, "prometheus.serviceAccount.name"),
        ({"prometheus": {"serviceAccount": None}}, "prometheus.serviceAccount.name"),
        (
            {"prometheus": {"prometheusSpec": {"ruleSelectorNilUsesHelmValues": None}}},
            "prometheus.prometheusSpec.ruleSelectorNilUsesHelmValues",
        ),
        (
            {"prometheus": {"prometheusSpec": {"serviceMonitorSelector": {"matchLabels": {"a": "b"}}}}},
            "prometheus.prometheusSpec.serviceMonitorSelector",
        ),
        ({"prometheus": {"prometheusSpec": {"retention": "90d"}}}, "prometheus.prometheusSpec.retention"),
        ({"prometheus": {"prometheusSpec": {"overrideHonorLabels": True}}}, "prometheus.prometheusSpec.overrideHonor"),
        ({"prometheus": {"prometheusSpec": {"shards": 2}}}, "prometheus.prometheusSpec.shards"),
        (
            {"alertmanager": {"alertmanagerSpec": {"alertmanagerConfigMatcherStrategy": {"type": "OnNamespace"}}}},
            "alertmanager.alertmanagerSpec.alertmanagerConfigMatcherStrategy",
        ),
        ({"grafana": {"sidecar": {"dashboards": {"label": "mine"}}}}, "grafana.sidecar.dashboards.label"),
        ({"grafana": {"adminPassword": "pw"}}, "grafana.adminPassword"),
        (
            {"kube-state-metrics": {"customResourceState": {"config": {"spec": {"resources": []}}}}},
            "kube-state-metrics.customResourceState",
        ),
        ({"kube-state-metrics": {"rbac": {"extraRules": []}}}, "kube-state-metrics.rbac.extraRules"),
        ({"kubeEtcd": {"enabled": True}}, "kubeEtcd.enabled"),
        *(
            ({"prometheusOperator": {key: ["a"]}}, f"prometheusOperator.{key}")
            for key in (
                *("denyNamespaces", "prometheusInstanceNamespaces"),
                *("alertmanagerInstanceNamespaces", "alertmanagerConfigNamespaces"),
            )
        ),
        ({"prometheusOperator": {"namespaces": {"releaseNamespace": True}}}, "prometheusOperator.namespaces"),
        ({"kube-state-metrics": {"namespaces": "a,b"}}, "kube-state-metrics.namespaces"),
        ({"kube-state-metrics": {"namespacesDenylist": "a"}}, "kube-state-metrics.namespacesDenylist"),
        ({"kube-state-metrics": {"releaseNamespace": True}}, "kube-state-metrics.releaseNamespace"),
        ({"kube-state-metrics": {"rbac": {"create": False}}}, "kube-state-metrics.rbac.create"),
        ({"kube-state-metrics": {"rbac": {"create": None}}}, "kube-state-metrics.rbac.create"),
        ({"kube-state-metrics": {"rbac": {"useClusterRole": False}}}, "kube-state-metrics.rbac.useClusterRole"),
        *(
            (
                {"prometheus": {"prometheusSpec": {f"enforced{what}Limit": 9}}},
                f"prometheus.prometheusSpec.enforced{what}",
            )
            for what in ("Sample", "Target", "Label")
        ),
    ],
)
def test_everything_that_is_relied_on_is_watched(ours: dict[str, Any], theirs: dict[str, Any], path: str) -> None:
    (found,) = faults(ours, theirs)
    assert found.startswith(path)


def test_more_of_a_list_or_a_mapping_is_no_fault_as_long_as_ours_is_in_it(ours: dict[str, Any]) -> None:
    rules = ours["kube-state-metrics"]["rbac"]["extraRules"]
    theirs = {
        "kube-state-metrics": {"rbac": {"extraRules": [*rules, {"apiGroups": ["x"]}]}},
        "prometheus": {"prometheusSpec": {"externalLabels": {"region": "eu"}}},
    }
    assert faults(ours, theirs) == []


def test_what_the_chart_says_anyway_may_be_said_again(ours: dict[str, Any]) -> None:
    theirs = {
        "kube-state-metrics": {
            "rbac": {"create": True, "useClusterRole": True},
            "namespaces": "",
            "releaseNamespace": False,
        },
        "prometheusOperator": {"namespaces": {}, "denyNamespaces": [], "alertmanagerConfigNamespaces": []},
        "prometheus": {"prometheusSpec": {"enforcedSampleLimit": False}},
    }
    assert faults(ours, theirs) == []


def test_a_setting_of_its_own_is_named(ours: dict[str, Any]) -> None:
    ((_, told),) = taken_away(ours, {"prometheus": {"prometheusSpec": {"retention": "90d"}}})
    assert told == "has a setting of its own, which other parts read too; set prometheus.retention instead"


def test_no_password_of_the_users_is_in_a_warning(ours: dict[str, Any]) -> None:
    assert "pw" not in str(taken_away(ours, {"grafana": {"adminPassword": "pw"}}))


def test_what_the_chart_leaves_empty_may_be_said_to_be_empty() -> None:
    relied = [Reliance("a selector", "lost")]
    assert undone(relied, {"a": {}}, {"a": {"selector": {}}}) == []
    assert undone(relied, {}, {"a": {"selector": {"b": "c"}}}) == [("a.selector", "lost")]


def test_every_relied_value_is_in_the_release_or_left_to_the_chart_on_purpose() -> None:
    """A path that is spelled wrong would be watched in vain: it stands in the golden file, or among these."""
    left_alone = {reliance.keys.split()[-1] for reliance in RELIED_ON if not _said(reliance)}
    selectors = {f"{kind}Selector" for kind in ("serviceMonitor", "podMonitor", "probe", "rule", "scrapeConfig")}
    assert left_alone == {
        *selectors,
        *(name.replace("Selector", "NamespaceSelector") for name in selectors),
        *("agentMode", "namespaceOverride", "port", "routePrefix", "overrideHonorLabels", "enforcedNamespaceLabel"),
        *("ignoreNamespaceSelectors", "alertmanagerConfiguration", "useExistingSecret", "adminPassword"),
        *("namespaces", "denyNamespaces", "namespacesDenylist", "releaseNamespace", "create", "useClusterRole"),
        *("prometheusInstanceNamespaces", "alertmanagerInstanceNamespaces", "alertmanagerConfigNamespaces"),
        *("enforcedSampleLimit", "enforcedTargetLimit", "enforcedLabelLimit", "shards"),
    }


def _said(reliance: Reliance) -> bool:
    lines = {line.strip().partition(":")[0] for line in monitoring_as_registered("everything").splitlines()}
    return set(reliance.path) <= lines
