"""The figures of docs/scaling.md follow from what the program makes."""

import re
from pathlib import Path
from typing import Any

from cli.rendering import record_stack, rendered_files
from components.rules import service_rules
from local.state import CHECKOUT
from observability.links import Links
from observability.rollout_state import custom_resource_state
from tests.pages import text_of
from tests.unit.catalog_workbench import service

PAGE = text_of("scaling.md")
STATUSES = 5
"""With which each route is there from the start (docs/instrumenting.md)."""

SCRAPES_A_DAY = 24 * 60 * 60 // 15


def of_one_route_and_pod(buckets: int) -> int:
    """For each status the counter, and of the histogram the buckets, the one without a bound, the sum and the count."""
    return STATUSES * (1 + buckets + 1 + 2)


def recorded(tmp_path: Path, versions: int) -> int:
    """The series that the rules of a service with all defaults record, where so many versions run."""
    found = service(tmp_path, "replicas: 4")
    manifest = service_rules(found, "apis", "stack", Links())
    names = [rule["record"] for group in manifest["spec"]["groups"] for rule in group["rules"] if "record" in rule]
    return sum(_series(name, len(found.metrics.buckets) + 1, versions) for name in names)


def _series(name: str, buckets: int, versions: int) -> int:
    labels = name.partition(":")[0].split("_")
    of = {"le": buckets, "version": versions, "status": STATUSES}
    found = 1
    for label in labels:
        found *= of.get(label, 1)
    return found


def test_the_series_of_an_application(tmp_path: Path) -> None:
    buckets = len(service(tmp_path, "replicas: 4").metrics.buckets)
    assert f"the contract's {buckets} buckets" in PAGE
    assert f"| {of_one_route_and_pod(buckets)} · R · P |" in PAGE
    assert f"{of_one_route_and_pod(8)} series instead of {of_one_route_and_pod(buckets)}" in PAGE


def test_the_series_that_are_recorded(tmp_path: Path) -> None:
    (usual, during) = re.findall(r"about (\d+), during a release (\d+)", PAGE)[0]
    assert abs(recorded(tmp_path, 1) - int(usual)) <= 5
    assert abs(recorded(tmp_path, 2) - int(during)) <= 5


def test_the_metrics_of_a_rollout() -> None:
    resource: dict[str, Any] = custom_resource_state()["spec"]["resources"][0]
    assert f"{len(resource['metrics'])} metrics, one of them with 4 phases" in PAGE


def test_the_objects_of_a_service() -> None:
    files = rendered_files(record_stack(CHECKOUT, "prod"))
    assert len([name for name in files if str(name).endswith("-univprepai-api.yaml")]) == 6
    assert "Six with all defaults" in PAGE


def test_the_bytes_are_those_of_the_series() -> None:
    rows = re.findall(r"^\| (\d+) routes, (\d+) pods \| ([\d,]+) \| ([\d.]+)–([\d.]+) GB \|$", PAGE, re.MULTILINE)
    assert len(rows) == 3
    for routes, pods, series, low, high in rows:
        count = int(routes) * int(pods) * of_one_route_and_pod(18)
        assert int(series.replace(",", "")) == count
        samples = count * SCRAPES_A_DAY * 30
        assert (f"{samples / 1e9:.1f}", f"{2 * samples / 1e9:.1f}") == (low, high)
