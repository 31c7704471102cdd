"""What an AnalysisTemplate measures, how it judges, and how the steps and the background of a Rollout use it."""

import re
from pathlib import Path
from typing import Any

import pytest

from catalog.services import Service
from observability import analysis
from tests.unit.catalog_workbench import service as service_with

COMPARED = "compareWithStable: {errorRate: {factor: 1.5, margin: 0.5%}, p95: {margin: 20ms}, p99: {factor: 2}}"
EVERYTHING = f"errorRate: 1%, p95: 250ms, p99: 500ms, {COMPARED}"


def with_criteria(tmp_path: Path, criteria: str, more: str = "") -> Service:
    return service_with(tmp_path, f"canary: {{analysis: {{{criteria}}}{more}}}")


def template(service: Service) -> dict[str, Any]:
    return analysis.template_spec(service, "apis", "http://prometheus:9090")


def metrics_of(service: Service) -> dict[str, dict[str, Any]]:
    return {metric["name"]: metric for metric in template(service)["metrics"]}


def values_of(arguments: list[dict[str, Any]]) -> dict[str, str]:
    return {argument["name"]: argument["value"] for argument in arguments if "value" in argument}


def resolved(service: Service, use: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The metrics with the arguments filled in as Argo Rollouts does: the Rollout's before the template's."""
    values = values_of(template(service)["args"]) | values_of(use["args"])
    found = {}
    for name, metric in metrics_of(service).items():
        filled = {key: _filled(value, values) for key, value in metric.items()}
        found[name] = filled
    return found


def _filled(value: object, values: dict[str, str]) -> object:
    if not isinstance(value, str):
        return value
    return re.sub(r"\{\{args\.([-a-z]+)}}", lambda match: values[match[1]], value)


def step(service: Service) -> dict[str, dict[str, Any]]:
    return resolved(service, analysis.step_analysis(service))


def background(service: Service) -> dict[str, dict[str, Any]]:
    use = analysis.background_analysis(service)
    assert use is not None
    return resolved(service, use)


def test_every_criterion_is_measured(tmp_path: Path) -> None:
    everything = [
        *("error-rate", "p95-latency", "p99-latency"),
        *("error-rate-against-stable", "p95-latency-against-stable", "p99-latency-against-stable"),
    ]
    assert list(metrics_of(with_criteria(tmp_path, EVERYTHING))) == everything
    assert list(metrics_of(with_criteria(tmp_path, "errorRate: null, p95: null, p99: 1s"))) == ["p99-latency"]
    only_compared = "errorRate: null, p95: null, compareWithStable: {p95: {factor: 2}}"
    assert list(metrics_of(with_criteria(tmp_path, only_compared))) == ["p95-latency-against-stable"]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("error-rate", "< 0.01", ">= 0.01"),
        ("p95-latency", "< 0.25", ">= 0.25"),
        ("p99-latency", "< 0.5", ">= 0.5"),
        ("error-rate-against-stable", "<= 0", "> 0"),
        ("p95-latency-against-stable", "<= 0", "> 0"),
    ],
)
def test_every_number_is_either_good_or_bad(tmp_path: Path, name: str, good: str, bad: str) -> None:
    metric = metrics_of(with_criteria(tmp_path, EVERYTHING))[name]
    assert metric["successCondition"].endswith(f" : result[0] {good})")
    assert metric["failureCondition"].endswith(f" : result[0] {bad})")


def test_an_empty_answer_is_neither_good_nor_bad(tmp_path: Path) -> None:
    for metric in metrics_of(with_criteria(tmp_path, EVERYTHING)).values():
        for condition in (metric["successCondition"], metric["failureCondition"]):
            assert condition.startswith("len(result) > 0 && (isNaN(result[0]) ? ")


@pytest.mark.parametrize("on_no_traffic", ["pause", "rollback", "pass"])
def test_a_step_treats_no_traffic_as_the_catalog_says(tmp_path: Path, on_no_traffic: str) -> None:
    metric = step(with_criteria(tmp_path, f"onNoTraffic: {on_no_traffic}"))["error-rate"]
    assert f"? '{on_no_traffic}' == 'pass' :" in metric["successCondition"]
    assert f"? '{on_no_traffic}' == 'rollback' :" in metric["failureCondition"]


@pytest.mark.parametrize("on_no_traffic", ["pause", "rollback", "pass"])
def test_the_background_never_judges_no_traffic(tmp_path: Path, on_no_traffic: str) -> None:
    metric = background(with_criteria(tmp_path, f"onNoTraffic: {on_no_traffic}"))["error-rate"]
    assert "? 'ignore' == 'pass' :" in metric["successCondition"]
    assert "? 'ignore' == 'rollback' :" in metric["failureCondition"]


def test_the_canary_is_rolled_back_at_the_failure_that_the_catalog_names(tmp_path: Path) -> None:
    assert {metric["failureLimit"] for metric in metrics_of(with_criteria(tmp_path, EVERYTHING)).values()} == {0}
    third = with_criteria(tmp_path, "rollbackAfterFailures: 3")
    assert {metric["failureLimit"] for metric in metrics_of(third).values()} == {2}


@pytest.mark.parametrize(("outage", "errors"), [("5m", 30), ("55s", 6), ("1s", 1)])
def test_an_outage_is_survived_by_as_many_errors_as_are_ten_seconds_apart(
    tmp_path: Path, outage: str, errors: int
) -> None:
    service = with_criteria(tmp_path, f"surviveOutageOf: {outage}")
    assert {metric["consecutiveErrorLimit"] for metric in metrics_of(service).values()} == {errors}


def test_a_step_takes_as_many_measurements_as_the_catalog_says(tmp_path: Path) -> None:
    service = with_criteria(tmp_path, "count: 7, interval: 30s")
    assert {(metric["count"], metric["interval"]) for metric in step(service).values()} == {("7", "30s")}


def test_the_background_measures_twice_a_scrape_and_without_end(tmp_path: Path) -> None:
    service = with_criteria(tmp_path, "count: 7, interval: 30s")
    assert {(metric["count"], metric["interval"]) for metric in background(service).values()} == {("0", "7s500ms")}


def test_a_step_waits_for_two_scrapes_and_the_background_for_a_whole_window_more_but_for_errors(tmp_path: Path) -> None:
    service = with_criteria(tmp_path, f"window: 2m, {EVERYTHING}")
    assert {metric["initialDelay"] for metric in step(service).values()} == {"30s"}
    delays = {name: metric["initialDelay"] for name, metric in background(service).items()}
    assert delays.pop("error-rate") == "15s"
    assert "error-rate-against-stable" in delays
    assert set(delays.values()) == {"2m30s"}


@pytest.mark.parametrize(
    ("criteria", "limit"), [("interval: 60s", "2"), ("window: 4m", "4"), ("window: 4m, count: 10", "5")]
)
def test_a_step_forgives_what_a_restarted_prometheus_cannot_see(tmp_path: Path, criteria: str, limit: str) -> None:
    assert {metric["inconclusiveLimit"] for metric in step(with_criteria(tmp_path, criteria)).values()} == {limit}


@pytest.mark.parametrize("count", [1, 2])
def test_a_step_never_passes_without_a_single_verdict(tmp_path: Path, count: int) -> None:
    metric = step(with_criteria(tmp_path, f"count: {count}"))["error-rate"]
    assert int(metric["inconclusiveLimit"]) == count - 1


def test_the_background_never_pauses_for_lack_of_data(tmp_path: Path) -> None:
    assert {metric["inconclusiveLimit"] for metric in background(with_criteria(tmp_path, "")).values()} == {
        "2147483647"
    }


def test_without_background_there_is_none(tmp_path: Path) -> None:
    assert analysis.background_analysis(with_criteria(tmp_path, "", ", background: false")) is None


@pytest.mark.parametrize(
    ("steps", "first"),
    [
        ("{setWeight: 10}, {pause: 60s}, {analysis: true}", 1),
        ("{pause: 10s}, {pause: 20s}, {setWeight: 10}, {analysis: true}", 3),
        ("{pause: 60s}", 0),
    ],
)
def test_the_background_begins_once_the_first_weight_is_reached(tmp_path: Path, steps: str, first: int) -> None:
    use = analysis.background_analysis(with_criteria(tmp_path, "", f", steps: [{steps}]"))
    assert use is not None
    assert use["startingStep"] == first


def test_steps_and_background_refer_to_the_template_of_the_service_and_keep_as_much(tmp_path: Path) -> None:
    service = with_criteria(tmp_path, "keep: 7")
    for use in (analysis.step_analysis(service), analysis.background_analysis(service)):
        assert use is not None
        assert use["templates"] == [{"templateName": "a-api"}]
        assert use["measurementRetention"] == [{"metricName": ".*", "limit": 7}]


def test_a_criterion_that_is_only_measured_decides_nothing_anywhere(tmp_path: Path) -> None:
    service = with_criteria(tmp_path, f"{EVERYTHING}, dryRun: [p95, p95]")
    for use in (analysis.step_analysis(service), analysis.background_analysis(service)):
        assert use is not None
        rules = [rule["metricName"] for rule in use["dryRun"]]
        # A second rule for a metric is an error to Argo Rollouts, and so is one that matches none.
        dry = [[name for name in metrics_of(service) if re.search(rule, name)] for rule in rules]
        assert dry == [["p95-latency"], ["p95-latency-against-stable"]]
    assert "dryRun" not in analysis.step_analysis(with_criteria(tmp_path, EVERYTHING))


def test_the_canary_is_told_apart_by_its_pod_template_hash(service: Service) -> None:
    for metric in metrics_of(service).values():
        query = metric["provider"]["prometheus"]["query"]
        assert 'namespace="apis",service="univprepai-api",rollouts_pod_template_hash="{{args.canary-hash}}"' in query
        assert "version" not in query


def test_the_rollout_tells_the_hashes_that_the_queries_need(tmp_path: Path) -> None:
    plain, compared = with_criteria(tmp_path, ""), with_criteria(tmp_path, COMPARED)
    latest = {"name": "canary-hash", "valueFrom": {"podTemplateHashValue": "Latest"}}
    stable = {"name": "stable-hash", "valueFrom": {"podTemplateHashValue": "Stable"}}
    assert analysis.step_analysis(plain)["args"] == [latest]
    assert analysis.step_analysis(compared)["args"] == [latest, stable]
    use = analysis.background_analysis(compared)
    assert use is not None
    assert use["args"][:2] == [latest, stable]


@pytest.mark.parametrize("criteria", ["", EVERYTHING])
def test_every_argument_has_a_value_and_is_used(tmp_path: Path, criteria: str) -> None:
    service = with_criteria(tmp_path, criteria)
    spec = template(service)
    known = {argument["name"] for argument in spec["args"]}
    assert set(re.findall(r"\{\{args\.([-a-z]+)}}", str(spec["metrics"]))) == known
    for use in (analysis.step_analysis(service), analysis.background_analysis(service)):
        assert use is not None
        given = {argument["name"] for argument in use["args"]}
        assert given <= known
        assert known - set(values_of(spec["args"])) <= given


def test_the_checks_are_what_the_template_asks(tmp_path: Path) -> None:
    service = with_criteria(tmp_path, EVERYTHING)
    asked = {name: metric["provider"]["prometheus"] for name, metric in metrics_of(service).items()}
    found = analysis.checks(service, "apis")
    assert {check.name: check.query for check in found} == {name: each["query"] for name, each in asked.items()}
    assert {each["address"] for each in asked.values()} == {"http://prometheus:9090"}
    assert {check.criterion for check in found} == {"errorRate", "p95", "p99"}
