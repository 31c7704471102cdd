"""The time line of releases: what was decided when, and the picture of it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli import timeline
from cli.release_state import ReleaseState
from cli.timeline import Curve, Timeline
from tests.unit.catalog_workbench import service
from tests.unit.release_workbench import NOW, measured, rollout, run, state


def history(tmp_path: Path) -> list[ReleaseState]:
    """A good release and a bad one, ten seconds between what was read."""
    failed = {"error-rate": measured("[0.1114]", "Failed", phase="Failed")}
    going = [state(tmp_path, rollout(phase="Progressing", currentStepIndex=index)) for index in (0, 0, 2, 6)]
    done = state(tmp_path, rollout(phase="Healthy", stableRS="789fcb88f5"))
    bad = [
        state(tmp_path, rollout(phase="Progressing", currentStepIndex=0)),
        state(tmp_path, rollout(phase="Degraded", abort=True), run(failed, phase="Failed"), canary=(0, 0)),
    ]
    both = [*going, done, done, *(replace(each, image="registry.example.com/a-api:bad") for each in bad)]
    return [replace(each, at=NOW + timedelta(seconds=10 * number)) for number, each in enumerate(both)]


def of(tmp_path: Path) -> Timeline:
    return Timeline("http://127.0.0.1:1", service(tmp_path, "team: a"), "apis", 10, history(tmp_path))


def test_the_table_has_a_line_for_everything_that_was_decided(tmp_path: Path) -> None:
    assert of(tmp_path).table() == [
        "TIME  WEIGHT  CANARY PODS  WHAT",
        "0:00  10 %    1/1          release of 1.1.0",
        "0:20  10 %    1/1          step 3 of 6: analysis",
        "0:30  100 %   1/1          step 6 of 6: all steps done",
        "0:40  –       0/0          1.1.0 is promoted",
        "1:00  10 %    1/1          release of bad",
        "1:10  –       0/0          bad is taken back: error-rate 11.14 %, limit < 2 % (step 3)",
    ]


def test_the_picture_is_drawn_from_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(self: Timeline, version: str) -> Curve:
        asked.append(version)
        return [(0, 0.001), (30, 0.1)] if version == "canary" else []

    monkeypatch.setattr(Timeline, "errors", answer)
    monkeypatch.setattr(Timeline, "p95", answer)
    assert timeline.can_draw()
    of(tmp_path).draw(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert asked == ["canary", "stable"] * 2


def test_pods_that_prometheus_calls_canaries_after_their_promotion_are_the_stable_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = NOW.timestamp()

    def answer(self: Timeline, path: str, parameters: dict[str, str]) -> list[Any]:
        if 'version="stable"' in parameters["query"]:
            return [{"values": [[begin, "0.001"], [begin + 20, "0.002"], [begin + 65, "NaN"]]}]
        return [{"values": [[begin + 20, "0.01"], [begin + 35, "0.02"], [begin + 55, "0.03"]]}]

    monkeypatch.setattr(Timeline, "_asked", answer)
    assert of(tmp_path).errors("canary") == [(20, 0.01), (35, 0.02)]
    assert of(tmp_path).errors("stable") == [(0, 0.001), (20, 0.002), (55, 0.03)]


def test_a_release_that_had_failed_before_it_was_looked_at_is_told_all_the_same(tmp_path: Path) -> None:
    *_, failed = history(tmp_path)
    seen = Timeline("http://127.0.0.1:1", service(tmp_path, "team: a"), "apis", 10, [failed])
    assert [mark.what.partition(":")[0] for mark in seen.marks()] == ["release of bad", "bad is taken back"]


def test_the_weight_is_none_where_no_canary_is_under_way(tmp_path: Path) -> None:
    asked, real = of(tmp_path).weights()
    assert [value for _, value in asked] == [10, 10, 10, 100, 0, 0, 10, 0]
    assert [value for _, value in real] == [20, 20, 20, 20, 0, 0, 20, 0]
