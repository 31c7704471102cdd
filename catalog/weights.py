"""Weights and pods: the share that pods give where no router splits the traffic, and the pods that a share takes."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from catalog.canary import CanaryScale, SetCanaryScale, SetWeight, Step
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


class Standing(NamedTuple):
    """Where a step leaves a canary behind a router: percent (0–100) of the requests, and how many pods answer them."""

    weight: int
    pods: int


def routed_standings(steps: Sequence[Step], replicas: int) -> Iterator[Standing]:
    """What holds at each of `steps` behind a router, which splits exactly, of a service of that many pods.

    After `CalculateReplicaCountsForTrafficRoutedCanary` in the same place: the stable pods stay, and the canary has
    those that its weight takes, or what the last setCanaryScale gives it.
    """
    weight, scale = 0, CanaryScale()
    for step in steps:
        match step:
            case SetWeight(set_weight=weight):
                pass
            case SetCanaryScale(set_canary_scale=scale):
                pass
        yield Standing(weight, scale.replicas or pods_for(scale.weight or weight, replicas))


def pods_for(weight: int, replicas: int) -> int:
    """How many of `replicas` pods it takes to answer `weight` percent of the requests, rounded up."""
    return -(-replicas * weight // 100)
