"""Where the charts of the platform come from, as the stack file says it."""

from pathlib import Path
from typing import Any

import pytest

from catalog.chart_values import KNOWN_CHARTS
from catalog.platform import ArgoRollouts, Monitoring
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


def test_a_value_that_is_mistyped_is_refused_as_the_chart_would_say_nothing(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, values={"graphana": {"enabled": False}, "prometheus": {}})
    assert told == (
        f"{PLACE}.values.graphana: is no value of kube-prometheus-stack 88.5.3, so that it would do nothing — did you "
        "mean 'grafana'?"
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"values": {"ourOwn": 1}}, "is no value of kube-prometheus-stack 88.5.3, and so may do nothing"),
        (
            {"values": {"graphana": {}}, "version": "99.0.0"},
            "is no value of kube-prometheus-stack 88.5.3, and so may do nothing; did you mean 'grafana'?",
        ),
    ],
)
def test_a_value_that_nobody_knows_is_a_warning(tmp_path: Path, settings: dict[str, Any], told: str) -> None:
    (key,) = settings["values"]
    found = from_file(tmp_path, minimal(platform={"monitoring": settings}))
    assert (f"platform.monitoring.values.{key}", told) in found.warnings


@pytest.mark.parametrize(
    "settings",
    [
        {"values": {"grafana": {}, "kube-state-metrics": {}, "global": {}, "tags": {}}},
        {"values": {"graphana": {}}, "chart": "./charts/ours", "repository": None},
        {"values": {"graphana": {}}, "install": False},
    ],
)
def test_values_of_the_chart_of_other_charts_and_of_none_are_left_alone(tmp_path: Path, settings: Any) -> None:
    assert monitoring(tmp_path, **settings).warnings == []


def test_the_values_are_known_of_the_versions_that_are_installed() -> None:
    for part in (Monitoring(), ArgoRollouts()):
        assert KNOWN_CHARTS[part.chart].version == part.version
