"""Raw fields merged last into an object."""

from typing import Any

import pytest

from catalog.patch import patched

POD: dict[str, Any] = {"containers": [{"name": "api", "image": "a:1", "env": [{"name": "A", "value": "1"}]}], "x": 1}


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({}, POD),
        ({"x": None}, {"containers": POD["containers"]}),
        ({"y": {"z": 1}}, {**POD, "y": {"z": 1}}),
        ({"x": {"a": None, "b": 2}}, {**POD, "x": {"b": 2}}),
        ({"containers": []}, {**POD, "containers": []}),
        ({"containers": [{"image": "b"}]}, {**POD, "containers": [{"image": "b"}]}),
        (
            {"containers": [{"name": "api", "env": [{"name": "B", "value": "2"}]}, {"name": "extra", "image": "c"}]},
            {
                **POD,
                "containers": [
                    {
                        "name": "api",
                        "image": "a:1",
                        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                    },
                    {"name": "extra", "image": "c"},
                ],
            },
        ),
    ],
)
def test_maps_are_merged_nulls_remove_and_named_items_find_each_other(
    fields: dict[str, Any], result: dict[str, Any]
) -> None:
    before = repr(POD)
    assert patched(POD, fields) == result
    assert repr(POD) == before
