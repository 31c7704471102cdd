"""`make bench`: how long things take here and now. Figures, not tests: machines differ, and so does their load.

python -m tests.bench
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from catalog.catalog_file import load_catalog
from catalog.stack_file import environments_in
from cli.rendering import record_stack, rendered_files
from cli.tables import columns
from local.state import CHECKOUT

_RUNS = 5


def main() -> int:
    """Measure everything and print one table."""
    with tempfile.TemporaryDirectory() as folder:
        many = _a_thousand_services(Path(folder))
        measured = [
            ("load and validate services.yaml, 9 services", lambda: _load(CHECKOUT / "services.yaml")),
            ("load and validate 1,000 services in 3 environments", lambda: _load(many)),
            ("render stack prod", lambda: rendered_files(record_stack(CHECKOUT, "prod"))),
        ]
        rows = []
        for name, work in measured:
            print(f"{name} …", file=sys.stderr, flush=True)
            rows.append((name, *_seconds(work)))
    print("\n".join(columns([("WHAT", "MEDIAN", "WORST", "RUNS"), *rows])))
    return 0


def _seconds(work: Callable[[], object]) -> tuple[str, str, str]:
    taken = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return f"{statistics.median(taken):.3f} s", f"{max(taken):.3f} s", str(_RUNS)


def _load(path: Path) -> object:
    return load_catalog(path, "prod", environments_in(CHECKOUT))


def _a_thousand_services(folder: Path) -> Path:
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
        for number in range(1000)
    }
    path = folder / "services.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
