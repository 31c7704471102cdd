"""Releases that are worse than allowed: taken back by themselves, told, and mended by the next one."""

from collections import Counter

import pytest

from catalog.quantities import Duration
from local.waiting import wait_until
from observability import metrics
from tests.e2e.environment import PATIENCE, scaled
from tests.e2e.waves import ERRORS, SLOW, Wave

BAD = {ERRORS: "error-rate", SLOW: "p95-latency"}
"""The services, and the check that finds each of them out."""

DELAYS = {ERRORS: "error-delay", SLOW: "initial-delay"}
"""What that check waits for after a run has begun, in the background."""

LIMITS = {ERRORS: 0.02, SLOW: 0.3}
PODS = 4
WHOLE_SECOND = 1.0
"""The times of measurements are whole seconds."""


def first_bad_scrape(wave: Wave, name: str) -> float:
    """When Prometheus first read of a request that failed, or that took longer than 300 ms."""
    if name == ERRORS:
        read = [wave.samples(name, metrics.REQUESTS, f'{metrics.STATUS}=~"{metrics.SERVER_ERRORS}"')]
        return min(at for samples in read for _, series in samples for at, value in series if value > 0)
    every, fast = (wave.samples(name, metrics.DURATION_BUCKETS, f'{metrics.LE}="{le}"') for le in ("+Inf", "0.3"))
    counted: Counter[float] = Counter()
    for sign, samples in ((1, every), (-1, fast)):
        for _, series in samples:
            for at, value in series:
                counted[at] += sign * int(value)
    return min(at for at, slow in counted.items() if slow > 0)


@pytest.mark.parametrize("name", BAD)
def test_it_is_taken_back_within_two_measurements_of_the_first_bad_scrape(first_wave: Wave, name: str) -> None:
    assert first_wave.phases[name] == "Degraded", first_wave.account(name)
    status = first_wave.environment.rollout(name)["status"]
    assert status["abort"] is True
    bad = first_bad_scrape(first_wave, name)
    failed = min(
        (each for each in first_wave.measured(name, BAD[name]) if each.phase == "Failed"),
        key=lambda each: each.finished,
    )
    assert float(failed.value.strip("[]")) > LIMITS[name]
    background = first_wave.environment.rollout(name)["spec"]["strategy"]["canary"]["analysis"]["args"]
    delays = {each["name"]: Duration.parse(each["value"]) for each in background if each["name"] in DELAYS.values()}
    assert max(delays.values()) <= 2 * scaled("1m")
    # How soon the controller begins to look depends on how busy it is, and is no faster where the clock is; nothing is
    # measured before the delay of the check, after which the first window is full.
    began = min(each.run_began for each in first_wave.measured(name, BAD[name])) + delays[DELAYS[name]]
    assert failed.finished - max(bad, began) <= 2 * scaled("1m") + WHOLE_SECOND, first_wave.account(name)


@pytest.mark.parametrize("name", BAD)
def test_the_stable_version_keeps_its_full_size(first_wave: Wave, name: str) -> None:
    stable = f'{metrics.SERVICE}="{name}",{metrics.POD_HASH}="{first_wave.stable[name]}"'
    begin = min(at for _, samples in first_wave.samples(name, metrics.UP) for at, _ in samples)
    targets = first_wave.environment.samples(f"{metrics.UP}{{{stable}}}", 900)
    served = [samples for _, samples in targets if samples[0][0] < begin]
    assert len(served) == PODS
    latest = max(samples[-1][0] for samples in served)
    assert {latest - samples[-1][0] < scaled("1m") for samples in served} == {True}
    assert {pod[metrics.POD_HASH_LABEL] for pod in first_wave.environment.pods(name).values()} >= {
        first_wave.stable[name]
    }


@pytest.mark.parametrize("name", BAD)
def test_slack_is_told_which_service_why_with_what_values_and_where_to_look(first_wave: Wave, name: str) -> None:
    def told() -> list[str]:
        found = first_wave.environment.messages(first_wave.began_after)
        return [
            f"{each.title}\n{each.text}" for each in found if each.channel == "slack" and name in each.title + each.text
        ]

    wait_until(lambda: any("RolloutFailed" in text for text in told()), PATIENCE, f"RolloutFailed of {name} in Slack")
    (alert, *_) = [text for text in told() if "RolloutFailed" in text]
    assert f"Service: {name}" in alert
    assert "aborted" in alert
    assert "RolloutFailed.md" in alert
    assert f"service={name}" in alert
    reasons = [text for text in told() if BAD[name] in text]
    failed = next(each for each in first_wave.measured(name, BAD[name]) if each.phase == "Failed")
    value = failed.value.strip("[]")
    assert any(value[:6] in text for text in reasons), (value, told())
    fired = f'{metrics.ALERTS}{{alertname="RolloutFailed",{metrics.SERVICE}="{name}",{metrics.ALERT_STATE}="firing"}}'
    assert first_wave.environment.samples(fired, 900)


@pytest.mark.parametrize("name", BAD)
def test_a_mended_release_goes_through_and_the_alert_ends(second_wave: Wave, name: str) -> None:
    assert second_wave.phases[name] == "Healthy", second_wave.account(name)
    environment = second_wave.environment
    assert environment.rollout(name)["status"]["stableRS"] == second_wave.hashes[name]
    wait_until(lambda: not environment.firing(alertname="RolloutFailed", service=name), PATIENCE, "the alert to end")
