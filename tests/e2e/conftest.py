"""The environment that all of these tests share."""

from collections.abc import Iterator

import pytest

from observability import metrics, records
from tests.e2e import waves
from tests.e2e.environment import SCALE, Environment
from tests.e2e.waves import AMPLE, FAILING, FIRST, FIRST_ADAPTERS, GOOD, NEWBORN, PHP, SECOND, SEEDS, SILENTS, Wave
from tests.embedded import embedded


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """A running cluster with the nine services, healthy and scraped; it is the current one for the whole session."""
    with embedded(tmp_path_factory, "state", SCALE) as state:
        environment = Environment.of(state, tmp_path_factory.mktemp("catalog"))
        environment.up()
        for name in environment.services:
            environment.wait_for_phase(name, "Healthy")
        environment.wait_for(f"count(service:http_requests:rate5m > 0) == {len(environment.services)}")
        yield environment


@pytest.fixture(scope="session")
def releasing(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The services of the waves, at their first version; the cluster goes when they do."""
    with waves.empty_prometheus(tmp_path_factory.mktemp("empty")) as nothing_known:
        environment.have(waves.services(nothing_known))
        for name in (*SEEDS, *PHP):
            environment.play(name, {"requests_per_second": AMPLE})
        for name in SILENTS:
            environment.play(name, {"requests_per_second": 0})
        environment.play(NEWBORN, {"requests_per_second": FAILING})
        yield environment


@pytest.fixture(scope="session")
def first_wave(releasing: Environment) -> Wave:
    """The releases of `FIRST`, decided."""
    # What is recorded last of a service, from records over days: a release begins when there is something before it.
    releasing.wait_for(f'count({records.BUDGET_REMAINING}{{{metrics.SERVICE}="{GOOD}"}}) > 0')
    wave = waves.begun(releasing, FIRST, FIRST_ADAPTERS)
    wave.phases = releasing.settle(*wave.hashes)
    return wave


@pytest.fixture(scope="session")
def second_wave(first_wave: Wave) -> Wave:
    """Those of `SECOND` after them, decided."""
    environment = first_wave.environment
    for name in SEEDS:
        environment.play(name, {"requests_per_second": AMPLE / 10, "canary": "fair"})
    wave = waves.begun(environment, SECOND)
    wave.phases = environment.settle(*SECOND)
    return wave
