"""Catalogs of many services, and how many of them a run is asked to have."""

import os
from typing import Any

from catalog.yaml_file import read_mapping
from local.state import CHECKOUT
from tests.engine.stack import Edit

SIZES_VARIABLE = "BENCH_SIZES"

SIZES = (9, 100)


def sizes(default: tuple[int, ...] = SIZES) -> tuple[int, ...]:
    """Numbers of services, from the environment (`BENCH_SIZES="9 100"`) where it names some."""
    asked = os.environ.get(SIZES_VARIABLE, "")
    return tuple(int(each) for each in asked.split()) or default


def with_services(count: int, **keys: Any) -> Edit:
    """An edit of services.yaml: so many services, of all defaults but for `keys`."""

    def edit(content: dict[str, Any]) -> None:
        content["services"] = {
            f"service-{number:04d}-api": {
                "project": f"Project-{number % 10}",
                "port": 8001,
                "image": f"registry.example.com/service-{number:04d}-api:1.0.0",
                **keys,
            }
            for number in range(1, count + 1)
        }

    return edit


def catalog_of(count: int, **keys: Any) -> dict[str, Any]:
    """The content of the checkout's services.yaml with so many services in place of its own."""
    content = dict(read_mapping(CHECKOUT / "services.yaml"))
    with_services(count, **keys)(content)
    return content
