"""Who hears of a release."""

from pathlib import Path
from typing import Any

from catalog.alerting import Alerting
from observability.notifications import TRIGGERS, subscriptions
from tests.unit.catalog_workbench import service
from tests.unit.settings_workbench import everything, from_engine

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
