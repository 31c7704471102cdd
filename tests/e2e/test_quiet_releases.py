"""Releases that are good enough, and releases of which too little is known to say so."""

import pytest

from local.waiting import wait_until
from observability import metrics
from tests.e2e.environment import INCONCLUSIVE, PATIENCE, Environment, scaled
from tests.e2e.waves import BLIND, CHECKS, SEEDS, SILENT, SILENT_ABORTED, UNKNOWN, UNKNOWN_ABORTED, Wave

FIRST_GATE, SECOND_PAUSE, SECOND_GATE = 2, 4, 5
"""The indices of the steps of the built-in plan: an analysis, the pause after the next weight, the second analysis."""


def test_ten_canaries_with_a_fourth_of_the_errors_allowed_are_promoted(first_wave: Wave) -> None:
    others = [name for name in SEEDS if first_wave.phases[name] != "Healthy"]
    assert others == [], "\n".join(map(first_wave.account, others))
    for name in SEEDS:
        status = first_wave.environment.rollout(name)["status"]
        assert status["stableRS"] not in (first_wave.stable[name], "")
        assert {each.phase for check in CHECKS for each in first_wave.measured(name, check)} <= {
            "Successful",
            "Inconclusive",  # its pods were too young to tell
        }


def test_at_a_tenth_of_the_traffic_none_of_them_is_rolled_back(second_wave: Wave) -> None:
    taken_back = [name for name in SEEDS if second_wave.phases[name] not in {"Paused", "Healthy"}]
    assert taken_back == [], "\n".join(map(second_wave.account, taken_back))
    for name in SEEDS:
        assert "Failed" not in {each.phase for check in CHECKS for each in second_wave.measured(name, check)}


@pytest.mark.parametrize("name", BLIND)
def test_a_canary_of_which_nobody_knows_waits_at_the_first_gate(first_wave: Wave, name: str) -> None:
    found = first_wave.environment.rollout(name)["status"]
    assert (found["phase"], found["currentStepIndex"]) == ("Paused", FIRST_GATE)
    assert [each["reason"] for each in found["pauseConditions"]] == [INCONCLUSIVE]
    assert not found.get("abort")
    # The background goes on, and pauses it no second time.
    # Only the latest measurements are kept, so that their number says nothing.
    before = first_wave.measured(name, "error-rate")[-1].finished
    wait_until(
        lambda: first_wave.measured(name, "error-rate")[-1].finished > before + scaled("1m"),
        PATIENCE,
        "the background to measure",
    )
    assert first_wave.environment.rollout(name)["status"]["pauseConditions"] == found["pauseConditions"]


@pytest.mark.parametrize("name", [SILENT, UNKNOWN])
def test_a_person_promotes_it_and_no_pause_is_skipped(first_wave: Wave, name: str) -> None:
    environment, canary = first_wave.environment, first_wave.hashes[name]
    promote(environment, name, FIRST_GATE)
    wait_until(lambda: stands(environment, name, SECOND_GATE), PATIENCE, f"{name} to wait at its second gate")
    step = f'{metrics.ROLLOUT_STEP}{{{metrics.NAME}="{name}"}}'
    ((_, samples),) = environment.samples(step, 900)
    paused = [at for at, value in samples if value == SECOND_PAUSE]
    # Whole, but for what passes before the first scrape that sees it and after the last; they are half of it apart.
    assert paused[-1] - paused[0] > scaled("1m") / 3
    promote(environment, name, SECOND_GATE)
    found = environment.wait_for_phase(name, "Healthy")["status"]
    assert found["stableRS"] == canary


@pytest.mark.parametrize("name", [SILENT_ABORTED, UNKNOWN_ABORTED])
def test_a_person_aborts_it_and_the_stable_version_serves_alone(first_wave: Wave, name: str) -> None:
    environment = first_wave.environment

    def aborted() -> bool:
        found = environment.rollout(name)["status"]
        if found["phase"] == "Degraded":
            return True
        if not found.get("abort"):
            environment.argo("abort", name)
        environment.stack.look_again(name)
        return False

    wait_until(aborted, PATIENCE, f"{name} to be aborted")
    stable = first_wave.stable[name]
    assert environment.rollout(name)["status"]["stableRS"] == stable
    wait_until(
        lambda: {pod[metrics.POD_HASH_LABEL] for pod in environment.pods(name).values()} == {stable},
        PATIENCE,
        "the canary's pods to go",
    )


def stands(environment: Environment, name: str, step: int) -> bool:
    """Whether the Rollout waits at that step since nobody could tell."""
    found = environment.rollout(name)["status"]
    reasons = {each["reason"] for each in found.get("pauseConditions") or []}
    return bool(found["currentStepIndex"] == step and INCONCLUSIVE in reasons)


def promote(environment: Environment, name: str, step: int) -> None:
    """What a person does there, once; the controller may have to look again, and goes on by itself after that."""
    environment.argo("promote", name)

    def gone_on() -> bool:
        if not stands(environment, name, step):
            return True
        environment.stack.look_again(name)
        return False

    wait_until(gone_on, PATIENCE, f"{name} to go on from step {step}")
