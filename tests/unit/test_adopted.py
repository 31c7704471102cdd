"""What a stack takes over from its cluster is looked for before anything is promised."""

from typing import Any

import pytest

from catalog.adopted_settings import without_effect
from components.adopted import Definition, ensure_adopted
from components.cluster import ClusterError
from components.cluster_reader import ForbiddenError, Found
from tests.unit.settings_workbench import Settings, everything, from_engine, minimal

ADOPTED = {"monitoring": {"install": False}, "argoRollouts": {"install": False}}
NAMED = ("Namespace/monitoring", "Service/kube-prometheus-stack-prometheus", "ServiceAccount/prometheus")
PLACE = "Pulumi.dev.yaml: config.api-observability:"


def everything_is_there(kind: str, namespace: str, name: str) -> Found:
    """A cluster that has whatever it is asked for."""
    return {"metadata": {"name": name, "namespace": namespace, "kind": kind}}


def told_of(*held: str, forbidden: bool = False, **settings: Any) -> list[str]:
    """What a stack is told that adopts a cluster which knows every kind and holds these objects."""

    def read(kind: str, namespace: str, name: str) -> Found:
        if forbidden:
            raise ForbiddenError(f"{kind} {name} is forbidden")
        assert namespace == ("" if kind == "Namespace" else "monitoring")
        return {} if f"{kind}/{name}" in held else None

    monitoring = {"install": False, "serviceAccount": "prometheus"}
    adopting = from_engine(minimal(platform={"monitoring": monitoring}, **settings))
    return [str(problem) for problem in ensure_adopted(adopting, lambda _: True, read)]


def lacking(*plurals: str) -> tuple[list[str], "list[Definition]"]:
    """The lines that a cluster without these kinds is refused with, and what was asked."""
    asked: list[Definition] = []

    def serves(kind: Definition) -> bool:
        asked.append(kind)
        return kind.plural not in plurals

    try:
        ensure_adopted(from_engine(minimal(platform=ADOPTED)), serves, everything_is_there)
    except ClusterError as error:
        return str(error).splitlines(), asked
    return [], asked


def test_a_cluster_that_knows_every_kind_is_adopted() -> None:
    told, asked = lacking()
    assert told == []
    assert [f"{kind.plural}.{kind.group}/{kind.version}" for kind in asked] == [
        "servicemonitors.monitoring.coreos.com/v1",
        "prometheusrules.monitoring.coreos.com/v1",
        "alertmanagerconfigs.monitoring.coreos.com/v1alpha1",
        "rollouts.argoproj.io/v1alpha1",
        "analysistemplates.argoproj.io/v1alpha1",
    ]


def test_what_is_missing_is_one_line_with_the_way_to_mend_it() -> None:
    told, _ = lacking("prometheusrules", "alertmanagerconfigs")
    assert told == [
        "context 'dev': platform.monitoring.install is false, and the cluster has no "
        "prometheusrules.monitoring.coreos.com/v1, alertmanagerconfigs.monitoring.coreos.com/v1alpha1; install "
        "Prometheus Operator there, or have it installed: "
        "pulumi config set --stack dev --path api-observability:platform.monitoring.install true"
    ]


def test_each_part_that_is_missing_has_its_line() -> None:
    told, _ = lacking("servicemonitors", "rollouts")
    assert [line.split(" is false")[0] for line in told] == [
        "context 'dev': platform.monitoring.install",
        "context 'dev': platform.argoRollouts.install",
    ]


def test_nothing_is_asked_about_what_is_installed() -> None:
    def serves(kind: Definition) -> bool:
        assert kind.group == "argoproj.io"
        return True

    def read(kind: str, namespace: str, name: str) -> Found:
        assert namespace == "argo-rollouts"
        return {}

    assert ensure_adopted(from_engine(minimal(platform={"argoRollouts": {"install": False}})), serves, read) == []

    def ask(*of: object) -> Any:
        pytest.fail(f"asked for {of}")

    assert ensure_adopted(from_engine(minimal()), ask, ask) == []


def test_a_stack_that_names_everything_as_it_is_called_is_told_nothing() -> None:
    assert told_of(*NAMED) == []


def test_a_monitoring_namespace_that_is_not_there_is_refused_with_its_setting() -> None:
    with pytest.raises(ClusterError) as caught:
        told_of(*NAMED[1:])
    assert str(caught.value) == (
        "context 'dev': platform.monitoring.install is false, and the cluster has no namespace 'monitoring', where the "
        "dashboards are to go; name that of its monitoring stack: "
        "pulumi config set --stack dev --path api-observability:platform.monitoring.namespace NAMESPACE"
    )


def test_an_address_of_prometheus_that_leads_nowhere_is_told_before_a_canary_asks_there() -> None:
    without = (NAMED[0], NAMED[2])
    assert told_of(*without) == [
        f"{PLACE}prometheus.address: is derived, and there is no Service 'kube-prometheus-stack-prometheus' in "
        "namespace 'monitoring' of the cluster: no canary could be judged; say where Prometheus is: "
        "pulumi config set --stack dev --path api-observability:prometheus.address URL"
    ]
    assert told_of(*without, prometheus={"address": "http://prometheus.example.com"}) == []


def test_an_account_that_prometheus_does_not_run_as_is_told() -> None:
    assert told_of(*NAMED[:2]) == [
        f"{PLACE}platform.monitoring.serviceAccount: there is no ServiceAccount 'prometheus' in namespace 'monitoring' "
        "of the cluster, and Prometheus gets no permission to read Rollouts; name the one it runs as: "
        "pulumi config set --stack dev --path api-observability:platform.monitoring.serviceAccount NAME"
    ]


def unread(*held: str, **argo_rollouts: Any) -> list[str]:
    """What a stack is told whose controller is there already, on a cluster that holds these Services."""

    def read(kind: str, namespace: str, name: str) -> Found:
        return {} if namespace != "argo-rollouts" or name in held else None

    adopting = from_engine(minimal(platform={"argoRollouts": {"install": False, **argo_rollouts}}))
    return [str(problem) for problem in ensure_adopted(adopting, lambda _: True, read)]


def test_a_controller_without_the_service_of_its_metrics_is_told_with_the_switch_that_makes_it() -> None:
    assert unread() == [
        f"{PLACE}platform.argoRollouts.createMetricsService: there is no Service 'argo-rollouts-metrics' in namespace "
        "'argo-rollouts' of the cluster; where none of another name leads to the controller's metrics, have it made: "
        "pulumi config set --stack dev --path api-observability:platform.argoRollouts.createMetricsService true"
    ]
    assert unread("argo-rollouts-metrics") == []
    assert unread(createMetricsService=True) == []


def test_who_may_read_none_of_what_is_named_is_not_held_up() -> None:
    assert told_of(forbidden=True) == []


def idle(**settings: object) -> list[str]:
    return [path for path, told in without_effect(from_engine(minimal(**settings))) if "has no effect" in told]


def test_settings_of_a_part_that_is_not_installed_are_told_to_have_no_effect() -> None:
    everything_else: Settings = everything()
    monitoring = {**everything_else["platform"]["monitoring"], "install": False}
    settings = {**everything_else, "environment": "dev", "platform": {"monitoring": monitoring}}
    told = without_effect(from_engine(settings, ("alerting", "prometheus")))
    assert [path for path, _ in told] == [
        *(f"platform.monitoring.{key}" for key in ("chart", "version", "repository", "values", "scrapeControlPlane")),
        *("prometheus.retention", "prometheus.retentionSize", "prometheus.storage", "prometheus.replicas"),
        *("prometheus.remoteWrite", "prometheus.externalLabels"),
        "alerting.replicas",
        *("grafana.adminSecret", "grafana.persistence"),
    ]
    assert told[0][1] == (
        "has no effect: what namespace 'monitoring' has is used as it is (install: false); leave it out"
    )


def test_what_nobody_wrote_is_not_told_of_and_what_is_installed_reads_all() -> None:
    assert idle(platform=ADOPTED) == []
    assert idle(platform={"argoRollouts": {"install": False, "replicas": 3}}) == ["platform.argoRollouts.replicas"]
    assert without_effect(from_engine(everything(), ("alerting", "prometheus"))) == []
