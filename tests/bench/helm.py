"""Helm on the small chart beside this file, once for each service, as without this program it would be."""

import os
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from local import programs
from local.state import CHECKOUT, State

CHART = CHECKOUT / "tests" / "bench" / "chart"
OBJECTS = 4
NAMESPACE = "with-helm"


@dataclass(frozen=True)
class Spell:
    """Seconds, and CPU seconds, of some work of other processes."""

    seconds: float
    cpu: float


def timed(work: Callable[[], object]) -> Spell:
    """What the work took; of CPU time that of the processes it waited for."""
    before, begun = _cpu(), time.perf_counter()
    work()
    return Spell(time.perf_counter() - begun, _cpu() - before)


def template(services: Sequence[str]) -> None:
    """`helm template` for each."""
    helm = program()
    for name in services:
        _run([helm, "template", name, CHART, "--namespace", NAMESPACE, "--set", f"image={_image(name)}"])


def upgrade(state: State, services: Sequence[str]) -> None:
    """`helm upgrade --install` for each, on the embedded cluster."""
    helm = program()
    environment = {**os.environ, "KUBECONFIG": str(state.kubeconfig), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    for name in services:
        where = ["--namespace", NAMESPACE, "--create-namespace", "--set", f"image={_image(name)}"]
        _run([helm, "upgrade", "--install", name, CHART, *where], environment)


def program() -> Path:
    """Helm: one on PATH that will do, or the pinned one."""
    return programs.ensure(["helm"], lambda _: None)["helm"]


def _run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def _image(name: str) -> str:
    return f"registry.example.com/{name}:1.0.0"


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
