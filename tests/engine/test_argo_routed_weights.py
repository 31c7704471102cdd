"""The weights and pods of canaries behind a router, as the catalog counts them, against those of Argo Rollouts itself.

Plans of every kind of step, every router, and an autoscaler that changes its mind on the way.
"""

from collections.abc import Sequence
from itertools import chain, product
from pathlib import Path

import pytest

from catalog import canary_checks
from catalog.canary import SetCanaryScale, Step
from catalog.services import Service
from catalog.weights import pods_for, routed_standings
from tests.engine.argo_weights import (
    WEIGHTS,
    Question,
    Sizes,
    Stand,
    Strategy,
    answers,
    planned,
    strategy_of,
    weight,
    with_steps,
)
from tests.unit.catalog_workbench import service as service_with

HOST, TESTERS = "hosts: [a.example.com]", "testerHeader: {name: A, value: b}"
WAYS = {
    "nginx": f"{HOST}, traffic: {{router: nginx}}",
    "gatewayApi": f"{HOST}, traffic: {{router: gatewayApi, gateway: {{name: public}}, {TESTERS}}}",
    "istio": f"traffic: {{router: istio, {TESTERS}}}",
    "alb": f"{HOST}, traffic: {{router: alb}}",
}
SIZES = range(1, 41)
EVERY_WEIGHT: tuple[Step, ...] = tuple(weight(percent) for percent in WEIGHTS)
STEPS: list[Step] = [
    *(weight(percent) for percent in (10, 45, 100)),
    *(
        SetCanaryScale.model_validate({"setCanaryScale": scale})
        for scale in ({"replicas": 2}, {"weight": 30}, {"matchTrafficWeight": True})
    ),
]

Plan = tuple[Step, ...]


def plans_of(service: Service) -> list[Plan]:
    """Every plan of up to four of the steps that the catalog accepts, and one of every weight."""
    plans = chain.from_iterable(product(STEPS, repeat=length) for length in range(1, 5))
    accepted = [plan for plan in plans if not list(canary_checks.faults(planned(service, plan, (2, 2))))]
    assert len(accepted) > 100
    return [*accepted, EVERY_WEIGHT]


def own(strategy: Strategy, stands: Sequence[Stand]) -> list[Stand]:
    """Where the steps of the catalog leave a canary; one for testers may have been put among them."""
    return [stand for step, stand in zip(strategy["steps"], stands[:-1], strict=True) if "setHeaderRoute" not in step]


@pytest.mark.parametrize("router", WAYS)
def test_behind_a_router_the_weight_is_exact_and_the_pods_are_those_that_the_catalog_counts(
    router: str, tmp_path: Path
) -> None:
    service = service_with(tmp_path, WAYS[router])
    base, plans = strategy_of(service), plans_of(service)
    strategies = [with_steps(service, base, plan) for plan in plans]
    found = answers(Question(strategy, [[size] for size in SIZES]) for strategy in strategies)
    for (plan, strategy), size in product(zip(plans, strategies, strict=True), SIZES):
        stands = next(found)
        counted = list(routed_standings(plan, size))
        assert [(stand.weight, stand.canary) for stand in own(strategy, stands)] == counted, (plan, size)
        assert {stand.stable for stand in stands} == {size}
        assert (stands[-1].weight, stands[-1].canary) == (100, size)


def test_while_an_autoscaler_changes_the_pods_a_router_splits_as_exactly(tmp_path: Path) -> None:
    service = service_with(tmp_path, WAYS["nginx"])
    base, plans = strategy_of(service), plans_of(service)[:-1]
    walks = [[3, 40, 7, 25, 10], [40, 3, 25, 7, 40], [1, 2, 33, 2, 1]]
    found = answers(Question(with_steps(service, base, plan), walks) for plan in plans)
    for plan, walk in product(plans, walks):
        counted = [list(routed_standings(plan, size))[index] for index, size in enumerate(walk[: len(plan)])]
        stands = next(found)
        assert [(stand.weight, stand.canary) for stand in stands[:-1]] == counted, (plan, walk)
        assert [stand.stable for stand in stands] == walk[: len(plan) + 1]


def test_stable_pods_that_become_fewer_are_never_too_few_for_their_share(tmp_path: Path) -> None:
    service = service_with(tmp_path, f"{WAYS['istio']}, canary: {{dynamicStableScale: true}}")
    strategy = with_steps(service, strategy_of(service), EVERY_WEIGHT)
    for size, stands in zip(SIZES, answers([Question(strategy, [[size] for size in SIZES])]), strict=True):
        for percent, stand in zip(WEIGHTS, own(strategy, stands), strict=True):
            assert (stand.weight, stand.canary) == (percent, pods_for(percent, size))
            assert stand.stable == pods_for(100 - percent, size)
            assert stand.fewest >= size


@pytest.mark.parametrize("router", WAYS)
def test_an_abort_gives_every_request_back_to_pods_that_are_all_there(router: str, tmp_path: Path) -> None:
    service = service_with(tmp_path, WAYS[router])
    strategy = with_steps(service, strategy_of(service), [weight(10), weight(50)])
    for index in range(len(strategy["steps"])):
        walks = [[size] for size in SIZES]
        for size, stands in zip(SIZES, answers([Question(strategy, walks, abort_at=index)]), strict=True):
            assert (stands[-1].weight, stands[-1].stable) == (0, size)
            assert stands[-1].fewest >= size


RANGES: list[Sizes] = [*((size, size) for size in (1, 2, 3, 5, 10, 33)), (1, 3), (2, 9), (5, 40)]


def test_the_catalog_warns_of_every_canary_whose_pods_are_too_few_for_its_share_and_of_no_other(
    tmp_path: Path,
) -> None:
    service = service_with(tmp_path, WAYS["nginx"])
    base, plans = strategy_of(service), plans_of(service)
    walks = [[size] for size in SIZES]
    found = answers(Question(with_steps(service, base, plan), walks) for plan in plans)
    warned = 0
    for plan in plans:
        by_size = {size: next(found)[:-1] for size in SIZES}
        few = [
            size for size, stands in by_size.items() if any(100 * each.canary < each.weight * size for each in stands)
        ]
        for sizes in RANGES:
            told = [
                path
                for path, _ in canary_checks.cautions(planned(service, plan, sizes))
                if path.endswith(".setCanaryScale")
            ]
            assert bool(told) == any(sizes[0] <= size <= sizes[1] for size in few), (plan, sizes)
            warned += bool(told)
    assert 0 < warned < len(plans) * len(RANGES)
