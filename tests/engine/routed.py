"""AlertRouting on the embedded cluster: its objects made there, and what the real operator makes of them."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightkube

from catalog.alerting import Alerting
from catalog.platform import Monitoring
from cli.recording import record
from components.alert_routing import AlertRouting, AlertRoutingArgs
from tests.engine.operated import Generated, alertmanager, create, generated_alertmanager, routed_to
from tests.engine.plugin_harness import a_namespace

ENVIRONMENT = "prod"


@dataclass(frozen=True)
class Routed:
    """The namespaces that play those of a stack, and the configuration that Alertmanager got."""

    services: str
    argo_rollouts: str
    monitoring: str
    config: Generated

    def receivers(self, labels: dict[str, str]) -> list[str]:
        """Who gets an alert, such as `services/team-a`; `services`, `argo_rollouts` and `monitoring` as its namespace
        stand for those that play them."""
        played = {**labels, **({"namespace": self._name(labels["namespace"])} if "namespace" in labels else {})}
        return [self._shown(receiver) for receiver in routed_to(self.config, played)]

    def _name(self, namespace: str) -> str:
        return str(getattr(self, namespace, namespace))

    def _shown(self, receiver: str) -> str:
        for role in ("services", "argo_rollouts", "monitoring"):
            receiver = receiver.replace(f"{self._name(role)}/alert-routing/", f"{role}/")
        return receiver


@contextmanager
def routed(client: lightkube.Client, alerting: Alerting, folder: Path, *, install: bool) -> Iterator[Routed]:
    """AlertRouting in namespaces of the test's own, and an Alertmanager as the stack has it, or as it finds one."""
    release = f"release-{secrets.token_hex(4)}"
    strategy = "OnNamespaceExceptForAlertmanagerNamespace" if install else None
    with ExitStack() as stack:
        services, argo_rollouts, monitoring = (stack.enter_context(a_namespace(client)) for _ in range(3))
        settings: dict[str, Any] = {"install": install, "namespace": monitoring, "release": release}
        args = AlertRoutingArgs(alerting, Monitoring.model_validate(settings), ENVIRONMENT, [services, argo_rollouts])
        _, recording = record(lambda: AlertRouting("alert-routing", args), stack=ENVIRONMENT)
        create(client, [entry.inputs for entry in recording.resources if entry.custom])
        name = stack.enter_context(alertmanager(client, monitoring, {"release": release}, strategy))
        ours = [services, argo_rollouts, *([monitoring] if install else [])]
        yield Routed(
            services, argo_rollouts, monitoring, generated_alertmanager(client, monitoring, name, ours, folder)
        )
