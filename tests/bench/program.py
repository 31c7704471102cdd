"""How long it takes to load the catalog and to render a stack."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from catalog.catalog_file import load_catalog
from catalog.stack_file import environments_in
from cli.rendering import record_stack, rendered_files
from local.state import CHECKOUT
from tests.bench.parts import Row, Say

_RUNS = 5
_MANY = 1000


def measure(say: Say) -> Iterator[Row]:
    """Load the catalog as it is and a large one, and render the stack `prod`."""
    with tempfile.TemporaryDirectory() as folder:
        many = _many_services(Path(folder))
        measured: dict[str, Callable[[], object]] = {
            "load and validate services.yaml, 9 services": lambda: _load(CHECKOUT / "services.yaml"),
            f"load and validate {_MANY:,} services in 3 environments": lambda: _load(many),
            "render stack prod": lambda: rendered_files(record_stack(CHECKOUT, "prod")),
        }
        for name, work in measured.items():
            say(name)
            taken = [_seconds(work) for _ in range(_RUNS)]
            yield Row(name, f"{statistics.median(taken):.3f} s (median of {_RUNS}; worst {max(taken):.3f} s)")


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _load(path: Path) -> object:
    return load_catalog(path, "prod", environments_in(CHECKOUT))


def _many_services(folder: Path) -> Path:
    """The real file with services of several keys each, every one with an override."""
    content = yaml.safe_load((CHECKOUT / "services.yaml").read_text(encoding="utf-8"))
    entry = content["services"]["mpcstudy-api"]
    content["services"] = {
        f"service-{number}": {
            **entry,
            "hosts": [f"service-{number}.example.com"],
            "traffic": {"router": "nginx"},
            "env": {"LOG_LEVEL": "info", "PASSWORD": {"secret": "database", "key": "password"}},
            "environments": {"prod": {"replicas": 12}},
        }
        for number in range(_MANY)
    }
    path = folder / "services.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path
