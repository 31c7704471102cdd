"""How far a ratio can be trusted that was measured over few requests."""

import math

from catalog.quantities import Ratio

HEALTHY = 0.5
"""A canary with this share of the errors that are allowed is healthy, and should be promoted."""

TOLERABLE_RISK = 0.05
"""One healthy canary in twenty taken back by chance: about one in half a year, for a service released weekly."""


SURE = 2.33
"""The standard deviations that a normal distribution exceeds once in a hundred times."""


def surely_too_many(requests: int, limit: float) -> float:
    """From how many errors among the requests on a canary is over the limit by more than chance.

    Of a canary whose true ratio is the limit, n requests have limit·n errors, give or take √(limit·n) (Poisson): it has
    as many as this once or twice in a hundred times, and a healthy one hardly ever.
    """
    return requests * limit + SURE * math.sqrt(requests * limit)


def false_rollback_risk(requests: int, limit: float, measurements: int, failures: int, runs: int) -> Ratio:
    """The probability (0–1) that a healthy canary is rolled back by chance.

    `limit` is the error ratio that it must not surely be over; each of `runs` analyses takes `measurements`, of so many
    requests each, and fails at `failures` of them. Errors are independent of each other (binomial); a canary whose true
    ratio is half the limit is healthy.
    """
    one = _tail(requests, limit * HEALTHY, math.ceil(surely_too_many(requests, limit)))
    of_a_run = _tail(measurements, one, failures)
    return Ratio(1 - (1 - of_a_run) ** runs)


def enough_requests(limit: float, measurements: int, failures: int, runs: int) -> int:
    """A number of requests, in two digits, from which on that risk is tolerable."""
    # Of fewer, a single error may be decisive, and each healthy canary has one some day.
    requests = math.ceil(1 / limit)
    while false_rollback_risk(requests, limit, measurements, failures, runs) > TOLERABLE_RISK:
        requests = math.ceil(requests * 1.25)
    scale: int = 10 ** max(0, len(str(requests)) - 2)
    return math.ceil(requests / scale) * scale


def _tail(trials: int, probability: float, least: int) -> float:
    """The probability of at least `least` successes in `trials`: the binomial distribution's upper tail."""
    if least <= 0 or probability >= 1:
        return 1.0
    if least > trials or probability <= 0:
        return 0.0
    log_term = (
        math.lgamma(trials + 1)
        - math.lgamma(least + 1)
        - math.lgamma(trials - least + 1)
        + least * math.log(probability)
        + (trials - least) * math.log1p(-probability)
    )
    if log_term < _UNDERFLOW and least > trials * probability:
        return 0.0
    term, total = math.exp(log_term), 0.0
    for successes in range(least, trials + 1):
        total += term
        term *= (trials - successes) / (successes + 1) * probability / (1 - probability)
        # Beyond the mean each term is smaller than the one before it: what is left no longer counts.
        if term < total * _NEGLIGIBLE and successes > trials * probability:
            break
    return min(total, 1.0)


_NEGLIGIBLE = 1e-12
_UNDERFLOW = -700
"""The logarithm of the smallest number that a float still tells from 0."""
