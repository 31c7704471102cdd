"""The channels of the stack `local`: what is meant for Slack and a mail server goes to the receiver beside its cluster.

The webhook is a secret of the stack's config, as a real one would be: the engine encrypts it once, and the ciphertext
is kept for the next runs, which would otherwise take the time to make another one.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.config_keys import NAMESPACE
from catalog.stack_file import stack_file
from catalog.yaml_file import read_mapping
from cli.engine import Engine
from local.cluster import Cluster
from local.cluster.monitoring import RECEIVER, RECEIVER_SMTP
from local.cluster.ports import LOOPBACK
from local.receiver.server import RUNBOOKS_PATH, SLACK_PATH
from local.state import EMBEDDED_STACK, State

CHANNEL, RECIPIENT, SENDER = "#deployments", "oncall@example.com", "api-observability@example.com"

_KEY, _GRAFANA = f"{NAMESPACE}:alerting", f"{NAMESPACE}:grafana"

Sealed = Mapping[str, str]
"""An encrypted value, as it stands in a stack file."""


@dataclass(frozen=True)
class Receiver:
    """Where the receiver answers (a URL), and where it takes mail (a host and port)."""

    url: str
    smarthost: str

    @property
    def webhook(self) -> str:
        """What stands for an incoming webhook of Slack."""
        return f"{self.url}{SLACK_PATH}local"

    @classmethod
    def of(cls, state: State, stack_settings: Mapping[str, Any]) -> "Receiver | None":
        """That of the cluster, which is up; None where the settings say themselves who is told of what."""
        cluster = Cluster.recorded(state)
        if cluster is None or RECEIVER not in cluster.ports or _KEY in stack_settings["config"]:
            return None
        return cls(cluster.url(RECEIVER), f"{LOOPBACK}:{cluster.ports[RECEIVER_SMTP]}")

    def added_to(self, stack_settings: Mapping[str, Any], webhook: Sealed | None) -> Mapping[str, Any]:
        """The settings with both channels, and with addresses for the links in messages.

        Slack's channel is not complete as long as nobody has encrypted the webhook.
        """
        email = {"to": [RECIPIENT], "from": SENDER, "smarthost": self.smarthost, "requireTls": False}
        slack = {"channel": CHANNEL, **({"webhook": dict(webhook)} if webhook else {})}
        config = stack_settings["config"]
        alerting = {"slack": slack, "email": email, "runbookUrl": f"{self.url}{RUNBOOKS_PATH}"}
        grafana = {"url": self.url, **config.get(_GRAFANA, {})}
        return {**stack_settings, "config": {**config, _KEY: alerting, _GRAFANA: grafana}}

    def sealed(self, state: State) -> Sealed | None:
        """The encrypted webhook; None where it was encrypted with another salt, or not yet."""
        try:
            record = json.loads(_record(state).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return {"secure": record["secure"]} if record["of"] == self._fingerprint(state) else None

    def seal(self, state: State, engine: Engine) -> None:
        """Have the engine encrypt the webhook into the stack's file, and keep what came of it."""
        encrypt = ("config", "set", "--path", "--secret", f"{_KEY}.slack.webhook", self.webhook)
        engine.run(*encrypt, check=True, capture=True)
        written = read_mapping(stack_file(state.project, EMBEDDED_STACK))
        secure = written["config"][_KEY]["slack"]["webhook"]["secure"]
        record = {"of": self._fingerprint(state), "secure": secure}
        _record(state).write_text(json.dumps(record), encoding="utf-8")

    def _fingerprint(self, state: State) -> str:
        """Changes with the webhook and with the salt, by which the stack's secrets are encrypted."""
        file = stack_file(state.project, EMBEDDED_STACK)
        salt = read_mapping(file).get("encryptionsalt") if file.exists() else ""
        return hashlib.sha256(f"{salt}\n{self.webhook}".encode()).hexdigest()


def _record(state: State) -> Path:
    return state.project / "webhook.json"
