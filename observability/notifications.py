"""Who hears of a release: the annotations of a Rollout that subscribe the channels of its team."""

from catalog.alerting import Alerting
from catalog.services import Service

TRIGGERS = (
    *("on-rollout-updated", "on-rollout-paused", "on-rollout-aborted", "on-rollout-completed"),
    "on-analysis-run-failed",
)
"""The triggers of Argo Rollouts' notification engine that a team hears of; a step's end is no news to anybody."""

SLACK, EMAIL = "slack", "email"
"""The services of that engine, by which the two kinds of channels are reached."""

_SEPARATOR = ";"
"""Between the recipients of one subscription (notifications-engine, `parseRecipients`)."""


def subscriptions(service: Service, alerting: Alerting) -> dict[str, str]:
    """The annotations of the service's Rollout; none where the stack has no channel.

    A team without channels of its own hears of its services where everybody hears of everything.
    """
    team = alerting.teams.get(service.team) if service.team else None
    recipients: dict[str, str] = {}
    if alerting.slack:
        recipients[SLACK] = (team and team.slack) or alerting.slack.channel
    if alerting.email:
        recipients[EMAIL] = _SEPARATOR.join((team and team.email) or alerting.email.to)
    return {
        f"notifications.argoproj.io/subscribe.{trigger}.{channel}": to
        for trigger in TRIGGERS
        for channel, to in recipients.items()
    }
