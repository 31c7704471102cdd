"""What became of a release, by the Rollout, its ReplicaSets and its AnalysisRuns."""

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.release_checks import judged
from cli.release_state import Outcome, Pods, Seen, state_of
from observability.analysis_checks import checks
from tests.unit import release_workbench as workbench
from tests.unit.catalog_workbench import service
from tests.unit.release_workbench import (
    CANARY,
    GOOD,
    NAME,
    NEW,
    OLD,
    PAUSED_AT,
    STABLE,
    measured,
    replica_set,
    rollout,
    run,
    state,
)


def waiting(reason: str, index: int, **more: Any) -> dict[str, Any]:
    conditions = [{"reason": reason, "startTime": PAUSED_AT}]
    return rollout(phase="Paused", message=reason, currentStepIndex=index, pauseConditions=conditions, **more)


def test_a_canary_is_under_way_with_its_weight_asked_and_real(tmp_path: Path) -> None:
    found = state(tmp_path, rollout(phase="Progressing", currentStepIndex=2), run(GOOD))
    assert found.outcome is Outcome.UNDER_WAY
    assert (found.step, found.steps[found.step - 1]) == (3, "analysis")
    assert (found.asked, found.real) == (10, 20)
    assert (found.stable, found.canary) == (Pods(4, 4), Pods(1, 1))


def test_with_a_router_the_real_weight_is_what_the_router_was_told(tmp_path: Path) -> None:
    weights = {"weights": {"canary": {"weight": 10}, "stable": {"weight": 90}}}
    assert state(tmp_path, rollout(phase="Progressing", currentStepIndex=2, canary=weights)).real == 10


def test_pods_that_are_not_ready_get_no_requests(tmp_path: Path) -> None:
    assert state(tmp_path, rollout(phase="Progressing", currentStepIndex=0), canary=(0, 1)).real == 0
    assert state(tmp_path, rollout(phase="Progressing", currentStepIndex=0), canary=(0, 1), stable=(0, 4)).real == 0


def test_after_the_last_step_all_is_asked_for(tmp_path: Path) -> None:
    found = state(tmp_path, rollout(phase="Progressing", currentStepIndex=6), canary=(3, 4), stable=(2, 2))
    assert (found.asked, found.real, found.step, len(found.steps)) == (100, 60, 7, 6)


def test_a_timed_pause_says_how_long_it_still_is_and_waits_for_nobody(tmp_path: Path) -> None:
    found = state(tmp_path, waiting("CanaryPauseStep", 1))
    assert found.outcome is Outcome.UNDER_WAY
    assert found.left == 45


def test_a_pause_without_an_end_waits_for_a_person(tmp_path: Path) -> None:
    found = state(tmp_path, waiting("CanaryPauseStep", 4))
    assert (found.outcome, found.reason) == (Outcome.WAITS, "the step 'pause until promoted' waits for a person")


def test_a_pause_that_was_just_ended_waits_for_the_controller_alone(tmp_path: Path) -> None:
    promoted = rollout(phase="Paused", currentStepIndex=4, controllerPause=True)
    assert state(tmp_path, promoted).outcome is Outcome.UNDER_WAY


def test_a_release_that_somebody_paused_waits_for_a_person(tmp_path: Path) -> None:
    found = state(tmp_path, rollout(phase="Paused", currentStepIndex=2, paused=True))
    assert (found.outcome, found.reason) == (Outcome.WAITS, "somebody has paused it")


def test_an_inconclusive_analysis_waits_for_a_person_and_names_what_was_not_known(tmp_path: Path) -> None:
    unknown = {
        "error-rate": measured("[]", "Inconclusive", phase="Inconclusive"),
        "p95-latency": measured("[NaN]", "Inconclusive", phase="Inconclusive"),
    }
    found = state(tmp_path, waiting("InconclusiveAnalysisRun", 2), run(unknown, phase="Inconclusive"))
    assert found.outcome is Outcome.WAITS
    assert found.reason == (
        "inconclusive: error-rate no data, limit < 2 % (step 3), p95-latency no traffic, limit < 300 ms (step 3)"
    )


def test_a_canary_that_failed_is_rolled_back_for_a_reason_with_value_and_limit(tmp_path: Path) -> None:
    failed = {"error-rate": measured("[0.1114]", "Failed", phase="Failed"), "p95-latency": GOOD["p95-latency"]}
    aborted = rollout(phase="Degraded", abort=True, currentStepIndex=0, message="RolloutAborted: …")
    found = state(tmp_path, aborted, run(failed, phase="Failed"), run(failed, step=None, phase="Failed"), canary=(0, 0))
    assert (found.outcome, found.asked, found.stable_image) == (Outcome.ROLLED_BACK, None, OLD)
    assert found.reason == "error-rate 11.14 %, limit < 2 % (step 3 and beside the steps)"


def test_measurements_that_only_ended_in_errors_say_what_prometheus_said(tmp_path: Path) -> None:
    refused = {"phase": "Error", "measurements": [{"phase": "Error", "message": "dial tcp: connection refused"}]}
    aborted = rollout(phase="Degraded", abort=True)
    found = state(tmp_path, aborted, run({"error-rate": refused}, phase="Error"))
    assert found.reason == "error-rate error: dial tcp: connection refused, limit < 2 % (step 3)"


def test_an_abort_by_hand_says_what_the_controller_says(tmp_path: Path) -> None:
    told = "RolloutAborted: Rollout aborted update to revision 2"
    found = state(tmp_path, rollout(phase="Degraded", abort=True, message=told), run(GOOD))
    assert (found.outcome, found.reason) == (Outcome.ROLLED_BACK, told)


def test_pods_that_never_come_are_no_rollback(tmp_path: Path) -> None:
    told = 'ProgressDeadlineExceeded: ReplicaSet "a-api-789fcb88f5" has timed out progressing.'
    found = state(tmp_path, rollout(phase="Degraded", message=told), canary=(0, 1))
    assert (found.outcome, found.reason) == (Outcome.STANDS_STILL, told)


def test_promoted_is_what_serves_alone(tmp_path: Path) -> None:
    healthy = rollout(phase="Healthy", stableRS=CANARY, currentStepIndex=6)
    found = state(tmp_path, healthy, canary=(4, 4))
    assert (found.outcome, found.asked, found.stable, found.canary) == (Outcome.PROMOTED, None, Pods(4, 4), Pods())


def test_another_image_is_another_release(tmp_path: Path) -> None:
    found = state(tmp_path, rollout(image="registry.example.com/a-api:1.2.0", phase="Progressing"))
    assert found.outcome is Outcome.REPLACED
    assert found.reason.endswith("a-api:1.2.0")


@pytest.mark.parametrize("phase", ["Healthy", "Degraded"])
def test_until_the_controller_has_seen_the_release_its_status_is_about_the_one_before(
    tmp_path: Path, phase: str
) -> None:
    unseen = rollout(generation=3, phase=phase, stableRS=STABLE, currentPodHash=STABLE, abort=phase == "Degraded")
    assert state(tmp_path, unseen).outcome is Outcome.UNDER_WAY
    # The generation is written before the rest of the status is reckoned anew.
    half = rollout(phase=phase, stableRS=STABLE, currentPodHash=STABLE, abort=phase == "Degraded")
    assert state(tmp_path, half).outcome is Outcome.UNDER_WAY


def test_a_rollout_without_a_status_is_one_that_begins(tmp_path: Path) -> None:
    begun = {**rollout(), "status": {}}
    found = state(tmp_path, begun)
    assert (found.outcome, found.phase, found.asked) == (Outcome.UNDER_WAY, "Pending", None)


def test_runs_of_an_earlier_try_and_of_other_pods_do_not_count(tmp_path: Path) -> None:
    bad = {"error-rate": measured("[0.5]", "Failed", phase="Failed")}
    other = run(bad, phase="Failed")
    other["metadata"]["labels"]["rollouts-pod-template-hash"] = STABLE
    early = run(bad, phase="Failed", revision="1")
    found = state(tmp_path, rollout(phase="Progressing", currentStepIndex=2), early, other, run(GOOD))
    assert [each.phase for each in found.measuring] == ["Running"]


def test_of_the_steps_the_newest_run_counts(tmp_path: Path) -> None:
    first, second = run(GOOD, phase="Successful", at="12:00:10"), run(GOOD, step=5, at="12:00:25")
    found = state(tmp_path, rollout(phase="Progressing", currentStepIndex=5), second, first)
    assert [each.what for each in found.measuring] == ["step 6"]


def test_a_check_that_decides_nothing_is_no_reason(tmp_path: Path) -> None:
    dry = {"error-rate": {**measured("[0.5]", "Failed", phase="Failed"), "dryRun": True}}
    aborted = rollout(phase="Degraded", abort=True, message="by hand")
    assert state(tmp_path, aborted, run(dry)).reason == "by hand"


@pytest.mark.parametrize(
    ("value", "expected"), [("[0.02]", 0.02), ("[]", None), ("", None), ("[NaN]", math.nan), ("[+Inf]", math.inf)]
)
def test_a_measurement_is_a_number_none_or_not_a_number(tmp_path: Path, value: str, expected: float | None) -> None:
    limits = checks(service(tmp_path, "team: a"), "apis")
    (first, _) = judged(run({"error-rate": measured(value)}), limits)
    assert first.value == expected or (first.value is not None and math.isnan(first.value))


def test_counts_are_those_of_the_run_and_without_end_beside_the_steps(tmp_path: Path) -> None:
    limits = checks(service(tmp_path, "team: a"), "apis")
    assert [each.count for each in judged(run(GOOD), limits)] == [5, 5]
    assert [(each.count, each.taken) for each in judged(run(GOOD, step=None), limits)] == [(None, 3), (None, 3)]


def test_a_metric_that_the_catalog_does_not_know_is_shown_without_a_limit(tmp_path: Path) -> None:
    (first, _) = judged(run({"error-rate": measured("[0.01234567]")}), [])
    assert (first.shown, first.limit, first.told) == ("0.01235", "", "error-rate 0.01235")


def test_the_rest_of_a_pause_is_never_negative(tmp_path: Path) -> None:
    late = Seen(
        waiting("CanaryPauseStep", 1),
        [replica_set(CANARY, NEW, 1, 1)],
        [],
        None,
        workbench.NOW + timedelta(minutes=5),
    )
    assert state_of(NAME, NEW, [], late).left == 0
