"""What Prometheus makes of the status of Rollouts: the share of the traffic that each canary gets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from observability import metrics
from observability.rollout_state import canary_weight
from tests.rules.promtool import Answer, Series, otherwise

OLD, NEW = "54b55bb7c7", "7c5ddbdf54"

Ask = Callable[..., str]


def rollout(
    name: str = "a-api", told_by: str = "one", hashes: tuple[str | None, str] = (OLD, NEW), **of: int
) -> Series:
    """The samples of a Rollout: `hashes` of its stable and its newest version, its pods, those updated, its weight."""
    labels = f'namespace="apis",name="{name}",instance="{told_by}"'
    stable, newest = hashes
    versions = {
        f'{metrics.ROLLOUT_NEWEST}{{{labels},{metrics.POD_HASH}="{newest}"}}': "1",
        **({f'{metrics.ROLLOUT_STABLE}{{{labels},{metrics.POD_HASH}="{stable}"}}': "1"} if stable else {}),
    }
    names = {
        "pods": metrics.ROLLOUT_REPLICAS,
        "updated": metrics.ROLLOUT_REPLICAS_UPDATED,
        "weight": metrics.ROLLOUT_WEIGHT,
    }
    return {**versions, **{f"{names[key]}{{{labels}}}": str(value) for key, value in of.items()}}


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Whether the weight of the only Rollout there is answered otherwise than expected."""

    def told(series: Series, answer: Answer, aggregation: str = "sum") -> str:
        return otherwise(tmp_path, f"{aggregation}({canary_weight()})", series, 0, answer)

    return told


def test_without_a_router_the_share_of_the_pods_is_the_share_of_the_traffic(ask: Ask) -> None:
    assert ask(rollout(pods=4, updated=1), 0.25) == ""


def test_what_the_router_was_told_wins_over_the_pods(ask: Ask) -> None:
    assert ask(rollout(pods=5, updated=1, weight=10), 0.1) == ""
    assert ask(rollout(pods=5, updated=1, weight=0), 0) == ""


def test_a_promoted_version_is_no_canary_although_all_pods_are_of_it(ask: Ask) -> None:
    assert ask(rollout(hashes=(NEW, NEW), pods=4, updated=4), 0) == ""


def test_a_first_version_is_no_canary(ask: Ask) -> None:
    assert ask(rollout(hashes=(None, NEW), pods=4, updated=4), 0) == ""


def test_an_aborted_canary_gets_nothing_once_its_pods_are_gone(ask: Ask) -> None:
    assert ask(rollout(pods=4, updated=0), 0) == ""


def test_a_rollout_without_pods_has_no_weight(ask: Ask) -> None:
    assert ask(rollout(pods=0, updated=0), "nothing") == ""


def test_two_who_tell_the_same_make_one_weight(ask: Ask) -> None:
    twice = {**rollout(pods=4, updated=1), **rollout(told_by="two", pods=4, updated=1)}
    assert ask(twice, 0.25) == ""
    assert ask(twice, 1, "count") == ""


def test_each_rollout_has_its_own(ask: Ask) -> None:
    both = {**rollout(pods=4, updated=1), **rollout("b-api", weight=10, pods=2, updated=1)}
    assert ask(both, 2, "count") == ""
    assert ask(both, 0.35) == ""
