"""A canary whose first error on each route is the first that anybody hears of such errors."""

from observability import metrics
from tests.e2e.waves import NEWBORN, Wave


def test_errors_with_which_their_series_are_born_take_the_canary_back(first_wave: Wave) -> None:
    assert first_wave.phases[NEWBORN] == "Degraded", first_wave.account(NEWBORN)
    found = first_wave.measured(NEWBORN, "error-rate")
    assert "Failed" in {each.phase for each in found}


def test_none_of_these_series_began_at_zero(first_wave: Wave) -> None:
    born = first_wave.samples(NEWBORN, metrics.REQUESTS, f'{metrics.STATUS}=~"{metrics.SERVER_ERRORS}"')
    assert len(born) > 1
    assert 0 not in {samples[0][1] for _, samples in born}
