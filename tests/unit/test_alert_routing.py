"""AlertRouting: one AlertmanagerConfig in each namespace whose alerts are ours, and whom it tells."""

import base64
from typing import Any

import pytest

from catalog.alerting import Alerting
from catalog.platform import Monitoring
from cli.recording import Recording, record
from components.alert_routing import AlertRouting, AlertRoutingArgs
from tests.unit.settings_workbench import SENTINEL, everything, from_engine, minimal

NAMESPACES = ["apis", "argo-rollouts"]
ADOPTED = {"install": False, "release": "stack"}


def alerting(**settings: Any) -> Alerting:
    """An alerting section as the engine gives it; without settings one that says all that can be said."""
    section = settings or everything()["alerting"]
    return from_engine(minimal(alerting=section), ("alerting",) if SENTINEL in str(section) else ()).alerting


def part(*names: str, **more: Any) -> Alerting:
    """Only these parts of an alerting section that says everything, and `more`."""
    return alerting(**{name: everything()["alerting"][name] for name in names}, **more)


def recorded(
    settings: Alerting, preview: bool = True, monitoring: dict[str, Any] | None = None, namespaces: Any = None
) -> Recording:
    args = AlertRoutingArgs(settings, Monitoring.model_validate(monitoring or {}), "prod", namespaces or NAMESPACES)
    return record(lambda: AlertRouting("alert-routing", args), stack="prod", preview=preview)[1]


def config(recording: Recording, namespace: str = "apis") -> dict[str, Any]:
    """The `spec` of the AlertmanagerConfig in a namespace."""
    spec: dict[str, Any] = recording.one("AlertmanagerConfig", f"{namespace}-alert-routing").inputs["spec"]
    return spec


def receiver(recording: Recording, name: str, namespace: str = "apis") -> dict[str, Any]:
    (found,) = [each for each in config(recording, namespace)["receivers"] if each["name"] == name]
    return dict(found)


def matchers(route: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["name"], each["matchType"], each["value"]) for each in route["matchers"]]


def test_each_namespace_has_its_own_configuration_and_an_installed_stack_one_for_all_others(preview: bool) -> None:
    installed = recorded(alerting(), preview)
    roots = {
        entry.inputs["metadata"]["namespace"]: matchers(entry.inputs["spec"]["route"])
        for entry in installed.of("AlertmanagerConfig")
    }
    assert roots == {
        "apis": [("namespace", "=", "apis")],
        "argo-rollouts": [("namespace", "=", "argo-rollouts")],
        "monitoring": [("namespace", "!~", "apis|argo-rollouts")],
    }
    adopted = recorded(alerting(), preview, ADOPTED)
    assert sorted(entry.inputs["metadata"]["namespace"] for entry in adopted.of("AlertmanagerConfig")) == NAMESPACES


@pytest.mark.parametrize("install", [True, False])
def test_a_namespace_that_has_two_parts_of_the_platform_is_routed_once(install: bool) -> None:
    for shared in (["apis", "monitoring"], ["apis", "apis"]):
        found = recorded(alerting(), True, {"install": install}, shared).of("AlertmanagerConfig")
        namespaces = [entry.inputs["metadata"]["namespace"] for entry in found]
        assert sorted(namespaces) == sorted({*shared, *(["monitoring"] if install else [])})


def test_alertmanager_picks_it_by_the_release_and_by_what_an_adopted_one_asks_for(preview: bool) -> None:
    labels = {"alertmanagerConfig": "apis"}
    found = recorded(part("slack", labels=labels), preview, ADOPTED).one("AlertmanagerConfig", "apis-alert-routing")
    assert found.inputs["apiVersion"] == "monitoring.coreos.com/v1alpha1"
    assert found.inputs["metadata"]["labels"].items() >= {"release": "stack", **labels}.items()


def test_without_anybody_to_tell_nothing_is_made_and_that_is_said(preview: bool) -> None:
    assert [entry.kind for entry in recorded(Alerting(), preview).resources] == ["AlertRouting"]
    ((path, told),) = Alerting().unheard
    assert (path, told.split(",")[0]) == ("alerting", "names no channel")


def test_warnings_that_nobody_hears_of_are_said_too() -> None:
    ((path, told),) = part("pager").unheard
    assert (path, told.split(",")[0]) == ("alerting", "names a pager alone")
    assert "warnings are seen in Prometheus" in told
    assert part("slack").unheard == part("email").unheard == []


def test_secrets_are_written_beside_each_configuration_and_only_there(preview: bool) -> None:
    recording = recorded(alerting(), preview)
    for namespace in [*NAMESPACES, "monitoring"]:
        secret = recording.one("Secret", f"{namespace}-alert-routing")
        found = recording.one("AlertmanagerConfig", f"{namespace}-alert-routing")
        assert secret.secret_inputs == ("data",)
        assert secret.inputs["metadata"]["namespace"] == namespace
        assert secret.urn in found.depends_on
        heartbeat = {"heartbeat.url"} if namespace == "monitoring" else set()
        paths = {"slack.webhook", "email.password", "pager.pagerduty.routingKey"} | heartbeat
        assert set(secret.inputs["data"]) == paths
        assert all(SENTINEL in base64.b64decode(value).decode() for value in secret.inputs["data"].values())
        assert SENTINEL not in str(found.inputs)


def test_secrets_that_are_there_already_are_referred_to(preview: bool) -> None:
    recording = recorded(part(slack={"webhook": {"secret": "chat", "key": "url"}}), preview)
    assert recording.of("Secret") == []
    (slack,) = receiver(recording, "default")["slackConfigs"]
    assert slack["apiURL"] == {"name": "chat", "key": "url"}


def test_a_team_hears_of_its_own_in_its_channels_and_of_the_rest_where_all_others_do() -> None:
    teams = {"learning": {"slack": "#learning"}, "exams": {"email": ["x@example.com", "y@example.com"]}}
    recording = recorded(part("slack", "email", teams=teams))

    def told(name: str) -> tuple[str, str]:
        found = receiver(recording, name)
        return found["slackConfigs"][0]["channel"], found["emailConfigs"][0]["to"]

    assert told("default") == ("#alerts", "oncall@example.com")
    assert told("team-learning") == ("#learning", "oncall@example.com")
    assert told("team-exams") == ("#alerts", "x@example.com, y@example.com")


def test_a_pager_hears_of_critical_alerts_besides_those_who_hear_of_all() -> None:
    routes = config(recorded(part("slack", "pager")))["route"]["routes"]
    paged = [route for route in routes if route["receiver"] == "pager"]
    assert [(matchers(route), route["continue"]) for route in paged] == [([("severity", "=", "critical")], True)]
    assert not [route for route in config(recorded(part("slack")))["route"]["routes"] if route.get("continue")]


def test_with_a_pager_alone_nobody_else_is_told() -> None:
    assert receiver(recorded(part("pager")), "default") == {"name": "default"}


def test_critical_alerts_are_told_again_each_hour_and_others_twice_a_day() -> None:
    root = config(recorded(alerting()))["route"]
    critical = [("severity", "=", "critical")]
    repeats = {(route["receiver"], route["repeatInterval"]) for route in root["routes"] if matchers(route) == critical}
    assert repeats == {("pager", "1h"), ("default", "1h")}
    (team,) = [route for route in root["routes"] if route["receiver"] == "team-learning"]
    assert [(matchers(route), route["repeatInterval"]) for route in team["routes"]] == [(critical, "1h")]
    assert "repeatInterval" not in team
    assert root["repeatInterval"] == "12h"


PAGERS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "pagerduty": (
        {"pagerduty": {"routingKey": SENTINEL}},
        "pagerdutyConfigs",
        {"routingKey": {"name": "alert-routing", "key": "pager.pagerduty.routingKey"}, "severity": "critical"},
    ),
    "opsgenie": (
        {"opsgenie": {"apiKey": SENTINEL, "region": "eu", "team": "Platform"}},
        "opsgenieConfigs",
        {
            "apiKey": {"name": "alert-routing", "key": "pager.opsgenie.apiKey"},
            "apiURL": "https://api.eu.opsgenie.com/",
            "priority": "P1",
            "responders": [{"type": "team", "name": "Platform"}],
        },
    ),
    "webhook": (
        {"webhook": {"url": f"https://pager.example.com/{SENTINEL}"}},
        "webhookConfigs",
        {"urlSecret": {"name": "alert-routing", "key": "pager.webhook.url"}, "sendResolved": True},
    ),
}


@pytest.mark.parametrize("kind", PAGERS)
def test_a_pager_is_called_by_its_own_kind_of_integration(kind: str, preview: bool) -> None:
    settings, field, wanted = PAGERS[kind]
    (found,) = receiver(recorded(part(pager=settings), preview), "pager")[field]
    assert found.items() >= {**wanted, "sendResolved": True}.items()


def test_an_integration_of_opsgenies_own_team_needs_no_responder() -> None:
    found = receiver(recorded(part(pager={"opsgenie": {"apiKey": SENTINEL}})), "pager")["opsgenieConfigs"][0]
    assert "responders" not in found
    assert found["apiURL"] == "https://api.opsgenie.com/"


def test_a_mail_server_without_a_login_is_not_given_one() -> None:
    email = {
        key: value for key, value in everything()["alerting"]["email"].items() if key not in ("username", "password")
    }
    (found,) = receiver(recorded(part(email=email)), "default")["emailConfigs"]
    assert not {"authUsername", "authPassword"} & set(found)
    assert found["requireTLS"] is True


def test_the_heartbeat_follows_watchdog_where_the_stack_has_one_and_a_watchdog_of_our_own_elsewhere(
    preview: bool,
) -> None:
    installed, adopted = recorded(alerting(), preview), recorded(alerting(), preview, ADOPTED)
    beating = {
        entry.inputs["metadata"]["namespace"]
        for recording in (installed, adopted)
        for entry in recording.of("AlertmanagerConfig")
        if any(route["receiver"] == "heartbeat" for route in entry.inputs["spec"]["route"]["routes"])
    }
    assert beating == {"monitoring", "apis"}
    assert installed.of("PrometheusRule") == []
    rule = adopted.one("PrometheusRule", "watchdog").inputs
    assert rule["metadata"]["namespace"] == "apis"
    assert rule["metadata"]["labels"]["release"] == "stack"
    (group,) = rule["spec"]["groups"]
    assert group["interval"] == "30s", "an adopted Prometheus may evaluate by another one"
    (alert,) = group["rules"]
    assert (alert["alert"], alert["expr"]) == ("Watchdog", "vector(1)")
    assert alert["labels"] == {"severity": "none", "namespace": "apis"}
    assert recorded(part("slack"), preview, ADOPTED).of("PrometheusRule") == []


def test_the_heartbeat_is_one_state_and_has_no_end(preview: bool) -> None:
    found = receiver(recorded(part("heartbeat"), preview), "heartbeat", "monitoring")["webhookConfigs"]
    assert found == [{"urlSecret": {"name": "alert-routing", "key": "heartbeat.url"}, "sendResolved": False}]


def test_what_silences_the_alerts_of_others_is_left_to_the_chart(preview: bool) -> None:
    assert "inhibitRules" not in config(recorded(alerting(), preview), "monitoring")
