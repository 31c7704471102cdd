"""The weights that people are told of, against those that Argo Rollouts itself makes of them without a router.

Every number of pods that a service may have, every weight, and an autoscaler that changes its mind on the way.
"""

import math
import re
from itertools import product

import pytest

from catalog import canary_checks
from catalog.services import Service
from catalog.weights import MISLEADING, real_weight
from tests.engine.argo_weights import WEIGHTS, Question, Stand, answers, planned, strategy_of, weight, with_steps
from tests.unit.catalog_workbench import service as service_with

SIZES = range(1, 1001)
"""As many pods as a service may have."""

EVERY_WEIGHT = [weight(percent) for percent in WEIGHTS]

SCALINGS = [
    (fewest, most) for fewest, most in product((1, 2, 3, 4, 7, 10, 33, 100), (2, 5, 9, 40, 1000)) if fewest < most
]
"""The fewest and the most pods of autoscalers."""

Walks = dict[int, list[Stand]]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return service_with(tmp_path_factory.mktemp("plain"), "enabled: true")


@pytest.fixture(scope="module")
def step_by_step(plain: Service) -> Walks:
    """By the number of pods, where a plan of every weight that there is leaves the canary."""
    strategy = with_steps(plain, strategy_of(plain), EVERY_WEIGHT)
    return dict(zip(SIZES, answers([Question(strategy, [[size] for size in SIZES])]), strict=True))


def test_the_weight_of_every_size_and_step_is_argos_own(step_by_step: Walks) -> None:
    asked = list(product(SIZES, WEIGHTS))
    wrong = {
        (size, percent): (real_weight(size, percent), stand)
        for size, percent in asked
        if real_weight(size, percent) != pytest.approx((stand := step_by_step[size][percent - 1]).share)
    }
    assert wrong == {}
    assert len(asked) == 100_000


def test_the_weight_is_the_same_whatever_the_step_before_it(plain: Service, step_by_step: Walks) -> None:
    strategy = strategy_of(plain)
    plans = [with_steps(plain, strategy, [step]) for step in EVERY_WEIGHT]
    found = answers(Question(plan, [[size] for size in SIZES]) for plan in plans)
    at_once = {(size, percent): next(found)[0] for percent, size in product(WEIGHTS, SIZES)}
    assert {key: (stand.canary, stand.stable) for key, stand in at_once.items()} == {
        (size, percent): (stands[percent - 1].canary, stands[percent - 1].stable)
        for size, stands in step_by_step.items()
        for percent in WEIGHTS
    }
    assert [key for key, stand in at_once.items() if stand.fewest < key[0]] == []


def test_during_a_release_no_pod_is_missing_and_at_most_a_quarter_are_there_besides(step_by_step: Walks) -> None:
    for size, stands in step_by_step.items():
        assert min(stand.fewest for stand in stands) >= size
        assert max(stand.most for stand in stands) <= size + math.ceil(size / 4)
        assert {stand.canary + stand.stable for stand in stands} <= {size, size + 1}


def test_at_the_end_every_pod_is_new_and_after_an_abort_every_pod_is_old(plain: Service, step_by_step: Walks) -> None:
    assert {(stands[-1].canary - size, stands[-1].stable) for size, stands in step_by_step.items()} == {(0, 0)}
    strategy = with_steps(plain, strategy_of(plain), EVERY_WEIGHT)
    walks = [[size] for size in SIZES]
    found = answers(Question(strategy, walks, abort_at=percent - 1) for percent in (10, 50, 99))
    for size, stands in zip([*SIZES] * 3, found, strict=True):
        assert (stands[-1].canary, stands[-1].stable) == (0, size)
        assert stands[-1].fewest >= size


def test_the_table_of_the_field_is_among_them(step_by_step: Walks) -> None:
    shares = {size: round(100 * step_by_step[size][10 - 1].share) for size in (1, 2, 3, 4, 5, 10, 15, 20)}
    assert shares == {1: 50, 2: 33, 3: 25, 4: 20, 5: 17, 10: 10, 15: 12, 20: 10}


def moods(fewest: int, most: int, steps: int) -> list[list[int]]:
    """What an autoscaler may say at one step after the other."""
    middle = (fewest + most) // 2
    turns = [[fewest, most], [most, fewest], [middle, fewest, most], [most, middle, fewest], [fewest] * 2 + [most] * 2]
    return [[turn[step % len(turn)] for step in range(steps)] for turn in turns]


def test_while_an_autoscaler_changes_the_pods_the_weight_is_that_of_the_number_in_effect(plain: Service) -> None:
    percents = [1, 5, 10, 25, 50, 66, 90, 100]
    strategy = with_steps(plain, strategy_of(plain), [weight(percent) for percent in percents])
    walks = [walk for scaling in SCALINGS for walk in moods(*scaling, len(percents) + 1)]
    for walk, stands in zip(walks, answers([Question(strategy, walks)]), strict=True):
        for before, size, percent, stand in zip([walk[0], *walk[:-1]], walk, [*percents, 100], stands, strict=True):
            assert stand.share == pytest.approx(real_weight(size, percent)), (walk, percent)
            assert stand.fewest >= min(before, size), (walk, percent)


TOLD = re.compile(r"asks for (\d+) %, but of (\d+) pods and one more the nearest is (\d+) %; use (\d+) (\w+)")


def test_a_warning_of_a_first_step_says_what_argo_does_and_what_would_be_enough(
    plain: Service, step_by_step: Walks
) -> None:
    much = {
        percent: [size for size in SIZES if step_by_step[size][percent - 1].share > MISLEADING * percent / 100]
        for percent in WEIGHTS
    }
    warned = 0
    for sizes, percent in product([*((size, size) for size in range(1, 121)), *SCALINGS], WEIGHTS):
        told = list(canary_checks.misleading_weights(planned(plain, [weight(percent)], sizes)))
        assert bool(told) == any(sizes[0] <= size <= sizes[1] for size in much[percent]), (sizes, percent)
        if told:
            found = TOLD.match(told[0][1])
            assert found
            share, enough = step_by_step[sizes[0]][percent - 1].share, max(much[percent]) + 1
            assert found.groups() == (
                *(str(percent), str(sizes[0]), f"{share * 100:.0f}", str(enough)),
                "replicas" if sizes[0] == sizes[1] else "pods",
            )
            warned += 1
    assert warned > 100
