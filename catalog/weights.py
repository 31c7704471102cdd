"""What share of the traffic a canary really gets where no router splits it: a ratio of pods."""

from catalog.quantities import Ratio

MISLEADING = 2
"""A first step that gives more than this many times the weight it asks for is no small first step any more."""


def real_weight(replicas: int, weight: int) -> Ratio:
    """The share of pods that a canary of `weight` percent (0–100) gets of `replicas` pods and at most one more.

    After `approximateWeightedCanaryStableReplicaCounts` of Argo Rollouts 1.9 (utils/replicaset/canary.go), with its
    default `maxSurge` of 25 %, which always allows one pod above `replicas`: of the pod counts next to the weight, with
    and without that pod, the nearest one; but never no canary at all, and never no stable pod without the extra one.
    """
    if weight in (0, 100):
        return Ratio(weight / 100)
    floor, rest = divmod(replicas * weight, 100)
    ceiling = floor + (rest > 0)
    options = [(ceiling, replicas)] if ceiling < replicas else []
    for total in (replicas, replicas + 1):
        if total > replicas:
            options.append((ceiling, total))
        # On a tie between the two neighbours the controller takes the upper one.
        if floor and (total * weight) % 100 != 50:
            options.append((floor, total))
    pods, total = min(options, key=lambda option: abs(100 * option[0] / option[1] - weight))  # in its own arithmetic
    return Ratio(pods / total)
