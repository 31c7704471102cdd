"""How much traffic a canary really gets without a router."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.catalog_file import Catalog, load_catalog
from catalog.problems import CatalogError
from catalog.weights import pods_for, real_weight, routed_standings
from tests.unit.catalog_workbench import service

ENVIRONMENTS = ("dev", "prod")


@pytest.mark.parametrize(
    ("replicas", "percent"), [(1, 50), (2, 33), (3, 25), (4, 20), (5, 17), (10, 10), (15, 12.5), (20, 10), (100, 10)]
)
def test_ten_percent_is_what_the_controller_makes_of_it(replicas: int, percent: float) -> None:
    assert real_weight(replicas, 10) * 100 == pytest.approx(percent, abs=0.5)


@pytest.mark.parametrize(
    ("replicas", "weight", "percent"), [(2, 50, 50), (3, 50, 50), (1, 50, 50), (5, 0, 0), (5, 100, 100)]
)
def test_other_weights_are_rounded_to_the_nearest_count_of_pods(replicas: int, weight: int, percent: float) -> None:
    assert real_weight(replicas, weight) * 100 == pytest.approx(percent)


@given(st.integers(min_value=1, max_value=1000), st.integers(min_value=1, max_value=99))
def test_a_canary_always_gets_a_pod_and_never_all_of_them(replicas: int, weight: int) -> None:
    assert 1 / (replicas + 1) <= real_weight(replicas, weight) <= replicas / (replicas + 1)


@given(st.integers(min_value=100, max_value=1000), st.integers(min_value=1, max_value=99))
def test_with_a_hundred_pods_every_weight_is_right_to_half_a_percent(replicas: int, weight: int) -> None:
    assert real_weight(replicas, weight) * 100 == pytest.approx(weight, abs=0.5)


@pytest.mark.parametrize(("weight", "replicas", "pods"), [(10, 10, 1), (10, 11, 2), (1, 1, 1), (0, 5, 0), (100, 7, 7)])
def test_a_share_of_the_requests_takes_that_share_of_the_pods_rounded_up(weight: int, replicas: int, pods: int) -> None:
    assert pods_for(weight, replicas) == pods


def test_behind_a_router_pods_follow_the_weight_unless_a_scale_holds_them(tmp_path: Path) -> None:
    plan = (
        "{setCanaryScale: {replicas: 3}}, {setWeight: 10}, {setCanaryScale: {matchTrafficWeight: true}}, "
        "{setWeight: 50}, {analysis: true}, {setCanaryScale: {weight: 75}}, {setWeight: 60}"
    )
    routed = f"hosts: [a.example.com], traffic: {{router: nginx}}, canary: {{steps: [{plan}]}}"
    found = routed_standings(service(tmp_path, routed).canary.steps, replicas=20)
    assert [tuple(each) for each in found] == [(0, 3), (10, 3), (10, 2), (50, 10), (50, 10), (50, 15), (60, 15)]


def load(folder: Path, environment: str, replicas: int, extra: str = "") -> Catalog:
    entries = "\n".join(
        f"  {name}: {{project: A, port: 1, image: 'a:1', replicas: {replicas}{extra.format(name=name)}}}"
        for name in "abc"
    )
    path = folder / "services.yaml"
    path.write_text(f"services:\n{entries}\n", encoding="utf-8")
    return load_catalog(path, environment, (environment,))


def test_a_first_step_far_above_its_weight_is_one_warning_outside_production(tmp_path: Path) -> None:
    (warning,) = load(tmp_path, "dev", replicas=2).warnings
    assert str(warning) == (
        "services.yaml: services.a.canary.steps[0].setWeight: asks for 10 %, but of 2 pods and one more the nearest is "
        "33 %; use 4 replicas or more, a traffic router, or the weight it really is (so do b, c)"
    )


def test_in_production_it_is_an_error_of_every_service(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        load(tmp_path, "prod", replicas=3)
    told = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in told] == [f"services.{name}.canary.steps[0].setWeight" for name in "abc"]
    assert all(line.endswith("(in environment prod)") for line in told)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_enough_pods_or_a_router_say_nothing(tmp_path: Path, environment: str) -> None:
    assert load(tmp_path, environment, replicas=4).warnings == ()
    routed = ", hosts: [{name}.example.com], traffic: {{router: nginx}}"
    assert load(tmp_path, environment, 1, routed).warnings == ()
