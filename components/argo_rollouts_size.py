"""How much the Argo Rollouts controller gets, by the number of services that it looks after."""

import math
from typing import Any

_STEP = 50
"""Services are counted in steps: every other value restarts the controller, and not each new service should."""

_MEBIBYTES_ALONE = 82
_MEBIBYTES_A_SERVICE = 2.3
"""Measured on v1.9.1: 82 MB with six Rollouts, 0.24 MB for each more, and about 2 MB for the ten AnalysisRuns that are
kept of a service."""

_HEADROOM = 1.5

_FEW = 20
"""Up to so many services the controller's own 40 requests a second are two for each, and enough."""

_QPS_A_SERVICE = 2
_MOST_QPS = 200
"""Measured with 500 Rollouts that all get another image: 147 s at 40 requests a second, 51 s at 200, and no less at
1,000, nor with more threads: then the two cores of the machine, API server and all, were what was waited for."""


def resources(services: int) -> dict[str, Any]:
    """Requests and limits of the controller.

    CPU has no limit: a controller that is throttled in the middle of a rollback would be late with it.
    """
    needed = _MEBIBYTES_ALONE + _MEBIBYTES_A_SERVICE * _in_steps(services)
    limit = max(512, _rounded(_HEADROOM * needed, 256))
    return {
        "requests": {"cpu": "100m", "memory": f"{max(128, _rounded(needed, 64))}Mi"},
        "limits": {"memory": f"{limit}Mi"},
    }


def arguments(services: int) -> list[str]:
    """Flags of the controller: how many requests a second it may send to the API server, and how many at once."""
    qps = min(_MOST_QPS, _QPS_A_SERVICE * _in_steps(services))
    return [f"--qps={qps}", f"--burst={2 * qps}"] if services > _FEW else []


def _in_steps(services: int) -> int:
    return _FEW if services <= _FEW else _rounded(services, _STEP)


def _rounded(number: float, step: int) -> int:
    """The next multiple of `step`."""
    return math.ceil(number / step) * step
