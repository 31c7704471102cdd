"""Who gets which alert, by the configuration that the real operator generates, and by Alertmanager's own reckoning."""

from collections.abc import Iterator

import lightkube
import pytest

from catalog.alerting import Alerting
from tests.engine.routed import Routed, routed
from tests.unit.settings_workbench import SENTINEL, everything, from_engine, minimal

Labels = dict[str, str]

CRITICAL, WARNING, INFO, NONE = ({"severity": severity} for severity in ("critical", "warning", "info", "none"))
OURS = {"namespace": "services", "service": "seedtest-api", "alertname": "AvailabilityBudgetBurn"}
LEARNING, NOT_A_TEAM_WITH_CHANNELS = {"team": "learning"}, {"team": "exams"}
CONTROLLER = {"namespace": "argo_rollouts", "service": "argo-rollouts", "alertname": "ArgoRolloutsDown"}
WATCHDOG = {"alertname": "Watchdog", **NONE}

EVERYWHERE: list[tuple[Labels, list[str]]] = [
    (OURS | WARNING, ["services/default"]),
    (OURS | CRITICAL, ["services/pager", "services/default"]),
    (OURS | WARNING | LEARNING, ["services/team-learning"]),
    (OURS | CRITICAL | LEARNING, ["services/pager", "services/team-learning"]),
    (OURS | CRITICAL | NOT_A_TEAM_WITH_CHANNELS, ["services/pager", "services/default"]),
    (CONTROLLER | CRITICAL, ["argo_rollouts/pager", "argo_rollouts/default"]),
    (CONTROLLER | WARNING, ["argo_rollouts/default"]),
    # Somebody else's alerts about pods of our namespace: one without a severity is rather told than not.
    ({"namespace": "services", "alertname": "KubePodCrashLooping", "pod": "p"} | WARNING, ["services/default"]),
    ({"namespace": "services", "alertname": "Homemade"}, ["services/default"]),
    ({"namespace": "services", "alertname": "CPUThrottlingHigh"} | INFO, ["services/null"]),
    ({"namespace": "services", "alertname": "InfoInhibitor"} | NONE, ["services/null"]),
]
"""Alerts that go the same way whoever brought Alertmanager."""

INSTALLED: list[tuple[Labels, list[str]]] = [
    (WATCHDOG, ["monitoring/heartbeat"]),
    ({"alertname": "InfoInhibitor", "namespace": "elsewhere"} | NONE, ["monitoring/null"]),
    ({"alertname": "KubeNodeNotReady", "node": "n"} | WARNING, ["monitoring/default"]),
    (
        {"alertname": "KubePodCrashLooping", "namespace": "kube-system"} | CRITICAL,
        ["monitoring/pager", "monitoring/default"],
    ),
    ({"alertname": "PrometheusRuleFailures", "namespace": "monitoring"} | WARNING, ["monitoring/default"]),
]
"""Alerts of the cluster itself, which are ours where the monitoring stack is."""

ADOPTED: list[tuple[Labels, list[str]]] = [
    (WATCHDOG, ["null"]),
    (WATCHDOG | {"namespace": "services"}, ["services/heartbeat"]),
    ({"alertname": "KubeNodeNotReady", "node": "n"} | CRITICAL, ["null"]),
    ({"alertname": "KubePodCrashLooping", "namespace": "kube-system"} | CRITICAL, ["null"]),
    ({"alertname": "PrometheusRuleFailures", "namespace": "monitoring"} | WARNING, ["null"]),
]
"""`null` is the root receiver here, and stands for whatever an adopted Alertmanager does with the alerts of others."""


def alerting() -> Alerting:
    """Every channel; a pager of each kind is for the unit tests."""
    section = everything()["alerting"]
    return from_engine(minimal(alerting=section), ("alerting",)).alerting


@pytest.fixture(scope="module")
def installed(client: lightkube.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routed]:
    with routed(client, alerting(), tmp_path_factory.mktemp("installed"), install=True) as found:
        yield found


@pytest.fixture(scope="module")
def adopted(client: lightkube.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routed]:
    with routed(client, alerting(), tmp_path_factory.mktemp("adopted"), install=False) as found:
        yield found


def test_alertmanager_accepts_what_the_operator_generates(installed: Routed, adopted: Routed) -> None:
    for each in (installed, adopted):
        assert each.config.faults("amtool", "check-config") == ""
        assert SENTINEL in each.config.file.read_text(encoding="utf-8")


def test_a_fault_in_a_configuration_would_be_told(installed: Routed) -> None:
    broken = installed.config.file.with_name("broken.yaml")
    broken.write_text(installed.config.file.read_text(encoding="utf-8").replace("repeat_interval: 12h", "repeat: 12h"))
    assert "field repeat not found" in type(installed.config)(broken).faults("amtool", "check-config")


@pytest.mark.parametrize(("labels", "receivers"), EVERYWHERE + INSTALLED, ids=str)
def test_on_a_stack_of_our_own_each_alert_goes_where_it_should(
    labels: Labels, receivers: list[str], installed: Routed
) -> None:
    assert installed.receivers(labels) == receivers


@pytest.mark.parametrize(("labels", "receivers"), EVERYWHERE + ADOPTED, ids=str)
def test_on_an_adopted_stack_ours_go_the_same_way_and_others_are_left_to_it(
    labels: Labels, receivers: list[str], adopted: Routed
) -> None:
    assert adopted.receivers(labels) == receivers
