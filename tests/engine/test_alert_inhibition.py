"""Which alerts a real Alertmanager keeps quiet, on the configuration that the real operator generated."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import lightkube
import pytest

from local.waiting import wait_until
from tests.engine import alertmanager
from tests.engine.alertmanager import Alert, Alertmanager
from tests.engine.routed import Routed, routed
from tests.unit.settings_workbench import from_engine, minimal

Labels = dict[str, str]

NOWHERE = {"slack": {"webhook": "http://127.0.0.1:1/nobody-listens"}}
BURNS = {"alertname": "AvailabilityBudgetBurn", "service": "a-api"}
CRITICAL, WARNING = {"severity": "critical"}, {"severity": "warning"}
UNREACHABLE = {"alertname": "ServiceTargetDown", "service": "a-api"}


@pytest.fixture(scope="module")
def stack(client: lightkube.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routed]:
    alerting = from_engine(minimal(alerting=NOWHERE), ("alerting",)).alerting
    with routed(client, alerting, tmp_path_factory.mktemp("routed"), install=True) as found:
        yield found


@pytest.fixture
def here(stack: Routed, tmp_path: Path) -> Iterator[Alertmanager]:
    with alertmanager.running(stack.config, tmp_path, "http://127.0.0.1:1") as found:
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
    since = datetime.now(UTC)
    there = {"namespace": stack.services}
    alerts = [there | {"which": "source"} | source, there | {"which": "target"} | target]
    here.post([Alert({key: value for key, value in labels.items() if value}, {}, since) for labels in alerts])
    wait_until(lambda: here.known() == 2, 30, "both alerts to be looked at")
    assert ("target" in [each["which"] for each in here.inhibited()]) == quiet
