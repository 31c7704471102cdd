"""How many objects a service is, at the defaults and with all it may have, and how much of each is to be read."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import program
from cli.recording import Recording
from cli.rendering import record_stack, rendered_files
from components.observable_api import API_TYPE
from local.state import CHECKOUT
from tests.bench.large_catalog import catalog_of
from tests.bench.parts import Row, Say

MOST_BY_DEFAULT, MOST = 6, 13
"""What the design allows: a preview of an object costs about 20 ms."""

EVERYTHING: Mapping[str, Any] = {
    "hosts": ["api.example.com"],
    "traffic": {"router": "nginx"},
    "autoscaling": {"min": 2, "max": 10, "cpu": "70%"},
    "network": {"from": [{"namespace": "web"}]},
}
"""All that makes more objects: a router, an autoscaler, a network policy."""

_STACK = "local"


def measure(say: Say) -> Iterator[Row]:
    """The objects of one service, all but those that every stack has."""
    for name, keys, most in (
        ("at the defaults", {}, MOST_BY_DEFAULT),
        ("with a router, an autoscaler and a network policy", EVERYTHING, MOST),
    ):
        say(f"a service {name}")
        found = of_a_service(keys)
        kinds = Counter(each.kind for each in found.resources)
        told = ", ".join(f"{number} {kind}" if number > 1 else kind for kind, number in sorted(kinds.items()))
        yield Row(f"a service {name}", f"{kinds.total()} objects", f"(aim: {most} at most)")
        yield Row("  which are", told)
        yield Row("  as YAML", f"{sum(map(len, rendered_files(found).values())) / 1024:.0f} KiB")


def of_a_service(keys: Mapping[str, Any]) -> Recording:
    """What a catalog of one service registers for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in CHECKOUT.glob("Pulumi*.yaml"):
            shutil.copy(file, folder)
        (folder / "services.yaml").write_text(yaml.safe_dump(catalog_of(1, **keys)), encoding="utf-8")
        before, program.FOLDER = program.FOLDER, folder
        try:
            recording = record_stack(folder, _STACK)
        finally:
            program.FOLDER = before
    return Recording([each for each in recording.resources if each.custom and API_TYPE in each.parent])
