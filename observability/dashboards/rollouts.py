"""What is asked of Rollouts on several dashboards."""

from collections.abc import Mapping

from observability import metrics, rollout_state
from observability.dashboards.phases import OF_STATUS, numbered
from observability.series import series

NO_STATE = "No such Rollout is known: kube-state-metrics does not tell of it"

Labels = Mapping[str, str]


def status_phase(where: Labels | None, *more: str) -> str:
    """The number of the phase in each Rollout's status."""
    return numbered(OF_STATUS, metrics.OF_A_ROLLOUT, metrics.ROLLOUT_PHASE, where, *more)


def canary_weight(where: Labels | None, *more: str) -> str:
    """The share of the traffic (0–1) that the canary of each Rollout gets."""
    chosen = series(metrics.ROLLOUT_REPLICAS, where, *more)
    return f"({rollout_state.canary_weight()}) and on ({', '.join(metrics.OF_A_ROLLOUT)}) {chosen}"
