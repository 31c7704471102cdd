"""The FastAPI application of the tests, served by uvicorn as its owner would."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.state import CHECKOUT
from local.waiting import wait_until
from tests.adapter import running


@contextmanager
def instrumented(folder: Path, *options: str, together: bool = True) -> Iterator[int]:
    """Its port; with several workers they count `together`, or each its own."""
    port = running.free_port()
    packages = [str(CHECKOUT / "instrumentation"), str(CHECKOUT), *running.package_path()]
    environment = {"PYTHONPATH": os.pathsep.join(packages), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    if options and together:
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(folder / "workers")
    command = [*running.PYTHON, "-m", "uvicorn", "tests.adapter.instrumented_app:app", "--port", str(port), *options]
    with (folder / "application.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until(lambda: running.listens(port) or process.poll() is not None, 60, "the application's port")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
