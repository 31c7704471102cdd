"""A secret of a stack never shows, whatever else is wrong with its settings."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.problems import CatalogError
from tests.unit.settings_workbench import (
    SECRET_KEYS,
    SENTINEL,
    Place,
    changed,
    encrypted,
    everything,
    from_engine,
    from_file,
    minimal,
    places,
    refusal,
)

WRONG: list[Any] = [None, True, 3, "Not this!", "", [], [3], {}, {"b": SENTINEL}, {"secret": "A B", "key": SENTINEL}]
BELOW_SECRET_KEYS = [place for place in places(everything()) if place[0] in SECRET_KEYS]


def said(settings: dict[str, Any]) -> str:
    """All that a run would say of the settings, with secrets in two of their keys."""
    try:
        return str(from_engine(settings, SECRET_KEYS).warnings)
    except CatalogError as error:
        return str(error)


@pytest.mark.parametrize("place", BELOW_SECRET_KEYS, ids=str)
def test_whatever_else_is_wrong_within_its_key_no_message_shows_a_secret(place: Place) -> None:
    for wrong in WRONG:
        assert SENTINEL not in said(changed(everything(), place, wrong))


@pytest.mark.parametrize("place", BELOW_SECRET_KEYS, ids=str)
def test_nothing_below_a_secret_key_is_shown_wherever_the_secret_really_is(place: Place) -> None:
    for wrong in (f"Not {SENTINEL}!", [SENTINEL], {"a": SENTINEL}, f"{SENTINEL}\n"):
        assert SENTINEL not in said(changed(everything(), place, wrong))


@given(
    st.lists(st.sampled_from(places(everything())), min_size=1, max_size=3),
    st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text(), max_size=2), st.sampled_from(WRONG[:-2])),
    st.booleans(),
)
def test_mutated_settings_are_accepted_or_refused_in_lines_that_show_no_secret(
    mutated: list[Place], value: Any, in_file: bool
) -> None:
    settings = everything()
    for place in mutated:
        try:
            settings = changed(settings, place, value)
        except (LookupError, TypeError, AttributeError):
            continue  # an earlier mutation took the place away
    try:
        if in_file:
            with tempfile.TemporaryDirectory() as folder:
                accepted = from_file(Path(folder), encrypted(settings, SENTINEL))
        else:
            accepted = from_engine(settings, SECRET_KEYS)
        assert SENTINEL not in repr(accepted)
    except CatalogError as error:
        assert SENTINEL not in str(error)
        assert all(str(each).startswith("Pulumi.dev.yaml: config.api-observability:") for each in error.problems)
        assert len(str(error).splitlines()) == len(error.problems)


@pytest.mark.parametrize(
    "settings",
    [
        {"alerting": {"slack": SENTINEL}},
        {"alerting": {"pager": {"pagerduty": SENTINEL}}},
        {"alerting": SENTINEL},
        {"prometheus": {"remoteWrite": [SENTINEL]}},
    ],
)
def test_what_stands_in_the_place_of_a_section_with_credentials_is_not_shown(settings: dict[str, object]) -> None:
    told = refusal(minimal(**settings))
    assert told
    assert SENTINEL not in "".join(told)
