"""The figures and pictures of docs/canary-guide.md are those of the program."""

import math
import re
import runpy

import pytest
import yaml

from catalog.built_in import BUILT_IN_DEFAULTS
from catalog.statistics import surely_too_many
from catalog.weights import real_weight
from local.state import CHECKOUT
from tests.pages import text_of

PAGE = text_of("canary-guide.md")
DRAWN = runpy.run_path(str(CHECKOUT / "docs" / ".site" / "drawings.py"))["drawings"]()
LIMIT = 0.02


def row(title: str) -> list[str]:
    """The cells of the row of a table that begins so."""
    (found,) = re.findall(rf"^\| {re.escape(title)} \| (.+) \|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in found.split("|")]


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_as_it_is_drawn_now(name: str) -> None:
    assert (CHECKOUT / "docs" / "images" / name).read_text(encoding="utf-8") == DRAWN[name]
    assert f"(images/{name})" in PAGE


@pytest.mark.parametrize("weight", [10, 50])
def test_the_weights_are_what_pods_give(weight: int) -> None:
    given = [f"{real_weight(int(pods), weight) * 100:.0f} %" for pods in row("replicas")]
    assert row(f"`setWeight: {weight}` gives") == given


def test_the_allowance_for_chance_is_that_of_the_queries() -> None:
    requests = [int(cell.replace(",", "")) for cell in row("requests *n* within the window")]
    failing = [math.ceil(surely_too_many(each, LIMIT)) for each in requests]
    assert [re.sub(r"\D", "", cell) for cell in row("failure from")] == [str(each) for each in failing]
    shares = [f"{errors / each * 100:.1f} %" for errors, each in zip(failing, requests, strict=True)]
    assert row("which is") == shares


def test_the_plan_that_is_written_out_is_the_built_in_one() -> None:
    (written,) = re.findall(r"^ +steps: (\[.+\])$", PAGE, re.MULTILINE)
    assert yaml.safe_load(written) == BUILT_IN_DEFAULTS["canary"]["steps"]
    (criteria,) = re.findall(r"^ +analysis: (\{p95: 300ms.+\})$", PAGE, re.MULTILINE)
    assert yaml.safe_load(criteria).items() <= BUILT_IN_DEFAULTS["canary"]["analysis"].items()
