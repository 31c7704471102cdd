"""A check that is asked for too early says so, and still tells at once what no waiting would bring."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cli import main
from cli.check import service_groups, shared_groups
from cli.check_youth import Ripening, Youth, ripening
from cli.stacks import read
from observability.checkup import Finding, Kind
from observability.checkup_series import EVERYBODY
from tests.unit.fake_prometheus import Reply, answering, success

SERVICES = [
    *("my-ktube-api", "skillprepai-api", "univprepai-api", "majorprepai-api", "collegeprepai-api"),
    *("dreamseedai-api", "seedtest-api", "mpcstudy-api", "mediprepai-api"),
]
JOBS = ["argo-rollouts", "argo-rollouts-requests"]

Answers = Callable[[str, Mapping[str, str]], Reply]


def loaded_rules() -> list[dict[str, Any]]:
    """Every group of the stack as a Prometheus would tell it that works with all of them."""
    settings, catalog = read("dev")
    groups = [group for service in catalog.services for group in service_groups(service, settings)]
    return [
        {
            "name": group["name"],
            "rules": [
                {"name": rule.get("record") or rule["alert"], "query": rule["expr"], "health": "ok"}
                for rule in group["rules"]
            ],
        }
        for group in [*groups, *shared_groups(settings, catalog)]
    ]


def young_prometheus(age: float, without_targets: tuple[str, ...] = (), rules: Any = None) -> Answers:
    """Scrapes for `age` seconds, and has recorded nothing."""
    groups = loaded_rules() if rules is None else rules
    services = [name for name in SERVICES if name not in without_targets]
    targets = [
        *({"labels": {"namespace": "apis", "service": name, "job": name}, "health": "up"} for name in services),
        *({"labels": {"namespace": "argo-rollouts", "job": name}, "health": "up"} for name in JOBS),
    ]

    def answer(path: str, parameters: Mapping[str, str]) -> Reply:
        if path == "targets":
            return success({"activeTargets": targets})
        if path == "rules":
            return success({"groups": groups})
        began = time.time() - age
        found: list[dict[str, Any]] = []
        if parameters["query"].startswith("min by (service) (min_over_time(timestamp(up{"):
            found = [{"metric": {"service": name}, "value": [0, str(began)]} for name in services]
        if parameters["query"].startswith("min by (job) (min_over_time(timestamp(up{"):
            found = [{"metric": {"job": name}, "value": [0, str(began)]} for name in JOBS]
        return success({"resultType": "vector", "result": found})

    return answer


def test_a_minute_after_the_first_scrape_it_is_too_early_and_there_are_no_gaps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(young_prometheus(20)) as fake:
        assert main(["check", "--stack", "dev", "--prometheus", fake.url]) == 3
    told = capsys.readouterr().out
    assert "it is too early to tell: " in told
    assert "9 services: the oldest scrape is 2" in told, "some seconds may pass before it is asked"
    assert "ask again in 3m" in told
    assert "\nGAP " not in told


def test_what_no_waiting_would_bring_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    rules = [group for group in loaded_rules() if group["name"] != "univprepai-api.alerts"]
    with answering(young_prometheus(20, ("seedtest-api",), rules)) as fake:
        assert main(["check", "--stack", "dev", "--prometheus", fake.url]) == 1
    told = capsys.readouterr().out
    gaps = told.partition("\nGAP ")[2].partition("\n\n")[0]
    assert "\ntarget  seedtest-api " in gaps
    assert "\nrule    univprepai-api.alerts " in gaps
    others = [name for name in SERVICES if name not in ("seedtest-api", "univprepai-api")]
    assert [name for name in others if name in gaps] == []
    assert "for the others it is too early: " in told
    assert "ask again in" in told


def test_what_is_still_missing_when_it_should_be_there_is_a_gap(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(young_prometheus(3600)) as fake:
        assert main(["check", "--stack", "dev", "--prometheus", fake.url]) == 1
    told = capsys.readouterr().out
    assert "\nmetric " in told.partition("\nGAP ")[2]
    assert "too early" not in told


def gap(kind: Kind, where: str, what: str) -> Finding:
    return Finding(kind, where, what, "gap", "does not exist")


def test_what_is_scraped_is_due_before_what_is_recorded() -> None:
    youth = Youth({"a-api": 60.0, "b-api": 600.0, EVERYBODY: 60.0}, Ripening(45, 225))
    assert not youth.excuses(gap("metric", "a-api", "http_requests_total"))
    assert youth.excuses(gap("metric", "a-api", "service:http_requests:rate5m"))
    assert youth.excuses(gap("panel", EVERYBODY, "Fleet: Requests"))
    assert not youth.excuses(gap("metric", "b-api", "service:http_requests:rate5m"))
    assert not youth.excuses(gap("panel", "without-targets", "API monitoring: Request Rate"))
    assert not youth.excuses(gap("target", "a-api", "no target"))
    assert not youth.excuses(gap("rule", "a-api", "service:http_requests:rate5m"))


def test_a_record_is_due_after_all_that_it_is_made_from() -> None:
    def group(name: str, interval: str, **rules: str) -> dict[str, Any]:
        written = [{"record": record, "expr": expression} for record, expression in rules.items()]
        return {"name": name, "interval": interval, "rules": written}

    known = dict.fromkeys(("http_requests_total", "a", "b", "c"), frozenset({"service"}))
    first = group("a-api.requests", "30s", a="rate(http_requests_total[1m])", b="sum(a)")
    assert ripening([first], known, 15.0) == Ripening(scraped=45.0, recorded=30 + 30 + 15)
    second = group("a-api.days", "2m", c="sum_over_time(b[1d])")
    assert ripening([first, second], known, 15.0) == Ripening(scraped=45.0, recorded=30 + 30 + 120 + 15)
    assert ripening([], known, 15.0) == Ripening(scraped=45.0, recorded=45.0)
