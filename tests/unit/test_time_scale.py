"""The time scale: every duration of a stack's objects so many times shorter, and nothing else of them."""

import re
from pathlib import Path
from typing import Any

import pytest

import program
from catalog.quantities import Duration
from catalog.stack import StackSettings
from catalog.stack_file import load_stack_file
from cli.recording import Recording, record
from local.cluster.bootstrap import OBJECTS, _faster
from local.state import CHECKOUT
from observability.time_scale import faster
from observability.time_scale_promql import faster_expression
from tests.unit.settings_workbench import from_engine, from_file, minimal, refusal

TEN = 10.0
AN_AGE = "time() - process_start_time_seconds{job=~'a|b'}"
FAILURES = "sum by (name) (increase(rollout_reconcile_error{name!~'a|b'}[10m]))"


@pytest.mark.parametrize(
    ("written", "scaled"),
    [
        ("rate(x[1m])", "rate(x[6s])"),
        ("rate(x[15s])", "rate(x[1s500ms])"),
        ("max_over_time(rate(x[5m])[1d:1m] offset 1w)", "max_over_time(rate(x[30s])[2h24m:6s] offset 16h48m)"),
        ("sum(service:http_requests:rate5m{a='5m'})", "sum(service:http_requests:rate5m{a='5m'})"),
        ('x{a="{{args.canary-hash}} 5m \\" 5m"}', 'x{a="{{args.canary-hash}} 5m \\" 5m"}'),
        ("x > 900 # for 5m", "x > 900 # for 5m"),
    ],
)
def test_windows_and_offsets_are_shortened_and_names_and_texts_are_not(written: str, scaled: str) -> None:
    assert faster_expression(written, TEN) == scaled


@pytest.mark.parametrize(
    ("written", "scaled"),
    [
        (f"x unless (y == 1 or {AN_AGE} < 900)", f"x unless (y == 1 or {AN_AGE} < 90)"),
        ("sum_over_time(x{a='b'}[1h]) * 30 >= 10", "sum_over_time(x{a='b'}[6m]) * 3 >= 10"),
        (f"{FAILURES} > 10", f"{FAILURES.replace('10m', '1m')} > 1"),
    ],
)
def test_numbers_that_are_made_of_time_are_shortened(written: str, scaled: str) -> None:
    assert faster_expression(written, TEN) == scaled


@pytest.mark.parametrize(
    ("written", "scaled"),
    [
        ("sum(rate(x[5m])) * 30 > 0.1", "sum(rate(x[30s])) * 30 > 0.1"),
        ("round(sum(increase(x[1m])) * 0.75) >= 51", "round(sum(increase(x[6s])) * 0.75) >= 51"),
        (f"x > 1 and {AN_AGE} and y > 900", f"x > 1 and {AN_AGE} and y > 900"),
    ],
)
def test_rates_ratios_and_counts_of_requests_are_not(written: str, scaled: str) -> None:
    assert faster_expression(written, TEN) == scaled


def test_a_rollout_waits_shorter_and_its_pods_stay_as_they_are() -> None:
    pods = {"spec": {"terminationGracePeriodSeconds": 30, "containers": [{"args": ["5m"], "livenessProbe": {}}]}}
    canary = {
        "steps": [{"setWeight": 10}, {"pause": {"duration": "1m"}}, {"pause": {"duration": 5}}, {"pause": {}}],
        "analysis": {"args": [{"name": "initial-delay", "value": "1m30s"}, {"name": "count", "value": "0"}]},
        "abortScaleDownDelaySeconds": 30,
    }
    spec = {"progressDeadlineSeconds": 600, "minReadySeconds": 5, "template": pods, "strategy": {"canary": canary}}
    found = faster({"kind": "Rollout", "spec": spec}, TEN)["spec"]
    assert (found["progressDeadlineSeconds"], found["minReadySeconds"], found["template"]) == (60, 1, pods)
    scaled = found["strategy"]["canary"]
    assert scaled["steps"] == [
        {"setWeight": 10},
        {"pause": {"duration": "6s"}},
        {"pause": {"duration": 1}},
        {"pause": {}},
    ]
    assert scaled["analysis"]["args"] == [{"name": "initial-delay", "value": "9s"}, {"name": "count", "value": "0"}]
    assert scaled["abortScaleDownDelaySeconds"] == 3


@pytest.mark.parametrize(("interval", "scaled"), [("1m", "6s"), ("15s", "1s500ms"), ("5s", "1s"), ("500ms", "500ms")])
def test_the_controller_is_asked_for_nothing_below_a_second(interval: str, scaled: str) -> None:
    template = {"kind": "AnalysisTemplate", "spec": {"metrics": [{"interval": interval}]}}
    assert faster(template, TEN)["spec"] == {"metrics": [{"interval": scaled}]}


@pytest.mark.parametrize(("limit", "scaled"), [(30, 3), (31, 4), (3, 1)])
def test_fewer_measurements_may_fail_in_a_shorter_outage_since_each_is_repeated_after_ten_seconds(
    limit: int, scaled: int
) -> None:
    template = {"kind": "AnalysisTemplate", "spec": {"metrics": [{"consecutiveErrorLimit": limit}]}}
    assert faster(template, TEN)["spec"] == {"metrics": [{"consecutiveErrorLimit": scaled}]}


def test_routes_of_alerts_are_faster_at_every_depth_and_what_is_at_once_stays_so() -> None:
    route = {"groupWait": "0s", "groupInterval": "5m", "routes": [{"routes": [{"repeatInterval": "12h"}]}]}
    scaled = {"groupWait": "0s", "groupInterval": "30s", "routes": [{"routes": [{"repeatInterval": "1h12m"}]}]}
    assert faster({"kind": "AlertmanagerConfig", "spec": {"route": route}}, TEN)["spec"] == {"route": scaled}


def test_what_holds_no_duration_and_a_scale_of_one_are_left_as_they_are() -> None:
    for kind, scale in (("Service", TEN), ("Rollout", 1.0)):
        manifest = {"kind": kind, "spec": {"progressDeadlineSeconds": 600, "interval": "1m"}}
        assert faster(manifest, scale) is manifest


def recorded(scale: float) -> Recording:
    settings = load_stack_file(CHECKOUT, "local").model_copy(update={"time_scale": scale})
    return record(lambda: program.build(settings, program.load(settings)), stack="local")[1]


def kinds_that_differ(one: Recording, other: Recording) -> set[str]:
    there = other.by_urn
    assert one.by_urn.keys() == there.keys()
    return {each.kind for urn, each in one.by_urn.items() if each.inputs != there[urn].inputs}


def test_a_stack_with_a_scale_has_the_same_objects_and_only_those_with_durations_differ() -> None:
    usual, scaled = recorded(1), recorded(TEN)
    assert kinds_that_differ(usual, scaled) == {"Rollout", "AnalysisTemplate", "ServiceMonitor", "PrometheusRule"}
    rollout = scaled.one("Rollout", "univprepai-api").inputs["spec"]
    assert rollout["strategy"]["canary"]["steps"][1] == {"pause": {"duration": "6s"}}
    (endpoint,) = scaled.one("ServiceMonitor", "univprepai-api").inputs["spec"]["endpoints"]
    assert endpoint["interval"] == "1s500ms"


def alerts_and_records(recording: Recording) -> dict[tuple[str, str], dict[str, Any]]:
    groups = [group for each in recording.of("PrometheusRule") for group in each.inputs["spec"]["groups"]]
    assert groups
    return {
        (group["name"], f"{index} {rule.get('alert') or rule['record']}"): {**rule, "interval": group["interval"]}
        for group in groups
        for index, rule in enumerate(group["rules"])
    }


def test_every_rule_keeps_its_name_its_labels_and_its_texts() -> None:
    usual, scaled = alerts_and_records(recorded(1)), alerts_and_records(recorded(TEN))
    assert usual.keys() == scaled.keys()
    for name, rule in usual.items():
        assert {**scaled[name], "expr": "", "for": "", "interval": ""} == {
            **rule,
            "expr": "",
            "for": "",
            "interval": "",
        } | ({} if "for" in rule else {"for": ""})


WINDOW = re.compile(r"(?:\[|offset )((?:\d+(?:ms|[smhdwy]))+)")


def windows(expression: str) -> list[float]:
    """The seconds of the ranges and offsets of an expression, in their order."""
    outside_of_texts = re.sub(r'"(?:\\.|[^"\\])*"', "", expression)
    return [float(Duration.parse(each.replace("1w", "7d"))) for each in WINDOW.findall(outside_of_texts)]


def test_no_window_of_a_rule_or_an_analysis_is_left_unscaled() -> None:
    usual, scaled = ({name: windows(each) for name, each in expressions(recorded(scale)).items()} for scale in (1, TEN))
    assert {name: [seconds / TEN for seconds in found] for name, found in usual.items()} == scaled
    assert sum(map(len, scaled.values())) > 500


def expressions(recording: Recording) -> dict[tuple[str, str], str]:
    """The expression of every rule, and of every check of an analysis, by where it stands."""
    return {name: rule["expr"] for name, rule in alerts_and_records(recording).items()} | {
        (each.name, metric["name"]): metric["provider"]["prometheus"]["query"]
        for each in recording.of("AnalysisTemplate")
        for metric in each.inputs["spec"]["metrics"]
    }


@pytest.mark.parametrize("value", ["10", 10, 1, 60, "1.5"])
def test_the_scale_is_a_number_to_the_engine_and_in_the_file(tmp_path: Path, value: object) -> None:
    assert from_file(tmp_path, minimal(timeScale=value)).time_scale == float(str(value))
    assert from_engine(minimal(timeScale=value)).time_scale == float(str(value))


@pytest.mark.parametrize("value", [0, 0.5, 61, "fast", True, "nan", None, [10]])
def test_anything_else_is_refused(value: object) -> None:
    (told,) = refusal(minimal(timeScale=value))
    assert "timeScale: " in told
    assert "is not how many times faster (1–60)" in told


def test_production_is_never_faster_than_it_says() -> None:
    production = minimal(environment="prod", timeScale=10)
    production["cluster"]["uid"] = "6f0c1fd2-7d6c-4b9e-9a53-0d6c2a3b1f11"
    (told,) = refusal(production)
    assert told.endswith(
        "timeScale: 10 would let production decide 10 times as fast, on as much less data; leave it out"
    )


def test_elsewhere_it_is_warned_of() -> None:
    assert StackSettings.model_validate(minimal()).warnings == []
    ((path, told),) = StackSettings.model_validate(minimal(timeScale=10)).warnings
    assert path == "timeScale"
    assert "are 10 times as fast" in told


def test_the_embedded_prometheus_is_faster_by_the_same_scale() -> None:
    usual, scaled = (_faster((OBJECTS / "monitoring.yaml").read_text(encoding="utf-8"), scale) for scale in (1, TEN))
    assert "  scrapeInterval: 15000ms\n  evaluationInterval: 15000ms\n" in usual
    assert "  scrapeInterval: 1500ms\n  evaluationInterval: 1500ms\n" in scaled
