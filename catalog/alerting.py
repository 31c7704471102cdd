"""Who is told of alerts, and how: Slack, email, a pager, each team's own channels, and a heartbeat."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from catalog.addresses import Address, BareUrl, Channel, HostAndPort
from catalog.contradictions import CheckedModel, Contradiction
from catalog.model import Model, whole
from catalog.problems import Fault
from catalog.secrets import Credential, UrlCredential
from catalog.texts import Labels, LabelValue, NonEmpty


def _named(addresses: list[str]) -> list[str]:
    if not addresses:
        raise ValueError("is empty; name at least one address, or leave the key out")
    return addresses


Addresses = Annotated[list[Address], AfterValidator(_named)]


class Slack(Model):
    """The webhook, and the channel of what is no team's own."""

    webhook: UrlCredential
    channel: Channel = "#deployments"


class Email(CheckedModel):
    """The mail server (`smarthost`) that takes the messages, and whom they go to.

    `require_tls` makes Alertmanager insist on STARTTLS.
    """

    to: Addresses
    sender: Address = Field(alias="from")
    smarthost: HostAndPort
    username: NonEmpty | None = None
    password: Credential | None = None
    require_tls: bool = True

    def contradictions(self) -> Iterator[Contradiction]:
        """A login that is half there, and a port that cannot do what is asked of it."""
        if self.username and not self.password:
            yield ("password",), "is missing, and there is a username"
        if self.password and not self.username:
            yield ("username",), "is missing, and there is a password; set both, or neither"
        if self.require_tls and self.smarthost.endswith(":465"):
            # alertmanager/notify/email: port 465 is dialled with TLS, and requireTls then asks for STARTTLS within it.
            yield (
                ("requireTls",),
                "port 465 is TLS from its first byte, without STARTTLS; set false, or use port 587",
            )


class PagerDuty(Model):
    """An integration of PagerDuty's Events API v2."""

    routing_key: Credential


class Opsgenie(Model):
    """An API integration of Opsgenie, in the region its account is in.

    `team` is whom it wakes; an integration that was made for a team knows that by itself.
    """

    api_key: Credential
    region: Literal["us", "eu"] = "us"
    team: NonEmpty | None = None


class Webhook(Model):
    """Any address that takes Alertmanager's JSON by POST."""

    url: UrlCredential


class Pager(CheckedModel):
    """Who is woken by a critical alert: exactly one of these."""

    pagerduty: PagerDuty | None = None
    opsgenie: Opsgenie | None = None
    webhook: Webhook | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """No pager, or more than one: then each would think that the other one wakes somebody."""
        present = [name for name in ("pagerduty", "opsgenie", "webhook") if getattr(self, name)]
        if len(present) != 1:
            found = f"names {' and '.join(present)}" if present else "names none"
            yield (), f"{found}; name exactly one of pagerduty, opsgenie and webhook"


class Team(CheckedModel):
    """Where the alerts of one team's services go, instead of where all others do; what it leaves out stays there."""

    slack: Channel | None = None
    email: Addresses | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A team that nobody could tell anything."""
        if not self.slack and not self.email:
            yield (), "names no channel; give it slack or email, or leave the team out"


class Alerting(CheckedModel):
    """The channels of alerts.

    `heartbeat` is called for as long as alerting works, so that somebody else notices when it does not. `teams` is by
    the value of the services' team label. `labels` are for the AlertmanagerConfigs, where an adopted Alertmanager picks
    its own by another label than `release`. `url` is Alertmanager's address as people open
    it. `replicas` is the number of Alertmanagers.

    An AlertmanagerConfig reads the Secrets of its own namespace alone. So a Secret that is referred to must be, under
    the same name, in each namespace whose alerts are routed: that of the services, that of Argo Rollouts, and that of
    the monitoring stack where the stack installs it.
    """

    slack: Slack | None = None
    email: Email | None = None
    pager: Pager | None = None
    heartbeat: Webhook | None = None
    teams: dict[LabelValue, Team] = Field(default_factory=dict)
    url: BareUrl | None = None
    runbook_url: BareUrl | None = None
    labels: Labels = Field(default_factory=dict)
    replicas: Annotated[int, *whole("a number of replicas", 1, 10)] | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """Channels of teams that nothing could deliver to."""
        for name, team in self.teams.items():
            if team.slack and not self.slack:
                yield (
                    ("teams", name, "slack"),
                    "nothing could post there without alerting.slack; set that first",
                )
            if team.email and not self.email:
                yield ("teams", name, "email"), "nothing could send it without alerting.email; set that first"

    @property
    def has_channel(self) -> bool:
        """Whether anybody is told of any alert."""
        return bool(self.slack or self.email or self.pager)

    def slack_channel(self, team: str | None) -> str | None:
        """The channel of a team's alerts; None where nothing is told to Slack."""
        own = self.teams.get(team) if team else None
        return ((own and own.slack) or self.slack.channel) if self.slack else None

    def email_addresses(self, team: str | None) -> list[str]:
        """Who is mailed of a team's alerts; nobody where there is no mail server."""
        own = self.teams.get(team) if team else None
        return ((own and own.email) or self.email.to) if self.email else []

    @property
    def unheard(self) -> list[Fault]:
        """Alerts that nobody is told of: paths of settings of the stack, and messages."""
        if not self.has_channel:
            return [
                (
                    "alerting",
                    "names no channel, so alerts are seen in Prometheus and Alertmanager alone; set alerting.slack, "
                    "alerting.email or alerting.pager",
                )
            ]
        if not self.slack and not self.email:
            return [
                (
                    "alerting",
                    "names a pager alone, which hears of critical alerts, so warnings are seen in Prometheus and "
                    "Alertmanager alone; set alerting.slack or alerting.email",
                )
            ]
        return []

    @property
    def warnings(self) -> Iterator[Fault]:
        """What is right and may still not be what was meant."""
        for name, team in self.teams.items():
            if team.slack and self.slack and team.slack != self.slack.channel:
                # docs.slack.dev, "Legacy custom integrations: incoming webhooks": an app's webhook can no longer
                # "customize the destination channel".
                yield (
                    f"teams.{name}.slack",
                    "is reached through a legacy webhook only; that of a Slack app posts into the one channel it was "
                    "made for, whatever channel is asked for",
                )
