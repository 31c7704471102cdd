"""Who hears of a release, and what the controller is told of it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.alerting import Alerting
from components.cluster_reader import ForbiddenError, Found
from components.notification_secrets import look_up_notification_secrets
from observability.notifications import (
    EMAIL,
    SECRET,
    SLACK,
    TRIGGERS,
    notification_config,
    notification_warnings,
    subscriptions,
)
from tests.unit.catalog_workbench import service
from tests.unit.settings_workbench import SENTINEL, everything, from_engine, minimal

KEY = "notifications.argoproj.io/subscribe"


def alerting(**changed: Any) -> Alerting:
    settings = everything()
    settings["alerting"] |= changed
    return from_engine(settings, ("alerting", "prometheus")).alerting


def test_without_a_channel_nobody_is_subscribed(tmp_path: Path) -> None:
    assert subscriptions(service(tmp_path, "team: a"), Alerting()) == {}


def test_a_team_hears_of_its_own_services_in_its_own_channels(tmp_path: Path) -> None:
    told = alerting(teams={"a": {"slack": "#a", "email": ["x@example.com", "y@example.com"]}})
    found = subscriptions(service(tmp_path, "team: a"), told)
    assert found[f"{KEY}.on-rollout-aborted.slack"] == "#a"
    assert found[f"{KEY}.on-rollout-aborted.email"] == "x@example.com;y@example.com"
    assert len(found) == 2 * len(TRIGGERS)


def test_others_hear_of_theirs_where_everybody_does(tmp_path: Path) -> None:
    told = alerting(teams={"a": {"slack": "#a"}})
    assert told.slack is not None
    assert told.email is not None
    everybody = {told.slack.channel, ";".join(told.email.to)}
    for more in ("team: b", "enabled: true"):
        assert set(subscriptions(service(tmp_path, more), told).values()) == everybody
    assert set(subscriptions(service(tmp_path, "team: a"), told).values()) == {"#a", ";".join(told.email.to)}


def notifier(name: str, **changed: Any) -> Any:
    """The options of a service of the engine."""
    return yaml.safe_load(notification_config(alerting(**changed)).notifiers[name])


def templates() -> dict[str, Any]:
    """What is sent at each trigger, by the trigger's name."""
    data = notification_config(alerting()).data
    triggers = {
        key.removeprefix("trigger."): yaml.safe_load(text) for key, text in data.items() if key.startswith("trigger.")
    }
    # A condition would have the engine send twice: at the event, and when the condition comes true.
    assert all([set(each) for each in conditions] == [{"send"}] for conditions in triggers.values())
    return {name: yaml.safe_load(data[f"template.{conditions[0]['send'][0]}"]) for name, conditions in triggers.items()}


def test_without_a_channel_the_controller_is_told_nothing() -> None:
    assert notification_config(Alerting()).data == {}


def test_whatever_a_team_may_hear_of_is_said_to_slack_and_by_email() -> None:
    said = templates()
    assert set(said) >= {*TRIGGERS, "on-rollout-step-completed"}
    for each in said.values():
        assert each["webhook"][SLACK]["method"] == "POST"
        assert set(each["email"]) == {"subject", "body"}
        assert each["message"] == each["email"]["subject"]


def test_slack_is_a_webhook_by_the_name_that_is_subscribed_to(tmp_path: Path) -> None:
    subscribed = {key.rpartition(".")[2] for key in subscriptions(service(tmp_path, "team: a"), alerting())}
    names = {key.rpartition(".")[2] for key in notification_config(alerting()).notifiers}
    assert names == subscribed == {SLACK, EMAIL}
    assert notifier("service.webhook.slack")["url"] == "$slack-webhook"


def test_a_mail_server_is_logged_in_to_only_where_there_is_a_login() -> None:
    server = {"host": "smtp.example.com", "port": 587, "from": "alerts@example.com"}
    assert notifier("service.email") == {**server, "username": "alerts", "password": "$email-password"}
    open_server = {**everything()["alerting"]["email"], "username": None, "password": None}
    assert notifier("service.email", email=open_server) == server


def test_no_credential_is_in_what_the_controller_is_told() -> None:
    assert SENTINEL not in json.dumps(notification_config(alerting()).data)


def test_messages_link_to_the_dashboard_of_the_release_where_grafana_is_known() -> None:
    address = "https://grafana.example.com/d/api-observability-canary?var-namespace=%s&var-service=%s"
    linked = notification_config(alerting(), "https://grafana.example.com/").templates
    assert all(text.count(address) == 2 for text in linked.values())
    assert not any("/d/" in text for text in notification_config(alerting()).templates.values())


@pytest.mark.parametrize(("secret", "key", "read"), [(SECRET, "url", "$url"), ("mine", "url", "$slack-webhook")])
def test_a_reference_is_followed_within_the_only_secret_that_the_controller_reads(
    secret: str, key: str, read: str
) -> None:
    slack = {"webhook": {"secret": secret, "key": key}}
    assert notifier("service.webhook.slack", slack=slack)["url"] == read
    told = [path for path, _ in notification_warnings(alerting(slack=slack))]
    assert told == ([] if secret == SECRET else ["alerting.slack.webhook"])


def test_a_key_that_the_engine_would_cut_short_is_told() -> None:
    slack = {"webhook": {"secret": SECRET, "key": "slack.url"}}
    ((path, message),) = notification_warnings(alerting(slack=slack))
    assert path == "alerting.slack.webhook"
    assert "'slack-webhook'" in message


def test_what_somebody_has_put_where_the_engine_reads_is_not_told() -> None:
    slack = {"webhook": {"secret": "mine", "key": "url"}}
    assert notification_warnings(alerting(slack=slack), ["slack-webhook"]) == []
    assert len(notification_warnings(alerting(slack=slack), ["email-password"])) == 1


MINE = {"alerting": {"slack": {"webhook": {"secret": "mine", "key": "url"}}}}
ADOPTED = {"platform": {"argoRollouts": {"install": False}}}
TAKEN_OVER = {"platform": {"argoRollouts": {"install": False, "takeOverNotifications": True}}}


def looked_up(found: Found | ForbiddenError, **settings: Any) -> list[str]:
    """What is told of a cluster whose controller has that Secret in its namespace."""

    def read(kind: str, namespace: str, name: str) -> Found:
        assert (kind, namespace, name) == ("Secret", "argo-rollouts", SECRET)
        if isinstance(found, ForbiddenError):
            raise found
        return found

    return [str(problem) for problem in look_up_notification_secrets(from_engine(minimal(**settings)), read)]


@pytest.mark.parametrize("found", [None, {}, {"data": None}, {"data": {"email-password": "eA=="}}])
@pytest.mark.parametrize("platform", [{}, TAKEN_OVER])
def test_a_webhook_that_the_controller_does_not_find_is_told(found: Found, platform: dict[str, Any]) -> None:
    (told,) = looked_up(found, **MINE, **platform)
    assert told == (
        "Pulumi.dev.yaml: config.api-observability:alerting.slack.webhook: "
        f"Argo Rollouts reads no Secret but {SECRET!r} of its own namespace: "
        "put the same there as 'slack-webhook', or name that Secret here"
    )


def test_a_webhook_that_the_controller_finds_is_not_told_on_every_run() -> None:
    assert looked_up({"data": {"slack-webhook": "eA=="}}, **MINE) == []


def test_who_may_not_read_the_controllers_secret_is_told_nothing() -> None:
    assert looked_up(ForbiddenError("no"), **MINE) == []


@pytest.mark.parametrize(
    "settings",
    [{}, {"alerting": {"slack": {"webhook": {"secret": SECRET, "key": "url"}}}}, {**MINE, **ADOPTED}],
    ids=["nothing to tell", "in the Secret that it reads", "the messages are another's"],
)
def test_no_cluster_is_asked_where_the_controller_needs_nothing_more(settings: dict[str, Any]) -> None:
    def read(kind: str, namespace: str, name: str) -> Found:
        pytest.fail(f"asked for {kind} {namespace}/{name}")

    assert look_up_notification_secrets(from_engine(minimal(**settings)), read) == []
