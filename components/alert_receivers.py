"""The receivers of an AlertmanagerConfig: whom Alertmanager tells, by what, and in which words."""

from collections.abc import Callable
from typing import Any

from catalog.alerting import Alerting, Email, Opsgenie, Pager, PagerDuty, Slack
from catalog.secrets import Credential
from observability import alert_messages as messages

Reference = Callable[[Credential, str], dict[str, str]]
"""From a credential, and the path of its setting below `alerting`, the `SecretKeySelector` of it.

That path is also the credential's key where it becomes one of our own Secret's."""

DEFAULT, PAGER, HEARTBEAT, NOBODY = "default", "pager", "heartbeat", "null"
"""The names of the receivers besides those of teams."""

_OPSGENIE_URLS = {"us": "https://api.opsgenie.com/", "eu": "https://api.eu.opsgenie.com/"}
"""docs.opsgenie.com, "API overview": accounts of the EU region have a domain of their own."""


def team_receiver(team: str) -> str:
    """The name of a team's receiver."""
    return f"team-{team}"


def receivers(alerting: Alerting, environment: str, reference: Reference, *, heartbeat: bool) -> list[dict[str, Any]]:
    """All receivers that the routes of an AlertmanagerConfig may name, the heartbeat's only where one asks for it.

    `null` has no integration: its alerts are seen in Alertmanager, and nobody is told.
    """
    return [
        {"name": DEFAULT, **_people(alerting, None, environment, reference)},
        *({"name": team_receiver(t), **_people(alerting, t, environment, reference)} for t in sorted(alerting.teams)),
        *([{"name": PAGER, **_pager(alerting.pager, environment, reference)}] if alerting.pager else []),
        *(
            # Whoever waits for the heartbeat knows of one state only: it has come.
            [{"name": HEARTBEAT, **_webhook(reference(alerting.heartbeat.url, "heartbeat.url"), send_resolved=False)}]
            if heartbeat and alerting.heartbeat
            else []
        ),
        {"name": NOBODY},
    ]


def _people(alerting: Alerting, team: str | None, environment: str, reference: Reference) -> dict[str, Any]:
    """The channel and the addresses of a team, or those of all alerts that are no team's."""
    told: dict[str, Any] = {}
    channel, addresses = alerting.slack_channel(team), alerting.email_addresses(team)
    if alerting.slack and channel:
        told["slackConfigs"] = [_slack(alerting.slack, channel, environment, reference)]
    if alerting.email:
        told["emailConfigs"] = [_email(alerting.email, addresses, environment, reference)]
    return told


def _slack(slack: Slack, channel: str, environment: str, reference: Reference) -> dict[str, Any]:
    return {
        "apiURL": reference(slack.webhook, "slack.webhook"),
        "channel": channel,
        "sendResolved": True,
        "color": messages.SLACK_COLOR,
        "title": messages.title(environment),
        # What a phone shows of it.
        "fallback": messages.title(environment),
        "text": messages.slack_text(),
    }


def _email(email: Email, addresses: list[str], environment: str, reference: Reference) -> dict[str, Any]:
    login = (
        {"authUsername": email.username, "authPassword": reference(email.password, "email.password")}
        if email.username and email.password
        else {}
    )
    return {
        "to": ", ".join(addresses),
        "from": email.sender,
        "smarthost": email.smarthost,
        **login,
        "requireTLS": email.require_tls,
        "sendResolved": True,
        "headers": [{"key": "Subject", "value": messages.title(environment)}],
        "html": messages.email_html(environment),
        "text": messages.plain_text(),
    }


def _pager(pager: Pager, environment: str, reference: Reference) -> dict[str, Any]:
    """The one kind of pager that there is; it hears of the end too, and closes what it has opened."""
    if pager.pagerduty:
        return {"pagerdutyConfigs": [_pagerduty(pager.pagerduty, environment, reference)]}
    if pager.opsgenie:
        return {"opsgenieConfigs": [_opsgenie(pager.opsgenie, environment, reference)]}
    return _webhook(reference(pager.webhook.url, "pager.webhook.url"), send_resolved=True) if pager.webhook else {}


def _pagerduty(pagerduty: PagerDuty, environment: str, reference: Reference) -> dict[str, Any]:
    details = {
        "description": messages.plain_text(),
        "dashboard": "{{ .CommonAnnotations.dashboard_url }}",
        "runbook": "{{ .CommonAnnotations.runbook_url }}",
    }
    return {
        "routingKey": reference(pagerduty.routing_key, "pager.pagerduty.routingKey"),
        "sendResolved": True,
        "severity": "critical",
        "description": messages.title(environment),
        "class": "{{ .CommonLabels.alertname }}",
        "component": "{{ .CommonLabels.service }}",
        "group": "{{ .CommonLabels.namespace }}",
        "details": [{"key": key, "value": value} for key, value in details.items()],
    }


def _opsgenie(opsgenie: Opsgenie, environment: str, reference: Reference) -> dict[str, Any]:
    return {
        "apiKey": reference(opsgenie.api_key, "pager.opsgenie.apiKey"),
        "apiURL": _OPSGENIE_URLS[opsgenie.region],
        "sendResolved": True,
        "message": messages.title(environment),
        "description": messages.plain_text(),
        # The highest: only critical alerts come here.
        "priority": "P1",
        "entity": "{{ .CommonLabels.service }}",
        **({"responders": [{"type": "team", "name": opsgenie.team}]} if opsgenie.team else {}),
    }


def _webhook(url: dict[str, str], *, send_resolved: bool) -> dict[str, Any]:
    return {"webhookConfigs": [{"urlSecret": url, "sendResolved": send_resolved}]}
