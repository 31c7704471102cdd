"""What people read, sent by a real Alertmanager on the configuration that the real operator generated."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lightkube
import pytest

from catalog.alerting import Alerting
from local.receiver.smtp import Mail
from local.waiting import wait_until
from tests.engine import alertmanager, outside, webhooks
from tests.engine.alertmanager import Alert, Alertmanager
from tests.engine.outside import Outside
from tests.engine.routed import routed
from tests.engine.webhooks import Webhooks
from tests.unit.settings_workbench import from_engine, minimal

SECONDS = 120
DASHBOARD = "https://grafana.example.com/d/api?var-namespace=apis&var-service=seedtest-api"
RUNBOOK = "https://runbooks.example.com/AvailabilityBudgetBurn.md"
SILENCE = (
    "https://alertmanager.example.com/#/silences/new?filter=%7Bnamespace%3D%22apis%22%2C%20"
    "service%3D%22seedtest-api%22%2C%20alertname%3D%22AvailabilityBudgetBurn%22%7D"
)
TITLE = "[prod] CRITICAL: seedtest-api burns its budget"
ENDED = "[prod] RESOLVED: seedtest-api burns its budget"


def alerting(posted: Webhooks, smarthost: str, pager: dict[str, Any]) -> Alerting:
    """Every channel, as it is played here."""
    email = {"to": ["a@example.com", "b@example.com"], "from": "alerts@example.com", "smarthost": smarthost}
    section = {
        "slack": {"webhook": f"{posted.url}/slack", "channel": "#alerts"},
        "email": {**email, "username": "alerts", "password": "a password", "requireTls": False},
        "pager": pager,
        "heartbeat": {"url": f"{posted.url}/heartbeat"},
    }
    return from_engine(minimal(alerting=section), ("alerting",)).alerting


@dataclass(frozen=True)
class Stage:
    """A running Alertmanager, the namespace that plays `apis`, and what has arrived outside."""

    webhooks: Webhooks
    world: Outside
    alertmanager: Alertmanager
    services: str

    def alert(self, **labels: str) -> Alert:
        """One of ours."""
        named = {"alertname": "AvailabilityBudgetBurn", "service": "seedtest-api", "severity": "critical"}
        annotations = {
            "summary": "seedtest-api burns its budget",
            "description": "5 % of the requests failed & <1.44 % may.",
            "dashboard_url": DASHBOARD,
            "runbook_url": RUNBOOK,
        }
        return Alert({**named, "namespace": self.services, "team": "exams", **labels}, annotations, datetime.now(UTC))

    def posted(self, path: str, *alerts: Alert) -> dict[str, Any]:
        """The message that arrives at `path` for these alerts."""
        before = len(self.webhooks.to(path))
        self.alertmanager.post(alerts)
        wait_until(lambda: len(self.webhooks.to(path)) > before, SECONDS, f"a message to {path}")
        return self.webhooks.to(path)[before]

    def posted_as(self, title: str, *alerts: Alert) -> dict[str, Any]:
        """What Slack is shown under this title for these alerts; a first message may come before all are known."""

        def shown() -> list[dict[str, Any]]:
            return [
                each for body in self.webhooks.to("slack") for each in body["attachments"] if each["title"] == title
            ]

        self.alertmanager.post(alerts)
        wait_until(lambda: bool(shown()), SECONDS, f"the message {title!r}")
        return shown()[0]

    def mailed(self, *alerts: Alert) -> Mail:
        """The mail that is sent for these alerts."""
        before = len(self.world.mails)
        self.alertmanager.post(alerts)
        wait_until(lambda: len(self.world.mails) > before, SECONDS, "a mail")
        return self.world.mails[before]

    def read(self, text: str) -> str:
        """`text` with the namespace's usual name."""
        return text.replace(self.services, "apis")


def since(alert: Alert) -> str:
    """Its begin, as people read it."""
    return f"{alert.since.day} {alert.since:%b %H:%M} UTC"


@contextmanager
def staged(client: lightkube.Client, folder: Path, pager: dict[str, Any]) -> Iterator[Stage]:
    with outside.running() as world, webhooks.running() as posted:
        settings = alerting(posted, world.smtp, pager or {"webhook": {"url": f"{posted.url}/pager"}})
        with (
            routed(client, settings, folder, install=True) as found,
            alertmanager.running(found.config, folder, posted.url) as running,
        ):
            yield Stage(posted, world, running, found.services)


@pytest.fixture
def stage(client: lightkube.Client, tmp_path: Path) -> Iterator[Stage]:
    with staged(client, tmp_path, {"pagerduty": {"routingKey": "an-integration-key"}}) as found:
        yield found


def test_slack_shows_what_is_wrong_where_to_look_and_how_to_silence_it(stage: Stage) -> None:
    alert = stage.alert()
    told = stage.posted("slack", alert)
    assert told["channel"] == "#alerts"
    (attachment,) = told["attachments"]
    assert (attachment["title"], attachment["fallback"], attachment["color"]) == (TITLE, TITLE, "danger")
    assert stage.read(attachment["text"]).splitlines() == [
        f"• 5 % of the requests failed &amp; &lt;1.44 % may. _(since {since(alert)})_",
        "*Alert:* AvailabilityBudgetBurn  *Service:* seedtest-api  *Namespace:* apis  *Team:* exams  ",
        f"<{DASHBOARD}|Dashboard> · <{RUNBOOK}|Runbook> · <{SILENCE}|Silence> · "
        "<https://alertmanager.example.com|Alertmanager>",
    ]


def test_slack_tells_the_end_too(stage: Stage) -> None:
    alert = stage.alert()
    stage.posted("slack", alert)
    (attachment,) = stage.posted("slack", replace(alert, ended=True))["attachments"]
    assert (attachment["title"], attachment["color"]) == (ENDED, "good")
    said, _, links = attachment["text"].splitlines()
    assert said.startswith("• Resolved: 5 % of the requests failed &amp; &lt;1.44 % may. _(until ")
    assert "Silence" not in links


def test_alerts_about_one_fault_are_one_message(stage: Stage) -> None:
    both = [stage.alert(window=window, severity="warning") for window in ("1d", "3d")]
    both[1].annotations["summary"] = "seedtest-api burns its budget slowly"
    attachment = stage.posted_as("[prod] WARNING: AvailabilityBudgetBurn of seedtest-api (2 alerts)", *both)
    assert attachment["color"] == "warning"
    assert attachment["text"].count("• 5 % of the requests failed") == 2


def test_somebody_elses_alert_without_annotations_is_readable_too(stage: Stage) -> None:
    alert = Alert(
        {"alertname": "KubePodCrashLooping", "namespace": stage.services, "pod": "a-1"}, {}, datetime.now(UTC)
    )
    (attachment,) = stage.posted("slack", alert)["attachments"]
    assert attachment["title"] == "[prod] FIRING: KubePodCrashLooping"
    said, facts, links = stage.read(attachment["text"]).splitlines()
    assert said == f"• alertname=KubePodCrashLooping namespace=apis pod=a-1  _(since {since(alert)})_"
    assert facts.rstrip() == "*Alert:* KubePodCrashLooping  *Namespace:* apis"
    assert links.startswith("<https://alertmanager.example.com/#/silences/new")


def test_a_path_that_is_no_address_is_shown_as_it_is(stage: Stage) -> None:
    alert = stage.alert()
    alert.annotations.update(runbook_url="docs/runbooks/A.md", dashboard_url="/d/api")
    (attachment,) = stage.posted("slack", alert)["attachments"]
    assert "\nDashboard: /d/api · Runbook: docs/runbooks/A.md · <https://alert" in attachment["text"]


def test_a_hundred_pods_with_one_fault_are_no_page_of_text(stage: Stage) -> None:
    attachment = stage.posted_as(f"{TITLE} (100 alerts)", *(stage.alert(pod=f"p-{n}") for n in range(100)))
    assert attachment["text"].count("•") == 10


def test_mail_says_the_same_and_its_links_work(stage: Stage) -> None:
    alert = stage.alert()
    mail = stage.mailed(alert)
    assert (mail.sender, mail.recipients) == ("alerts@example.com", ("a@example.com", "b@example.com"))
    assert mail.subject == TITLE
    assert stage.world.logins == [("alerts", "a password")]
    body = stage.read(mail.body)
    assert f"<li>5 % of the requests failed &amp; &lt;1.44 % may. <small>(since {since(alert)})</small></li>" in body
    for name, value in {"Alert": "AvailabilityBudgetBurn", "Namespace": "apis", "Team": "exams"}.items():
        assert f"<b>{name}:</b> {value}" in body
    for name, address in {"Dashboard": DASHBOARD, "Runbook": RUNBOOK, "Silence": SILENCE}.items():
        assert f'<a href="{address.replace("&", "&amp;")}">{name}</a>' in body
    assert stage.mailed(replace(alert, ended=True)).subject == ENDED


def test_pagerduty_opens_an_incident_and_closes_it(stage: Stage) -> None:
    alert = stage.alert()
    opened = stage.posted("pagerduty", alert)
    assert (opened["routing_key"], opened["event_action"]) == ("an-integration-key", "trigger")
    payload = opened["payload"]
    assert (payload["summary"], payload["severity"], payload["component"]) == (TITLE, "critical", "seedtest-api")
    assert (payload["class"], stage.read(payload["group"])) == ("AvailabilityBudgetBurn", "apis")
    details = payload["custom_details"]
    assert (details["dashboard"], details["runbook"]) == (DASHBOARD, RUNBOOK)
    assert details["description"].startswith(f"- 5 % of the requests failed & <1.44 % may. (since {since(alert)})\n")
    closed = stage.posted("pagerduty", replace(alert, ended=True))
    assert (closed["event_action"], closed["dedup_key"]) == ("resolve", opened["dedup_key"])


def test_a_pager_hears_nothing_of_warnings(stage: Stage) -> None:
    stage.posted("slack", stage.alert(severity="warning"))
    stage.posted("pagerduty", stage.alert(service="another-api"))
    assert [each["payload"]["component"] for each in stage.webhooks.to("pagerduty")] == ["another-api"]


def test_watchdog_becomes_the_heartbeat_and_is_told_nobody_else(stage: Stage) -> None:
    watchdog = Alert({"alertname": "Watchdog", "severity": "none"}, {}, datetime.now(UTC))
    assert stage.posted("heartbeat", watchdog)["status"] == "firing"
    stage.posted("slack", stage.alert())
    assert all("Watchdog" not in str(each) for each in stage.webhooks.to("slack"))


def test_opsgenie_wakes_the_team(client: lightkube.Client, tmp_path: Path) -> None:
    with staged(client, tmp_path, {"opsgenie": {"apiKey": "an-api-key", "team": "Platform"}}) as stage:
        alert = stage.alert()
        opened = stage.posted("opsgenie", alert)
        assert (opened["message"], opened["priority"], opened["entity"]) == (TITLE, "P1", "seedtest-api")
        assert opened["responders"] == [{"name": "Platform", "type": "team"}]
        assert f"Runbook: {RUNBOOK}\n" in opened["description"]
        assert stage.posted(f"opsgenie/v2/alerts/{opened['alias']}/close", replace(alert, ended=True))


def test_a_plain_webhook_gets_alertmanagers_own_words(client: lightkube.Client, tmp_path: Path) -> None:
    with staged(client, tmp_path, {}) as stage:
        alert = stage.alert()
        opened = stage.posted("pager", alert)
        assert (opened["status"], opened["commonAnnotations"]["runbook_url"]) == ("firing", RUNBOOK)
        assert stage.posted("pager", replace(alert, ended=True))["status"] == "resolved"
