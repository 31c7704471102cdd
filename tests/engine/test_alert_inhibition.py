"""Which alerts a real Alertmanager keeps quiet, on the configuration that the real operator generated."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import lightkube
import pytest
import yaml

from components.monitoring_values import Replicas
from components.monitoring_values_alertmanager import alertmanager_values
from tests.engine import alertmanager
from tests.engine.alertmanager import Alert, Alertmanager
from tests.engine.operated import Generated
from tests.engine.routed import Routed, routed
from tests.unit.settings_workbench import from_engine, minimal

Labels = dict[str, str]

NOWHERE = {"slack": {"webhook": "http://127.0.0.1:1/nobody-listens"}}
BASE = alertmanager_values(Replicas(1, spread=False), None, None)["config"]
BURNS = {"alertname": "AvailabilityBudgetBurn", "service": "a-api"}
CRITICAL, WARNING, INFO = {"severity": "critical"}, {"severity": "warning"}, {"severity": "info"}
NO_SERVICE = {"alertname": "KubeQuotaFullyUsed"}
UNREACHABLE = {"alertname": "ServiceTargetDown", "service": "a-api"}
FAILED, PAUSED, STUCK = (
    {"alertname": name, "service": "a-api"} for name in ("RolloutFailed", "RolloutPausedTooLong", "RolloutStuck")
)


@pytest.fixture(scope="module")
def stack(client: lightkube.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routed]:
    alerting = from_engine(minimal(alerting=NOWHERE), ("alerting",)).alerting
    with routed(client, alerting, tmp_path_factory.mktemp("routed"), install=True) as found:
        yield found


@pytest.fixture
def here(stack: Routed, tmp_path: Path) -> Iterator[Alertmanager]:
    with alertmanager.running(stack.config, tmp_path, "http://127.0.0.1:1") as found:
        yield found


@pytest.fixture
def installed(stack: Routed, tmp_path: Path) -> Iterator[Alertmanager]:
    """On top of the configuration that comes with an installed stack, to whose rules the operator appends ours."""
    merged = stack.config.content
    merged["inhibit_rules"] = [*BASE["inhibit_rules"], *merged["inhibit_rules"]]
    file = tmp_path / "merged.yaml"
    file.write_text(yaml.safe_dump(merged), encoding="utf-8")
    with alertmanager.running(Generated(file), tmp_path, "http://127.0.0.1:1") as found:
        yield found


@pytest.mark.parametrize(
    ("source", "target", "quiet"),
    [
        (BURNS | CRITICAL, BURNS | WARNING, True),
        (BURNS | WARNING, BURNS | CRITICAL, False),
        (BURNS | CRITICAL, BURNS | WARNING | {"service": "b-api"}, False),
        (BURNS | CRITICAL, BURNS | WARNING | {"alertname": "LatencyBudgetBurn"}, False),
        (BURNS | CRITICAL, BURNS | WARNING | {"namespace": "elsewhere"}, False),
        (BURNS | CRITICAL | {"service": ""}, BURNS | WARNING | {"service": ""}, False),
        (UNREACHABLE | CRITICAL, UNREACHABLE | WARNING, True),
        (UNREACHABLE | CRITICAL, BURNS | CRITICAL, True),
        (UNREACHABLE | CRITICAL, {"alertname": "ServiceNoTraffic", "service": "a-api"} | CRITICAL, True),
        ({"alertname": "ServiceNoTargets", "service": "a-api"} | CRITICAL, BURNS | WARNING, True),
        (UNREACHABLE | WARNING, BURNS | CRITICAL, False),
        (UNREACHABLE | CRITICAL, BURNS | CRITICAL | {"service": "b-api"}, False),
        (UNREACHABLE | CRITICAL | {"service": ""}, BURNS | CRITICAL | {"service": ""}, False),
        (UNREACHABLE | CRITICAL, {"alertname": "RolloutFailed", "service": "a-api"} | CRITICAL, False),
        (FAILED | CRITICAL, STUCK | WARNING, True),
        (PAUSED | WARNING, STUCK | WARNING, True),
        (STUCK | WARNING, PAUSED | WARNING, False),
        (PAUSED | WARNING, STUCK | WARNING | {"service": "b-api"}, False),
        (FAILED | CRITICAL | {"service": ""}, STUCK | WARNING | {"service": ""}, False),
        # Of a volume that fills, and of another one: both of one namespace, told by the same kubelet.
        (
            {"alertname": "A", "service": "kubelet"} | CRITICAL,
            {"alertname": "A", "service": "kubelet"} | WARNING,
            False,
        ),
    ],
    ids=str,
)
def test_one_fault_is_told_once_and_no_other_is_silenced(
    source: Labels, target: Labels, quiet: bool, stack: Routed, here: Alertmanager
) -> None:
    assert is_silenced(here, stack.services, source, target) == quiet


@pytest.mark.parametrize(
    ("source", "target", "quiet"),
    [
        (BURNS | CRITICAL, BURNS | WARNING, True),
        (BURNS | CRITICAL, BURNS | WARNING | {"service": "b-api"}, False),
        (NO_SERVICE | CRITICAL, NO_SERVICE | WARNING, True),
        (NO_SERVICE | WARNING, NO_SERVICE | INFO, True),
        (NO_SERVICE | CRITICAL, NO_SERVICE | WARNING | {"alertname": "KubePodCrashLooping"}, False),
        ({"alertname": "InfoInhibitor", "severity": "none"}, NO_SERVICE | INFO, True),
        (NO_SERVICE | WARNING, {"alertname": "InfoInhibitor", "severity": "none"}, True),
    ],
    ids=str,
)
def test_an_installed_alertmanager_silences_no_alert_of_another_service_either(
    source: Labels, target: Labels, quiet: bool, stack: Routed, installed: Alertmanager
) -> None:
    assert is_silenced(installed, stack.services, source, target) == quiet


def is_silenced(here: Alertmanager, namespace: str, source: Labels, target: Labels) -> bool:
    """Whether one alert keeps quiet while the other one fires; a label without a value is left out."""
    since = datetime.now(UTC)
    there = {"namespace": namespace}
    alerts = [there | {"which": "source"} | source, there | {"which": "target"} | target]
    # Before, so that it listens already: what it finds when it begins to listen comes in any order.
    here.catch_up()
    here.post([Alert({key: value for key, value in labels.items() if value}, {}, since) for labels in alerts])
    here.catch_up()
    return "target" in [each.get("which") for each in here.inhibited()]
