"""Where the charts of the platform come from, as the stack file says it."""

from pathlib import Path
from typing import Any

import pytest

from catalog.platform import Monitoring
from tests.unit.settings_workbench import from_file, minimal, refusal_of_file

PLACE = "Pulumi.dev.yaml: config.api-observability:platform.monitoring"


def monitoring(folder: Path, **settings: Any) -> Monitoring:
    return from_file(folder, minimal(platform={"monitoring": settings})).platform.monitoring


def faults(folder: Path, **settings: Any) -> list[str]:
    return refusal_of_file(folder, minimal(platform={"monitoring": settings}))


def test_a_chart_that_says_where_it_is_needs_no_null_for_the_repository(tmp_path: Path) -> None:
    assert monitoring(tmp_path, chart="./charts/kps").source == ("./charts/kps", None)
    assert monitoring(tmp_path, chart="./charts/kps", repository=None).source == ("./charts/kps", None)


@pytest.mark.parametrize("chart", ["./charts/kps", "oci://mirror.example.com/kps", "kps-1.0.0.tgz"])
def test_a_chart_in_two_places_is_refused(tmp_path: Path, chart: str) -> None:
    (told,) = faults(tmp_path, chart=chart, repository="https://mirror.example.com")
    assert told == f"{PLACE}.repository: is not asked: '{chart}' says where it is; leave one of the two out"


def test_a_chart_in_no_place_is_refused_with_all_ways_to_give_one(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, chart="kps", repository=None)
    assert told == (
        f"{PLACE}.repository: is missing: 'kps' is the name of a chart in a repository; give the repository, or give "
        "the chart as a path (./charts/name) or an address (oci://…)"
    )


def test_an_adopted_part_needs_no_chart_at_all(tmp_path: Path) -> None:
    assert monitoring(tmp_path, install=False, repository=None).repository is None


def test_a_registry_stands_before_the_name_of_the_chart(tmp_path: Path) -> None:
    found = monitoring(tmp_path, repository="oci://mirror.example.com/charts")
    assert found.source == ("oci://mirror.example.com/charts/kube-prometheus-stack", None)


def test_a_version_that_yaml_takes_for_a_number_is_to_be_put_in_quotes(tmp_path: Path) -> None:
    assert faults(tmp_path, version=88.5) == [f"{PLACE}.version: 88.5 is not text (such as prod); put it in quotes"]
