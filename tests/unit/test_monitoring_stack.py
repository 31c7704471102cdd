"""MonitoringStack: what the settings of a stack make of kube-prometheus-stack."""

from typing import Any

import pytest

from observability.rollout_state import ROLLOUTS_RULE, custom_resource_state
from tests.unit.monitoring_workbench import PRODUCTION, prometheus_spec, registered, release, values

CONTROL_PLANE = ("kubeControllerManager", "kubeEtcd", "kubeProxy", "kubeScheduler")


def test_samples_are_kept_for_a_time_and_up_to_a_size_on_a_volume_that_holds_them(preview: bool) -> None:
    prometheus = {
        "retention": "90d",
        "retentionSize": "80GB",
        "storage": {"size": "100Gi", "storageClass": "fast"},
    }
    spec = prometheus_spec(preview, prometheus=prometheus)
    assert (spec["retention"], spec["retentionSize"]) == ("90d", "80GB")
    assert spec["storageSpec"]["volumeClaimTemplate"]["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "100Gi"}},
        "storageClassName": "fast",
    }


def test_the_clusters_own_storage_class_is_named_by_nobody(preview: bool) -> None:
    found = values(preview)
    for spec in (
        found["prometheus"]["prometheusSpec"]["storageSpec"],
        found["alertmanager"]["alertmanagerSpec"]["storage"],
    ):
        assert "storageClassName" not in spec["volumeClaimTemplate"]["spec"]


def test_prometheus_picks_up_objects_whatever_release_label_they_carry(preview: bool) -> None:
    spec = prometheus_spec(preview)
    nil = {key: value for key, value in spec.items() if key.endswith("NilUsesHelmValues")}
    kinds = ("podMonitor", "probe", "rule", "scrapeConfig", "serviceMonitor")
    assert nil == {f"{kind}SelectorNilUsesHelmValues": False for kind in kinds}


def test_production_keeps_replicas_on_nodes_of_their_own_and_lets_one_go_at_a_time(preview: bool) -> None:
    found = values(preview, **PRODUCTION)
    prometheus, alertmanager = found["prometheus"], found["alertmanager"]
    assert (prometheus["prometheusSpec"]["replicas"], alertmanager["alertmanagerSpec"]["replicas"]) == (2, 3)
    assert prometheus["prometheusSpec"]["podAntiAffinity"] == "hard"
    assert alertmanager["alertmanagerSpec"]["podAntiAffinity"] == "hard"
    assert prometheus["podDisruptionBudget"] == {"enabled": True, "minAvailable": 1}
    assert alertmanager["podDisruptionBudget"] == {"enabled": True, "minAvailable": 2}


def test_a_single_replica_stands_in_the_way_of_no_drained_node(preview: bool) -> None:
    found = values(preview)
    for part, spec in (("prometheus", "prometheusSpec"), ("alertmanager", "alertmanagerSpec")):
        assert found[part][spec]["replicas"] == 1
        assert found[part][spec]["podAntiAffinity"] == "soft"
        assert found[part]["podDisruptionBudget"]["enabled"] is False


@pytest.mark.parametrize(("replicas", "affinity"), [(1, "None"), (2, "ClientIP")])
def test_who_asks_prometheus_keeps_to_one_replica(replicas: int, affinity: str, preview: bool) -> None:
    service = values(preview, prometheus={"replicas": replicas})["prometheus"]["service"]
    assert service == {"sessionAffinity": affinity}


def test_samples_tell_their_cluster_and_environment_unless_the_settings_know_better(preview: bool) -> None:
    assert prometheus_spec(preview)["externalLabels"] == {"cluster": "dev", "environment": "dev"}
    labels = {"cluster": "eu-1", "region": "eu"}
    assert prometheus_spec(preview, prometheus={"externalLabels": labels})["externalLabels"] == {
        "cluster": "eu-1",
        "environment": "dev",
        "region": "eu",
    }


def test_a_context_that_prometheus_or_helm_would_expand_arrives_as_it_is_written(preview: bool) -> None:
    context = "a-$HOME-{{ .Release.Name }}"
    labels = prometheus_spec(preview, cluster={"context": context})["externalLabels"]
    # Helm's `tpl` makes {{ of {{`{{`}}, and Prometheus a $ of $$.
    assert labels["cluster"] == "a-$$HOME-{{`{{`}} .Release.Name }}"


STORES = [
    {"name": "mimir", "url": "https://mimir.example.com/push", "headers": {"X-Scope-OrgID": "a"}, "bearerToken": "pw"},
    {"name": "audit", "url": "https://audit.example.com", "basicAuth": {"username": "me", "password": "pw two"}},
    {"name": "theirs", "url": "https://b.example.com", "bearerToken": {"secret": "stores", "key": "token"}},
    {"name": "open", "url": "https://c.example.com"},
]


def test_stores_are_reached_with_references_to_secrets(preview: bool) -> None:
    mimir, audit, theirs, plain = prometheus_spec(preview, prometheus={"remoteWrite": STORES})["remoteWrite"]
    assert mimir == {
        "name": "mimir",
        "url": "https://mimir.example.com/push",
        "headers": {"X-Scope-OrgID": "a"},
        "authorization": {
            "type": "Bearer",
            "credentials": {"name": "prometheus-remote-write", "key": "mimir-bearer-token"},
        },
    }
    assert audit["basicAuth"] == {
        "username": {"name": "prometheus-remote-write", "key": "audit-username"},
        "password": {"name": "prometheus-remote-write", "key": "audit-password"},
    }
    assert theirs["authorization"]["credentials"] == {"name": "stores", "key": "token"}
    assert plain == {"name": "open", "url": "https://c.example.com"}


def test_the_secret_of_the_stores_is_there_before_prometheus(preview: bool) -> None:
    recording = registered(preview, prometheus={"remoteWrite": STORES})
    secret = recording.one("Secret", "prometheus-remote-write")
    assert secret.inputs["metadata"]["namespace"] == "monitoring"
    assert sorted(secret.inputs["data"]) == ["audit-password", "audit-username", "mimir-bearer-token"]
    assert secret.secret_inputs == ("data",)
    (found,) = recording.of("Release")
    assert secret.urn in found.depends_on
    assert "pw" not in str(found.inputs)


def test_without_stores_nothing_is_said_of_them(preview: bool) -> None:
    assert {"remoteWrite", "remoteWriteDashboards"}.isdisjoint(prometheus_spec(preview))
    assert registered(preview).of("Secret") == []


def test_alertmanager_reads_the_routes_of_every_namespace_and_tells_nobody_of_the_rest(preview: bool) -> None:
    alertmanager = values(preview)["alertmanager"]
    spec = alertmanager["alertmanagerSpec"]
    assert spec["alertmanagerConfigSelector"] == {}
    assert spec["alertmanagerConfigNamespaceSelector"] == {}
    assert spec["alertmanagerConfigMatcherStrategy"] == {"type": "OnNamespaceExceptForAlertmanagerNamespace"}
    receiver = alertmanager["config"]["route"]["receiver"]
    assert alertmanager["config"]["receivers"] == [{"name": receiver}]


def test_grafana_finds_dashboards_in_every_namespace_and_shows_them_in_folders(preview: bool) -> None:
    dashboards = values(preview)["grafana"]["sidecar"]["dashboards"]
    assert (dashboards["label"], dashboards["labelValue"]) == ("grafana_dashboard", "1")
    assert dashboards["searchNamespace"] == "ALL"
    # Both are needed: one makes the sidecar write folders, the other makes Grafana read them.
    assert dashboards["folderAnnotation"] == "grafana_folder"
    assert dashboards["provider"]["foldersFromFilesStructure"] is True


def test_grafana_gets_a_login_that_nobody_knows_or_the_secret_that_is_named(preview: bool) -> None:
    random = values(preview)["grafana"]
    assert random["adminPassword"] == ""
    assert "admin" not in random
    named = values(preview, grafana={"adminSecret": "login"})["grafana"]
    assert named["admin"] == {"existingSecret": "login"}
    assert "adminPassword" not in named


def test_a_volume_of_grafanas_is_let_go_before_the_next_pod_takes_it_and_outlives_the_release(preview: bool) -> None:
    kept = values(preview, grafana={"persistence": {"size": "10Gi", "storageClass": "fast"}})["grafana"]
    assert kept["deploymentStrategy"] == {"type": "Recreate"}
    assert kept["persistence"] == {
        "enabled": True,
        "type": "pvc",
        "accessModes": ["ReadWriteOnce"],
        "size": "10Gi",
        "storageClassName": "fast",
        "annotations": {"helm.sh/resource-policy": "keep"},
    }
    assert {"persistence", "deploymentStrategy"}.isdisjoint(values(preview)["grafana"])


def test_grafana_knows_its_own_address(preview: bool) -> None:
    grafana = values(preview, grafana={"url": "https://grafana.example.com"})["grafana"]
    assert grafana["grafana.ini"] == {"server": {"root_url": "https://grafana.example.com"}}
    assert "grafana.ini" not in values(preview)["grafana"]


def test_kube_state_metrics_tells_of_rollouts_and_may_read_them(preview: bool) -> None:
    state = values(preview)["kube-state-metrics"]
    assert state["customResourceState"] == {"enabled": True, "config": custom_resource_state()}
    assert state["rbac"]["extraRules"] == [ROLLOUTS_RULE]


@pytest.mark.parametrize("scraped", [True, False])
def test_the_control_plane_is_scraped_only_where_the_cluster_shows_it(scraped: bool, preview: bool) -> None:
    found = values(preview, platform={"monitoring": {"scrapeControlPlane": scraped}})
    assert {part: found[part] for part in CONTROL_PLANE} == {part: {"enabled": scraped} for part in CONTROL_PLANE}


def test_a_version_bump_brings_its_definitions_along(preview: bool) -> None:
    job = values(preview)["crds"]["upgradeJob"]
    assert job["enabled"] is True
    assert job["image"]["busybox"]["tag"] != "latest"


@pytest.mark.parametrize("account", [None, "prometheus"])
def test_prometheus_runs_as_the_account_that_is_given_permissions(account: str | None, preview: bool) -> None:
    monitoring = {"serviceAccount": account} if account else {}
    name = values(preview, platform={"monitoring": monitoring})["prometheus"]["serviceAccount"]["name"]
    assert name == (account or "kube-prometheus-stack-prometheus")


def test_an_adopted_stack_makes_nothing(preview: bool) -> None:
    settings: dict[str, Any] = {
        "platform": {"monitoring": {"install": False}},
        "prometheus": {"remoteWrite": STORES},
    }
    assert [entry.kind for entry in registered(preview, **settings).resources] == ["MonitoringStack"]


@pytest.mark.parametrize(
    ("monitoring", "chart", "repository"),
    [
        ({}, "kube-prometheus-stack", "https://prometheus-community.github.io/helm-charts"),
        ({"repository": "https://mirror.example.com"}, "kube-prometheus-stack", "https://mirror.example.com"),
        ({"repository": "oci://mirror.example.com/a/"}, "oci://mirror.example.com/a/kube-prometheus-stack", None),
        ({"chart": "oci://mirror.example.com/kps"}, "oci://mirror.example.com/kps", None),
        ({"chart": "./charts/kps"}, "./charts/kps", None),
        ({"chart": "charts/kps"}, "charts/kps", None),
        ({"chart": "/opt/charts/kps"}, "/opt/charts/kps", None),
        ({"chart": "kps-88.5.3.tgz", "repository": None}, "kps-88.5.3.tgz", None),
        ({"chart": "https://mirror.example.com/kps-88.5.3.tgz"}, "https://mirror.example.com/kps-88.5.3.tgz", None),
    ],
)
def test_the_chart_comes_from_a_repository_a_registry_or_a_path(
    monitoring: dict[str, Any], chart: str, repository: str | None, preview: bool
) -> None:
    inputs = release(preview, platform={"monitoring": monitoring})
    assert inputs["chart"] == chart
    assert inputs.get("repositoryOpts") == ({"repo": repository} if repository else None)
    assert inputs["version"] == "88.5.3"


def test_helm_keeps_ten_revisions_and_waits_a_quarter_of_an_hour(preview: bool) -> None:
    inputs = release(preview)
    assert (inputs["maxHistory"], inputs["timeout"]) == (10, 15 * 60)
    # A failed release is left for people to look at, and for the next run to mend.
    assert {"atomic", "cleanupOnFail", "skipCrds"}.isdisjoint(inputs)
