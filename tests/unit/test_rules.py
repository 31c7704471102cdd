"""What every PrometheusRule has: names, labels that routes and links go by, and records that are named in one place."""

import re
from pathlib import Path
from typing import Any

import pytest

from components.rules import argo_rollouts_rules, fleet_rules, service_rules
from observability.links import Links, dashboard_path
from observability.platform_alerts import Releases
from tests.unit.catalog_workbench import load, service

LINKS = Links("https://grafana.example.com/", "https://runbooks.example.com/pages/")
TEAMS = """services:
  a-api: {project: A, port: 8001, image: 'a:1', team: core}
  b-api: {project: A, port: 8002, image: 'b:1', canary: {steps: [{setWeight: 10}, {pause: 2h}]}}
  c-api: {project: A, port: 8003, image: 'c:1'}
"""


def of_service(tmp_path: Path, more: str = "team: core") -> dict[str, Any]:
    return service_rules(service(tmp_path, more), "apis", "stack", LINKS)


def of_platform(tmp_path: Path, text: str = TEAMS) -> dict[str, Any]:
    return argo_rollouts_rules(Releases(load(tmp_path, text).services, "apis", LINKS), "rollouts-here", "stack")


def rules(manifest: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The rules of an object that are alerts (`alert`) or records (`record`)."""
    return [rule for group in manifest["spec"]["groups"] for rule in group["rules"] if kind in rule]


def named(manifest: dict[str, Any], alert: str) -> list[dict[str, Any]]:
    return [rule for rule in rules(manifest, "alert") if rule["alert"] == alert]


def test_prometheus_picks_the_rules_up_by_the_label_of_its_release(tmp_path: Path) -> None:
    services = load(tmp_path, TEAMS).services
    objects = [of_service(tmp_path), of_platform(tmp_path), fleet_rules(services, "apis", "stack")]
    assert [(each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]) for each in objects] == [
        ("PrometheusRule", "apis", "a-api"),
        ("PrometheusRule", "rollouts-here", "argo-rollouts"),
        ("PrometheusRule", "apis", "api-observability-fleet"),
    ]
    assert {each["metadata"]["labels"]["release"] for each in objects} == {"stack"}


def test_every_alert_says_how_urgent_it_is_whose_it_is_and_where_to_look(tmp_path: Path) -> None:
    of = {"namespace": "apis", "service": "a-api", "team": "core"}
    for alert in rules(of_service(tmp_path), "alert"):
        assert of.items() <= alert["labels"].items()
    for alert in [*rules(of_service(tmp_path), "alert"), *rules(of_platform(tmp_path), "alert")]:
        assert alert["labels"]["severity"] in ("critical", "warning")
        told = alert["annotations"]
        assert told.keys() == {"summary", "description", "runbook_url", "dashboard_url"}
        assert told["runbook_url"] == f"https://runbooks.example.com/pages/{alert['alert']}.md"
        assert told["dashboard_url"].startswith("https://grafana.example.com/d/")
        assert len(told["summary"]) <= 90


def test_alerts_about_the_controller_carry_its_namespace(tmp_path: Path) -> None:
    (down,) = named(of_platform(tmp_path), "ArgoRolloutsDown")
    assert down["labels"] == {"severity": "critical", "namespace": "rollouts-here", "service": "argo-rollouts"}


def test_no_label_is_a_template_since_prometheus_would_forget_how_long_such_an_alert_has_held(tmp_path: Path) -> None:
    for rule in [*rules(of_service(tmp_path), "alert"), *rules(of_platform(tmp_path), "alert")]:
        assert not [value for value in rule["labels"].values() if "{{" in value]


def test_a_service_of_nobodys_team_has_no_team_label(tmp_path: Path) -> None:
    assert not [rule for rule in rules(of_service(tmp_path, "enabled: true"), "alert") if "team" in rule["labels"]]


def test_alerts_about_the_rollouts_of_a_team_carry_it_and_all_others_none(tmp_path: Path) -> None:
    rest, core = named(of_platform(tmp_path), "RolloutFailed")
    assert (rest["labels"].get("team"), core["labels"]["team"]) == (None, "core")
    assert 'unless (max by (namespace, name) (rollout_info{phase=~"' in rest["expr"]
    assert 'namespace="apis",name=~"a-api"' in core["expr"]


def test_a_rollout_may_pause_for_as_long_as_its_plan_says(tmp_path: Path) -> None:
    held = {(each["for"], each["labels"].get("team")) for each in named(of_platform(tmp_path), "RolloutPausedTooLong")}
    assert held == {("1h", None), ("1h", "core"), ("2h5m", None)}


def test_a_pause_until_somebody_promotes_does_not_make_the_alert_wait(tmp_path: Path) -> None:
    found = of_platform(tmp_path, TEAMS.replace("pause: 2h", "pause: forever").replace(", team: core", ""))
    assert [each["for"] for each in named(found, "RolloutPausedTooLong")] == ["1h"]


def test_groups_have_names_and_intervals_of_their_own(tmp_path: Path) -> None:
    for manifest in (of_service(tmp_path), of_platform(tmp_path)):
        groups = manifest["spec"]["groups"]
        assert len({group["name"] for group in groups}) == len(groups)
        # What is older than five minutes is forgotten, so that rarer records would come and go.
        assert {group["interval"] for group in groups} <= {"30s", "2m"}
        assert all(group["rules"] for group in groups)


def test_only_rates_over_minutes_read_what_pods_expose(tmp_path: Path) -> None:
    for rule in rules(of_service(tmp_path), "record"):
        raw = re.findall(r"(?<![\w:])http_\w+\{[^}]*\}(\[\w+\])", rule["expr"])
        assert set(raw) <= {"[1m]", "[5m]"}
        assert raw or not re.search(r"(?<![\w:])http_", rule["expr"])


@pytest.mark.parametrize(
    ("interval", "windows"), [("15s", "1m 5m"), ("30s", "2m 5m"), ("1m", "4m 5m"), ("90s", "6m 6m")]
)
def test_a_rate_is_over_four_scrapes_at_least(tmp_path: Path, interval: str, windows: str) -> None:
    of_it = of_service(tmp_path, f"metrics: {{interval: {interval}}}, canary: {{analysis: {{interval: 5m}}}}")
    recorded = {rule["record"]: rule["expr"] for rule in rules(of_it, "record")}
    for record, window in zip(("1m", "5m"), windows.split(), strict=True):
        assert f"[{window}]" in recorded[f"service_version:http_requests:rate{record}"]


def test_the_fleet_sums_up_the_buckets_that_all_services_have(tmp_path: Path) -> None:
    one = "services:\n  a-api: {project: A, port: 1, image: 'a:1', slo: {latency: null}}\n"
    two = one + one.removeprefix("services:\n").replace("a-api", "b-api").replace(
        "}\n", ", metrics: {buckets: [250ms, 1s, 99s]}}\n"
    )
    name = "namespace_le:http_request_duration_seconds_bucket:rate5m"
    summed = []
    for text in (one, two):
        found = rules(fleet_rules(load(tmp_path, text).services, "apis", "stack"), "record")
        summed += [rule["expr"] for rule in found if rule["record"] == name]
    alike, mixed = summed
    assert "le=~" not in alike
    assert r'le=~"0\\.25|1(\\.0)?|\\+Inf"' in mixed


def test_links_lead_to_the_dashboard_of_the_service_or_of_its_rollout() -> None:
    assert dashboard_path("api-observability-fleet") == "/d/api-observability-fleet"
    assert LINKS.of_service("api-observability-api", "apis", "a&b") == (
        "https://grafana.example.com/d/api-observability-api?var-namespace=apis&var-service=a%26b"
    )
    assert LINKS.of_service("argo-rollouts-monitoring", "{{ $labels.namespace }}", "{{ $labels.name }}").endswith(
        "?var-namespace={{ $labels.namespace }}&var-rollout={{ $labels.name }}"
    )


def test_without_addresses_links_are_the_paths_below_them() -> None:
    assert Links().runbook("RolloutFailed") == "docs/runbooks/RolloutFailed.md"
    assert Links().dashboard("api-observability-fleet") == "/d/api-observability-fleet"
