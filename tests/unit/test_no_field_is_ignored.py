"""No field of services.yaml is accepted and then ignored: each changes an object of the service."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.catalog_file import load_catalog
from catalog.services import ServiceEntry
from components.network_policy import Surroundings
from tests.unit.api_workbench import recorded
from tests.unit.every_field import CHANGES, ENTRIES, Change, Entry, is_at, leaves

NOT_IN_ITS_OBJECTS = {
    "enabled": "a service that is switched off has no objects at all",
    "slo.availability": "is for recording rules and alerts, which are not among the service's own objects",
    "slo.latency.threshold": "as above",
    "slo.latency.objective": "as above",
}
"""The fields that change no object of the service, and why that is right."""

NEIGHBOUR = {"project": "B", "port": 8002, "image": "registry.example.com/b:1"}

Objects = dict[str, Any]


def objects(folder: Path, entry: Entry) -> Objects:
    """What a service with that entry is registered as: inputs and what is ignored of them, by URN."""
    path = folder / "services.yaml"
    path.write_text(yaml.safe_dump({"services": {"a-api": entry, "b-api": NEIGHBOUR}}), encoding="utf-8")
    services = load_catalog(path, "dev", ("dev",)).services
    around = Surroundings({each.name: each.pod_selector for each in services}, "monitoring")
    found = recorded(services[0], around=around).by_urn
    return {urn: (each.inputs, each.ignore_changes) for urn, each in found.items()}


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Objects]:
    """The objects of an entry as it is, by its name."""
    return cache(lambda name: objects(tmp_path_factory.mktemp(name), ENTRIES[name]))


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_another_value_makes_other_objects(change: Change, tmp_path: Path, unchanged: Callable[[str], Objects]) -> None:
    assert objects(tmp_path, change.made()) != unchanged(change.entry)


@pytest.mark.parametrize("name", ENTRIES)
def test_the_same_values_make_the_same_objects(name: str, tmp_path: Path, unchanged: Callable[[str], Objects]) -> None:
    assert objects(tmp_path, ENTRIES[name]) == unchanged(name)


def test_every_field_there_is_has_been_given_another_value() -> None:
    known = set(leaves(ServiceEntry))
    tried = {leaf for leaf in known for change in CHANGES if is_at(leaf, change.path)}
    assert known - tried == set(NOT_IN_ITS_OBJECTS)
    assert [str(change) for change in CHANGES if not any(is_at(leaf, change.path) for leaf in known)] == []
