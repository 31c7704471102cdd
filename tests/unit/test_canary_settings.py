"""What an entry may say of its canary and its objectives, and what lies between those values."""

from pathlib import Path

import pytest

from tests.unit.catalog_workbench import entry, fault, load, service, warnings

ROUTED = "hosts: [a.example.com], traffic: {router: nginx}"


def analysis(more: str) -> str:
    return f"canary: {{analysis: {{{more}}}}}"


def steps(more: str) -> str:
    return f"canary: {{steps: [{more}]}}"


def test_with_a_router_the_canary_may_be_scaled_apart_from_its_traffic(tmp_path: Path) -> None:
    more = f"{ROUTED}, {steps('{setCanaryScale: {replicas: 2}}, {setWeight: 1}, {analysis: true}')}"
    step = service(tmp_path, more).canary.steps[0]
    assert step.model_dump(by_alias=True, exclude_none=True) == {"setCanaryScale": {"replicas": 2}}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (steps("{setWeight: 101}"), "canary.steps[0].setWeight: 101 is not a weight (1–100)"),
        (steps("{setWieght: 1}"), "canary.steps[0]: {'setWieght': 1} is not a step (one of {setWeight: …},"),
        (steps("{setWeight: 1, pause: 1s}"), "canary.steps[0]: {'setWeight': 1, 'pause': '1s'} is not a step"),
        (steps("{setWeight: 1}, {pause: x}"), "canary.steps[1].pause: 'x' is not a duration"),
        (steps("{setWeight: 1}, {analysis: false}"), "canary.steps[1].analysis: false — write 'true', or leave it out"),
        (steps("{setWeight: 5}, {setWeight: 5}"), "canary.steps[1].setWeight: 5 does not rise above the 5 before it"),
        (steps("{analysis: true}, {setWeight: 5}"), "canary.steps[0]: before the first setWeight"),
        (steps("{setCanaryScale: {weight: 1}}, {setWeight: 5}"), "canary.steps[0]: without a router the pods are"),
        (
            f"{ROUTED}, {steps('{setCanaryScale: {weight: 1, replicas: 1}}, {setWeight: 5}')}",
            "canary.steps[0].setCanaryScale: needs exactly one of",
        ),
        (steps("{setCanaryScale: {wieght: 1}}"), "canary.steps[0].setCanaryScale.wieght: unknown key — did you mean"),
        (
            f"{ROUTED}, {steps('{setCanaryScale: {matchTrafficWeight: true}}, {setWeight: 5}')}",
            "canary.steps[0].setCanaryScale.matchTrafficWeight: before the first setWeight",
        ),
        (
            "canary: {rollbackWindow: 6}",
            "canary.rollbackWindow: 6 revisions are not kept; use at most revisionHistoryLimit 5",
        ),
        (
            "canary: {minReady: 10m}",
            "canary.progressDeadline: 10m is over before a pod is ready for minReady 10m",
        ),
        ("canary: {dynamicStableScale: true}", "canary.dynamicStableScale: works only where a router splits"),
        ("canary: {abortScaleDownDelay: 30s}", "canary.abortScaleDownDelay: works only where a router splits"),
        (analysis("errorRate: 0"), "canary.analysis.errorRate: 0 could never be met"),
        (analysis("p95: 300"), "canary.analysis.p95: 5m is no limit for a request"),
        (analysis("p99: 11s"), "canary.analysis.p99: 11s is above the histogram's last bucket 10s"),
        (analysis("p99: 250ms"), "canary.analysis.p99: 250ms is below p95's 300ms"),
        (analysis("p95: null, errorRate: null"), "canary.analysis: has nothing to measure"),
        (analysis("dryRun: [p99]"), "canary.analysis.dryRun: names 'p99', which is no criterion here"),
        (analysis("dryRun: [p98]"), "canary.analysis.dryRun[0]: 'p98' is not one of 'errorRate', 'p95' or 'p99'"),
        (analysis("count: 2, rollbackAfterFailures: 3"), "canary.analysis.rollbackAfterFailures: 3 failures can never"),
        (analysis("interval: 14s"), "canary.analysis.interval: 14s is shorter than the scrape interval 15s"),
        (analysis("window: 59s"), "canary.analysis.window: 59s is less than 4 scrapes of 15s"),
        (analysis("onNoTraffic: ignore"), "canary.analysis.onNoTraffic: 'ignore' is not one of 'pause'"),
        (
            analysis("compareWithStable: {errorRate: {factor: 1}}"),
            "canary.analysis.compareWithStable.errorRate: ",
        ),
        (analysis("compareWithStable: {p95: {factor: 0.5}}"), "canary.analysis.compareWithStable.p95.factor: 0.5 is"),
        ("slo: {availability: 100%}", "slo.availability: 100% is no objective (50% to less than 100%"),
        ("slo: {availability: 0.5%}", "slo.availability: 0.5% is no objective"),
        ("slo: {latency: {threshold: 280ms}}", "slo.latency.threshold: 280ms is no bucket of the latency histogram"),
        ("metrics: {buckets: []}", "metrics.buckets: "),
    ],
)
def test_canaries_that_could_not_work_are_refused(tmp_path: Path, more: str, told: str) -> None:
    assert fault(tmp_path, more).startswith(told)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (steps("{setWeight: 50}"), "canary.steps: no analysis stands before the full weight"),
        (
            "hosts: [a.example.com], traffic: {router: istio}, patch: {virtualService: {spec: {http: []}}}",
            "patch.virtualService.spec.http: is applied when the object is made and never again",
        ),
        (steps("{setWeight: 50}, {setWeight: 100}, {analysis: true}"), "canary.steps: no analysis stands before the"),
        (analysis("p95: 320ms"), "canary.analysis.p95: 320ms is no bucket of the latency histogram"),
        (analysis("dryRun: [p95, errorRate]"), "canary.analysis.dryRun: names every criterion"),
        (analysis("minimumRequests: 20"), "canary.analysis.minimumRequests: with 20 requests a measurement, 16 %"),
        ("slo: {latency: {objective: 90%}}", "slo.latency.objective: 90% leaves so large a budget"),
    ],
)
def test_what_may_not_be_what_was_meant_is_a_warning(tmp_path: Path, more: str, told: str) -> None:
    (line,) = warnings(tmp_path, more)
    assert line.startswith(told)


SCALE_ONE, MATCH = "{setCanaryScale: {replicas: 1}}", "{setCanaryScale: {matchTrafficWeight: true}}"


@pytest.mark.parametrize(
    ("plan", "more", "told"),
    [
        (
            f"{SCALE_ONE}, {{setWeight: 10}}, {{analysis: true}}, {{setWeight: 50}}",
            "",
            "canary.steps[0].setCanaryScale: gives the canary 1 of 10 pods, and at steps[3] it gets 50 % of the "
            "requests, which take 5; put {setCanaryScale: {weight: 50}} before that step, and "
            f"{MATCH} after it",
        ),
        (
            f"{{setWeight: 40}}, {{analysis: true}}, {SCALE_ONE}",
            "",
            "canary.steps[2].setCanaryScale: gives the canary 1 of 10 pods, and at steps[2] it gets 40 % of the "
            "requests, which take 4; use {matchTrafficWeight: true}",
        ),
        (
            f"{SCALE_ONE}, {{setWeight: 10}}, {{analysis: true}}",
            ", autoscaling: {min: 2, max: 30, cpu: 70%}",
            "canary.steps[0].setCanaryScale: gives the canary 1 of 30 pods, and at steps[1] it gets 10 % of",
        ),
    ],
)
def test_a_canary_with_fewer_pods_than_its_share_takes_is_a_warning(
    tmp_path: Path, plan: str, more: str, told: str
) -> None:
    (line,) = warnings(tmp_path, f"{ROUTED}, {steps(plan)}{more}")
    assert line.startswith(told)


@pytest.mark.parametrize(
    "plan",
    [
        f"{SCALE_ONE}, {{setWeight: 10}}, {MATCH}, {{analysis: true}}, {{setWeight: 50}}",
        "{setCanaryScale: {weight: 50}}, {setWeight: 10}, {analysis: true}, {setWeight: 50}",
        "{setWeight: 10}, {analysis: true}, {setWeight: 50}",
    ],
)
def test_a_canary_with_enough_pods_for_its_share_is_none(tmp_path: Path, plan: str) -> None:
    assert warnings(tmp_path, f"{ROUTED}, {steps(plan)}") == []


def test_a_comparison_alone_is_a_criterion_like_any_other(tmp_path: Path) -> None:
    alone = "p95: null, errorRate: null, compareWithStable: {p99: {factor: 1.5}}"
    assert warnings(tmp_path, analysis(alone)) == []
    (line,) = warnings(tmp_path, analysis(f"{alone}, dryRun: [p99]"))
    assert line.startswith("canary.analysis.dryRun: names every criterion")


def test_a_threshold_that_is_no_bucket_names_its_neighbours(tmp_path: Path) -> None:
    assert "choose one of 300ms and 400ms" in warnings(tmp_path, analysis("p95: 320ms"))[0]


def test_enough_requests_for_a_verdict_need_no_warning(tmp_path: Path) -> None:
    (line,) = warnings(tmp_path, analysis("minimumRequests: 20"))
    enough = line.split("; ")[1].split()[0]
    assert warnings(tmp_path, analysis(f"minimumRequests: {enough}")) == []


def test_with_autoscaling_the_first_step_is_judged_at_its_fewest_pods(tmp_path: Path) -> None:
    scaled = "replicas: 10, autoscaling: {min: 2, max: 20, cpu: 70%}"
    (warning,) = load(tmp_path, entry(scaled)).warnings
    assert "of 2 pods and one more the nearest is 33 %; use 4 pods or more as autoscaling.min" in str(warning)
    with pytest.raises(Exception, match=r"steps\[0\]\.setWeight: .*\(in environment prod\)"):
        load(tmp_path, entry(scaled), environments=("dev", "prod"))
