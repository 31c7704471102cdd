"""What a stack says of alerting: who is told, and what could never reach anybody."""

from pathlib import Path
from typing import Any

import pytest

from catalog.alerting import Alerting
from catalog.secrets import SecretKeyReference
from tests.unit.settings_workbench import (
    Place,
    changed,
    encrypted,
    everything,
    from_engine,
    from_file,
    minimal,
    refusal_of_file,
    value_at,
)

SECRET = {"secure": "v1:x"}
REFERENCE = {"secret": "alerting", "key": "key"}
SLACK = {"webhook": SECRET}
NULLS: dict[str, Any] = {"slack": None, "email": None, "pager": None, "heartbeat": None, "runbookUrl": None}
EMAIL = {"to": ["a@example.com"], "from": "b@example.com", "smarthost": "smtp.example.com:587"}


def alerting(folder: Path, settings: dict[str, Any]) -> Alerting:
    return from_file(folder, minimal(alerting=settings)).alerting


def faults(folder: Path, settings: dict[str, Any]) -> list[str]:
    """The faults of an alerting section, without what begins every line."""
    lines = refusal_of_file(folder, minimal(alerting=settings))
    return [line.removeprefix("Pulumi.dev.yaml: config.api-observability:alerting") for line in lines]


def test_alerting_is_optional_as_a_whole_and_in_each_part(tmp_path: Path) -> None:
    assert from_file(tmp_path, minimal()).alerting == Alerting() == alerting(tmp_path, {}) == alerting(tmp_path, NULLS)
    for part, content in everything()["alerting"].items():
        if part != "teams":
            settings = encrypted({"alerting": {part: content}})["alerting"]
            assert alerting(tmp_path, settings).model_fields_set == {part if part != "runbookUrl" else "runbook_url"}


def test_slack_posts_to_deployments_and_email_insists_on_starttls_unless_told_otherwise(tmp_path: Path) -> None:
    settings = alerting(tmp_path, {"slack": SLACK, "email": EMAIL})
    assert settings.slack
    assert settings.slack.channel == "#deployments"
    assert settings.email
    assert (settings.email.require_tls, settings.email.username, settings.email.sender) == (True, None, "b@example.com")


@pytest.mark.parametrize(
    ("pager", "name"),
    [
        ({"pagerduty": {"routingKey": REFERENCE}}, "pagerduty"),
        ({"opsgenie": {"apiKey": REFERENCE, "region": "eu"}}, "opsgenie"),
        ({"opsgenie": {"apiKey": REFERENCE}}, "opsgenie"),
        ({"webhook": {"url": REFERENCE}}, "webhook"),
    ],
)
def test_a_pager_is_one_of_three(tmp_path: Path, pager: dict[str, Any], name: str) -> None:
    found = alerting(tmp_path, {"pager": pager}).pager
    assert found
    assert found.model_fields_set == {name}
    said = getattr(found, name).model_dump(exclude_none=True).values()
    credentials = [value for value in said if value not in ("us", "eu")]
    assert credentials == [SecretKeyReference(secret="alerting", key="key").model_dump()]


@pytest.mark.parametrize("channel", ["#deployments", "#a_b-1", "#배포-알림", "@anna.k", "C0123456789", "G01ABCDEF"])
def test_a_channel_is_a_name_a_person_or_an_id(tmp_path: Path, channel: str) -> None:
    slack = alerting(tmp_path, {"slack": {**SLACK, "channel": channel}}).slack
    assert slack
    assert slack.channel == channel


@pytest.mark.parametrize("channel", [None, "", "#", "deployments", "#Two", "#a b", "#a,#b", "##a", "C01", 3])
def test_what_is_no_channel_is_refused_with_a_word_on_yamls_comments(tmp_path: Path, channel: object) -> None:
    (told,) = faults(tmp_path, {"slack": {**SLACK, "channel": channel}})
    assert told.startswith(".slack.channel: ")
    assert "is not a Slack channel ('#name' in lower case, '@name' or an ID; in quotes, since YAML takes '#…'" in told


@pytest.mark.parametrize("address", ["a@b", "first.last+alerts@mail.example.com", "x_y@10-0-0-1.example.com"])
def test_an_address_may_be_any_mailbox(tmp_path: Path, address: str) -> None:
    email = alerting(tmp_path, {"email": {**EMAIL, "to": [address]}}).email
    assert email
    assert email.to == [address]


@pytest.mark.parametrize("smarthost", ["smtp.example.com:587", "10.0.0.1:25", "relay:65535", "mail-1.mail.svc:1"])
def test_a_smarthost_is_a_host_and_a_port(tmp_path: Path, smarthost: str) -> None:
    email = alerting(tmp_path, {"email": {**EMAIL, "smarthost": smarthost}}).email
    assert email
    assert email.smarthost == smarthost


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"email": {**EMAIL, "to": []}}, ".email.to: is empty; name at least one address, or leave the key out"),
        ({"email": {**EMAIL, "to": "a@b"}}, ".email.to: 'a@b' is not a list"),
        (
            {"email": {**EMAIL, "to": ["a@b", "Anna <a@b>"]}},
            ".email.to[1]: 'Anna <a@b>' is not an email address, without",
        ),
        ({"email": {**EMAIL, "from": "alerts"}}, ".email.from: 'alerts' is not an email address"),
        ({"email": {**EMAIL, "sender": "a@b"}}, ".email.sender: unknown key"),
        (
            {"email": {**EMAIL, "smarthost": "smtp.example.com"}},
            ".email.smarthost: 'smtp.example.com' is not a host and a",
        ),
        ({"email": {**EMAIL, "smarthost": "a:0"}}, ".email.smarthost: 'a:0' is not a host and a port (1–65535)"),
        ({"email": {**EMAIL, "smarthost": "a:65536"}}, ".email.smarthost: 'a:65536' is not a host and a port"),
        ({"email": {**EMAIL, "smarthost": "smtp://a:25"}}, ".email.smarthost: 'smtp://a:25' is not a host and a port"),
        ({"email": {**EMAIL, "requireTls": "no"}}, ".email.requireTls: 'no' is not true or false"),
        (
            {"email": {**EMAIL, "username": "u"}},
            ".email.password: is missing, and there is a username; set it with `pulumi",
        ),
        (
            {"email": {**EMAIL, "password": SECRET}},
            ".email.username: is missing, and there is a password; set both, or",
        ),
        ({"email": {**EMAIL, "smarthost": "a:465"}}, ".email.requireTls: port 465 is TLS from its first byte, without"),
        ({"pager": {}}, ".pager: names none; name exactly one of pagerduty, opsgenie and webhook"),
        (
            {"pager": {"opsgenie": {"apiKey": REFERENCE}, "pagerduty": {"routingKey": REFERENCE}}},
            ".pager: names pagerduty and opsgenie; name exactly one of pagerduty, opsgenie and webhook",
        ),
        (
            {"pager": {"opsgenie": {"apiKey": REFERENCE, "region": "asia"}}},
            ".pager.opsgenie.region: 'asia' is not one of",
        ),
        ({"pager": {"opsgeni": {}}}, ".pager.opsgeni: unknown key — did you mean 'opsgenie'?"),
        ({"pager": {"pagerduty": "key"}}, ".pager.pagerduty: [secret] is not a mapping of keys to values"),
        (
            {"slack": {**SLACK, "chanel": "#a"}},
            ".slack.chanel: unknown key — did you mean 'channel'? (known: webhook, ch",
        ),
        ({"teams": {"a": {}}}, ".teams.a: names no channel; give it slack or email, or leave the team out"),
        ({"teams": {"a": {"email": []}}}, ".teams.a.email: is empty; name at least one address"),
        ({"teams": {"a b": {"slack": "#a"}}}, ".teams.a b: 'a b' is not a label value"),
        (
            {"teams": {"a": {"slack": "#a"}}},
            ".teams.a.slack: nothing could post there without alerting.slack; set that",
        ),
        (
            {"slack": SLACK, "teams": {"a": {"email": ["a@b"]}}},
            ".teams.a.email: nothing could send it without alerting.email; set that first",
        ),
        ({"runbookUrl": "runbooks"}, ".runbookUrl: 'runbooks' is not an http or https address"),
        (
            {"runbookUrl": "https://me:pw@a.example.com"},
            ".runbookUrl: holds a user name or a password, which all who may",
        ),
    ],
)
def test_what_could_never_reach_anybody_is_one_line_at_its_place(
    tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    (line,) = faults(tmp_path, settings)
    assert line.startswith(told)
    assert "me:pw" not in line


def test_all_faults_of_all_channels_are_told_at_once(tmp_path: Path) -> None:
    settings = {
        "slack": {"channel": "here"},
        "email": {**EMAIL, "to": [], "smarthost": "a"},
        "pager": {},
        "heartbeat": {"url": "https://clear.example.com"},
        "teams": {"a": {}, "b": {"slack": "b"}},
        "runbookUrl": "x",
    }
    assert [line.split(": ")[0] for line in faults(tmp_path, settings)] == [
        ".slack.webhook",
        ".slack.channel",
        ".email.to",
        ".email.smarthost",
        ".pager",
        ".heartbeat.url",
        ".teams.a",
        ".teams.b.slack",
        ".runbookUrl",
    ]


def test_port_465_is_accepted_once_starttls_is_not_asked_for(tmp_path: Path) -> None:
    email = alerting(tmp_path, {"email": {**EMAIL, "smarthost": "smtp.example.com:465", "requireTls": False}}).email
    assert email
    assert email.require_tls is False


@pytest.mark.parametrize(("channel", "warned"), [("#learning", True), ("#alerts", False)])
def test_a_team_whose_channel_the_webhook_may_not_reach_is_a_warning(channel: str, warned: bool) -> None:
    place: Place = ("alerting", "teams", "learning", "slack")
    assert value_at(everything(), ("alerting", "slack", "channel")) == "#alerts"
    settings = from_engine(changed(everything(), place, channel), ("alerting", "prometheus"))
    told = {path: message for path, message in settings.warnings if "legacy webhook" in message}
    assert list(told) == (["alerting.teams.learning.slack"] if warned else [])


def test_a_team_is_told_in_its_own_channels_and_otherwise_where_all_others_are(tmp_path: Path) -> None:
    teams = {"chatty": {"slack": "#chatty"}, "mailed": {"email": ["c@example.com"]}}
    settings = alerting(tmp_path, {"slack": SLACK, "email": EMAIL, "teams": teams})
    told = {team: (settings.slack_channel(team), settings.email_addresses(team)) for team in (*teams, "other", None)}
    everybody = ("#deployments", ["a@example.com"])
    assert told == {
        "chatty": ("#chatty", ["a@example.com"]),
        "mailed": ("#deployments", ["c@example.com"]),
        "other": everybody,
        None: everybody,
    }


def test_what_is_not_set_tells_nobody(tmp_path: Path) -> None:
    for settings in (Alerting(), alerting(tmp_path, {"heartbeat": {"url": SECRET}})):
        assert not settings.has_channel
        assert (settings.slack_channel(None), settings.email_addresses(None)) == (None, [])
    for part in ({"slack": SLACK}, {"email": EMAIL}, {"pager": {"webhook": {"url": REFERENCE}}}):
        assert alerting(tmp_path, part).has_channel


def test_an_adopted_alertmanager_may_pick_its_configurations_by_labels_of_its_own(tmp_path: Path) -> None:
    assert alerting(tmp_path, {"labels": {"alertmanagerConfig": "apis"}}).labels == {"alertmanagerConfig": "apis"}
    assert faults(tmp_path, {"labels": {"a b": "c"}})[0].startswith(".labels.a b: 'a b' is not a label key")
