"""The whole Release of the monitoring stack is written down, and no value of it changes unseen."""

import pytest

from tests.unit.golden import NAMES, golden_file, monitoring_as_registered
from tests.unit.settings_workbench import SENTINEL


@pytest.mark.parametrize("name", NAMES)
def test_the_release_is_what_its_golden_file_says(name: str) -> None:
    written = golden_file(name).read_text(encoding="utf-8")
    assert monitoring_as_registered(name) == written, "on purpose? then: python -m tests.unit.golden"


@pytest.mark.parametrize("name", NAMES)
def test_no_golden_file_holds_a_secret(name: str) -> None:
    assert SENTINEL not in golden_file(name).read_text(encoding="utf-8")
