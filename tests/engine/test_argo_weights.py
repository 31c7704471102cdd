"""The weights that people are told, against those that Argo Rollouts itself makes of them."""

import subprocess

import pytest

from catalog.weights import real_weight
from local.programs.registry import PINS, load_registry
from local.programs.toolchain import find_go, go_environment

SIZES = [*range(1, 61), 75, 99, 100, 101, 250, 1000]
WEIGHTS = range(1, 101)


@pytest.fixture(scope="module")
def of_argo() -> dict[tuple[int, int], tuple[int, int]]:
    """By replicas and weight, how many canary and stable pods the controller's own code arrives at."""
    asked = [(replicas, weight) for replicas in SIZES for weight in WEIGHTS]
    answered = subprocess.run(
        [find_go([load_registry().programs["kubectl-argo-rollouts"]]).binary, "run", "-trimpath", "./weights"],
        cwd=PINS / "argo-rollouts",
        env=go_environment(),
        input="".join(f"{replicas} {weight}\n" for replicas, weight in asked),
        check=False,
        capture_output=True,
        text=True,
    )
    assert answered.returncode == 0, answered.stderr
    pods = [(int(canary), int(stable)) for canary, stable in map(str.split, answered.stdout.splitlines())]
    return dict(zip(asked, pods, strict=True))


def test_the_weight_of_every_size_and_step_is_argos_own(of_argo: dict[tuple[int, int], tuple[int, int]]) -> None:
    assert len(of_argo) == len(SIZES) * len(WEIGHTS)
    wrong = {
        asked: (float(real_weight(*asked)), pods)
        for asked, pods in of_argo.items()
        if real_weight(*asked) != pytest.approx(pods[0] / sum(pods))
    }
    assert wrong == {}


def test_the_table_of_the_field_is_among_them(of_argo: dict[tuple[int, int], tuple[int, int]]) -> None:
    shares = {replicas: round(100 * canary / (canary + stable)) for replicas, (canary, stable) in ten_percent(of_argo)}
    assert {replicas: shares[replicas] for replicas in (1, 2, 3, 4, 5, 10, 15, 20)} == {
        **{1: 50, 2: 33, 3: 25, 4: 20, 5: 17, 10: 10, 15: 12, 20: 10}
    }


def ten_percent(of_argo: dict[tuple[int, int], tuple[int, int]]) -> list[tuple[int, tuple[int, int]]]:
    return [(replicas, pods) for (replicas, weight), pods in of_argo.items() if weight == 10]
