"""What `make render` costs for each object, beside `helm template` of a small chart once for each service."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import yaml

from local.state import CHECKOUT
from tests.bench import helm
from tests.bench.large_catalog import catalog_of, sizes
from tests.bench.parts import Row, Say
from tests.bench.usage import Usage, watched

AIM = 3
_AIMED_AT = 100
_ROUNDS = 3
_MEBIBYTE = 1024**2
_STACK = "local"


def measure(say: Say) -> Iterator[Row]:
    """Every size; of each the best of some rounds in turns."""
    for size in sizes():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            services = _services(folder, size)
            ours, theirs = [], []
            for number in range(1, (_ROUNDS if size <= _AIMED_AT else 1) + 1):
                say(f"{size} services, round {number}")
                ours.append(_rendered(folder))
                if size <= _AIMED_AT:
                    theirs.append(helm.timed(partial(helm.template, services)))
        yield from rows(size, ours, theirs)


def rows(size: int, ours: list[Usage], theirs: list[helm.Spell]) -> Iterator[Row]:
    """The best of each."""
    best = min(ours, key=lambda each: each.seconds)
    objects = int(best.output.splitlines()[-1])
    cpu = min(each.cpu for each in ours)
    told = f"{best.seconds:.1f} s, {cpu:.1f} s CPU, {best.memory / _MEBIBYTE:.0f} MiB"
    yield Row(f"{size} services, render of {objects:,} objects", told, f"{cpu / objects * 1000:.1f} ms CPU an object")
    if not theirs:
        return
    helms = min(each.seconds for each in theirs)
    helms_cpu = min(each.cpu for each in theirs)
    told = f"{helms:.1f} s, {helms_cpu:.1f} s CPU"
    made = size * helm.OBJECTS
    yield Row(f"{size} services, helm template of {made:,}", told, f"{helms_cpu / made * 1000:.1f} ms CPU an object")
    aim = f" (aim: {AIM} at {_AIMED_AT} services)"
    yield Row(
        f"{size} services, times as fast as helm", f"{helms / best.seconds:.2f} ×", f"CPU {helms_cpu / cpu:.2f} ×{aim}"
    )


def _services(folder: Path, size: int) -> list[str]:
    for file in CHECKOUT.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    content = catalog_of(size)
    (folder / "services.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return list(content["services"])


def _rendered(folder: Path) -> Usage:
    command = [sys.executable, "-m", "tests.bench.render_many", str(folder), _STACK]
    return watched(command, lambda _: "render", folder=CHECKOUT, environment=None)
