"""How many examples Hypothesis tries, without a look at the clock: for every suite, before its tests are read.

`HYPOTHESIS_PROFILE=long` is for a night; what it finds becomes a test of its own.
"""

import os

from hypothesis import HealthCheck, settings

LONG = 10_000
"""How many the long profile tries."""

_COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def choose_profile() -> None:
    """Load the profile that is asked for. A test keeps the settings that it finds where it is defined."""
    # The same examples at every run, so that a change is judged and not its luck; the long profile looks for new ones.
    settings.register_profile("short", _COMMON, max_examples=150, derandomize=True)
    settings.register_profile("long", _COMMON, max_examples=LONG)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
