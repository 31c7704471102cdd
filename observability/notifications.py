"""Who hears of a release, and how: the configuration of Argo Rollouts' notification engine (notifications-engine v0.5),
and the annotations of a Rollout that subscribe the channels of its team.

The controller sends while it works on a Rollout, at the event itself. So a server that does not answer holds that
Rollout up: the configuration gives it one more attempt, and no third.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from catalog.alerting import Alerting, Email
from catalog.problems import Fault
from catalog.secrets import Credential, SecretKeyReference
from catalog.services import Service
from observability import metrics
from observability.links import CANARY_DASHBOARD, Links
from observability.notification_templates import MESSAGES, template

CONFIG_MAP, SECRET = "argo-rollouts-notification-configmap", "argo-rollouts-notification-secret"
"""The names of the two objects that the controller reads, in its own namespace alone (utils/record/record.go)."""

WEBHOOK_KEY, PASSWORD_KEY = "slack-webhook", "email-password"
"""The keys of that Secret under which the texts of the stack's config are to be found there."""

TRIGGERS = (
    *("on-rollout-updated", "on-rollout-paused", "on-rollout-aborted", "on-rollout-completed"),
    "on-analysis-run-failed",
)
"""The triggers of Argo Rollouts' notification engine that a team hears of; a step's end is no news to anybody."""

SLACK, EMAIL = "slack", "email"
"""The services of that engine, by which the two kinds of channels are reached."""

_SEPARATOR = ";"
"""Between the recipients of one subscription (notifications-engine, `parseRecipients`)."""

_MORE_ATTEMPTS = 1
"""After a failed request to Slack; the engine's own three, with their waits, hold a Rollout up for seven seconds."""


@dataclass(frozen=True)
class NotificationConfig:
    """The content of the controller's ConfigMap, in the three parts that the values of its chart have."""

    notifiers: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    triggers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, str]:
        """All of it, as `data` of the ConfigMap."""
        return {**self.notifiers, **self.templates, **self.triggers}


def notification_config(alerting: Alerting, grafana: str | None = None) -> NotificationConfig:
    """How the channels of the stack are reached and what they are told; empty where it has none.

    Credentials are not in it, only the keys of `SECRET`. With the address of `grafana`, messages link to the dashboard.
    """
    notifiers = _notifiers(alerting)
    if not notifiers:
        return NotificationConfig()
    shown = {"namespace": "{{namespace}}", metrics.SERVICE: "{{rollout}}"}
    dashboard = Links(grafana).dashboard(CANARY_DASHBOARD, **shown) if grafana else None
    return NotificationConfig(
        notifiers={name: _document(options) for name, options in notifiers.items()},
        templates={f"template.{each.event}": _document(template(each, SLACK, dashboard)) for each in MESSAGES},
        # Without a condition: with one, the engine would send at the event, and again when the condition comes true.
        triggers={f"trigger.on-{each.event}": _document([{"send": [each.event]}]) for each in MESSAGES},
    )


def subscriptions(service: Service, alerting: Alerting) -> dict[str, str]:
    """The annotations of the service's Rollout; none where the stack has no channel.

    A team without channels of its own hears of its services where everybody hears of everything.
    """
    recipients: dict[str, str] = {}
    if channel := alerting.slack_channel(service.team):
        recipients[SLACK] = channel
    if addresses := alerting.email_addresses(service.team):
        recipients[EMAIL] = _SEPARATOR.join(addresses)
    return {
        f"notifications.argoproj.io/subscribe.{trigger}.{channel}": to
        for trigger in TRIGGERS
        for channel, to in recipients.items()
    }


def notification_warnings(alerting: Alerting, held: Collection[str] = ()) -> list[Fault]:
    """What somebody else has to do before messages about releases arrive: paths of settings, and messages.

    `held` are the keys that `SECRET` has.
    """
    found = {
        "alerting.slack.webhook": (alerting.slack and alerting.slack.webhook, WEBHOOK_KEY),
        "alerting.email.password": (alerting.email and alerting.email.password, PASSWORD_KEY),
    }
    return [
        (
            path,
            f"Argo Rollouts reads no Secret but {SECRET!r} of its own namespace: put the same there as {key!r}, or "
            "name that Secret here",
        )
        for path, (credential, key) in found.items()
        if isinstance(credential, SecretKeyReference) and not _is_readable(credential) and key not in held
    ]


def _is_readable(reference: SecretKeyReference) -> bool:
    """Whether the engine finds what is referred to; a key with a dot it cuts short (api/config.go, `keyPattern`)."""
    return reference.secret == SECRET and "." not in reference.key


def _key(credential: Credential, own: str) -> str:
    """How the configuration says "this key of the Secret"."""
    named = credential.key if isinstance(credential, SecretKeyReference) and _is_readable(credential) else own
    return f"${named}"


def _notifiers(alerting: Alerting) -> dict[str, dict[str, Any]]:
    """The services of the engine, by their keys in the ConfigMap: `service.<type>.<name>`, or one word for both.

    The type `slack` wants the token of a bot; an incoming webhook is a webhook like any other, and named slack so that
    subscriptions need not know.
    """
    found: dict[str, dict[str, Any]] = {}
    if alerting.slack:
        found[f"service.webhook.{SLACK}"] = {
            "url": _key(alerting.slack.webhook, WEBHOOK_KEY),
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "retryMax": _MORE_ATTEMPTS,
        }
    if alerting.email:
        found[f"service.{EMAIL}"] = _mail_server(alerting.email)
    return found


def _mail_server(email: Email) -> dict[str, Any]:
    """The engine turns to TLS where the server offers it, and cannot be told to insist on it as Alertmanager can."""
    host, _, port = email.smarthost.rpartition(":")
    login = {"username": email.username, "password": _key(email.password, PASSWORD_KEY)} if email.password else {}
    return {"host": host, "port": int(port), "from": email.sender, **login}


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, so that people can read them in the ConfigMap."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _document(content: object) -> str:
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
