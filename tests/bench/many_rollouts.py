"""How fast one controller takes many Rollouts through a release, and its memory, with which of its settings.

Rollouts of one pod, played by kwok. For each setting all of them get another image while the controller is down; the
time from its start until all are Healthy counts. `BENCH_ROLLOUTS` says how many there are.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from lightkube.generic_resource import GenericNamespacedResource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace
from lightkube.types import PatchType

from local import programs
from local.cluster import ports, processes
from local.cluster.component import Setting
from local.cluster.components import COMPONENTS
from local.cluster.stopping import stop_components
from local.waiting import wait_until
from tests.bench.own_cluster import own_stack
from tests.bench.parts import Row, Say
from tests.bench.usage import spent
from tests.engine.stack import Rollout, Stack

COUNT_VARIABLE = "BENCH_ROLLOUTS"
COUNT = 500

NAMESPACE = "many"
_CONTROLLER = next(each for each in COMPONENTS if each.name == "rollouts-controller")
_PATIENCE_SECONDS = 1_200
_MEBIBYTE = 1024**2


@dataclass(frozen=True)
class Flags:
    """Workers for Rollouts, and requests to the API server: a second, and at once."""

    threads: int
    qps: int
    burst: int

    def __str__(self) -> str:
        return f"{self.threads} threads, {self.qps} qps, burst {self.burst}"

    @property
    def arguments(self) -> list[str]:
        """As the controller takes them."""
        return [f"--rollout-threads={self.threads}", f"--qps={self.qps}", f"--burst={self.burst}"]


DEFAULTS = Flags(10, 40, 80)
"""Of Argo Rollouts 1.9 (controller/controller.go, utils/defaults/defaults.go)."""

SETTINGS = (DEFAULTS, Flags(10, 200, 400), Flags(30, 200, 400), Flags(10, 1000, 2000), Flags(30, 1000, 2000))


def measure(say: Say) -> Iterator[Row]:
    """Make them, and then one round for each setting."""
    count = int(os.environ.get(COUNT_VARIABLE, COUNT))
    with own_stack(say) as stack:
        stop_components(stack.state, [each for each in COMPONENTS if each.stage > _CONTROLLER.stage])
        say(f"making {count} Rollouts")
        begun = time.monotonic()
        _make(stack, count)
        _wait_until_healthy(stack, count)
        yield Row(f"{count} Rollouts made and Healthy", f"{time.monotonic() - begun:.0f} s")
        first = 0.0
        for number, flags in enumerate(SETTINGS, 2):
            say(f"another image for all, {flags}")
            seconds, cpu, memory = _round(stack, count, number, flags)
            first = first or seconds
            told = f"{seconds:.0f} s, {cpu:.0f} s CPU, {memory / _MEBIBYTE:.0f} MiB"
            yield Row(f"another image for {count}, {flags}", told, f"{seconds / first:.2f} × the controller's defaults")


def _make(stack: Stack, count: int) -> None:
    stack.client.create(Namespace(metadata=ObjectMeta(name=NAMESPACE)))
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(stack.client.create, _rollout(number)) for number in range(count)]:
            done.result()


def _rollout(number: int) -> GenericNamespacedResource:
    labels = {"app": f"many-{number:04d}"}
    container = {"name": "app", "image": "registry.example.com/app:1"}
    return Rollout(
        apiVersion="argoproj.io/v1alpha1",
        kind="Rollout",
        metadata=ObjectMeta(name=labels["app"], namespace=NAMESPACE),
        spec={
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "strategy": {"canary": {}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    )


def _round(stack: Stack, count: int, number: int, flags: Flags) -> tuple[float, float, int]:
    """Seconds until all are Healthy, and the CPU seconds and bytes of the controller."""
    stop_components(stack.state, [_CONTROLLER])
    container = {"name": "app", "image": f"registry.example.com/app:{number}"}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    with ThreadPoolExecutor(4) as pool:
        patched = [
            pool.submit(
                stack.client.patch,
                Rollout,
                f"many-{each:04d}",
                change,
                namespace=NAMESPACE,
                patch_type=PatchType.MERGE,
            )
            for each in range(count)
        ]
        for done in patched:
            done.result()
    begun = time.monotonic()
    _start(stack, flags)
    _wait_until_healthy(stack, count)
    seconds = time.monotonic() - begun
    process = processes.running(stack.state, _CONTROLLER.name)
    used = spent(process.pid) if process else None
    assert used
    return seconds, used.cpu, used.memory


def _start(stack: Stack, flags: Flags) -> None:
    """The controller of the embedded cluster with these flags; the last of each name counts."""
    names = [each.name for each in COMPONENTS if not each.module]
    paths = programs.ensure(names, lambda _: None)
    state = stack.state
    launch = _CONTROLLER.launch(Setting(state, paths, state.cluster_data / "pod-stages.yaml", ports.recorded(state)))
    processes.launch(state, replace(launch, command=[*launch.command, *flags.arguments]))


def _wait_until_healthy(stack: Stack, count: int) -> None:
    def all_are() -> bool:
        found = [dict(each) for each in stack.client.list(Rollout, namespace=NAMESPACE)]
        return sum(_is_healthy(each) for each in found) == count

    wait_until(all_are, _PATIENCE_SECONDS, f"{count} Rollouts to be Healthy")


def _is_healthy(rollout: dict[str, Any]) -> bool:
    """Of the newest image: the controller writes down which generation it has seen."""
    status = rollout.get("status") or {}
    seen = status.get("observedGeneration") == str(rollout["metadata"]["generation"])
    return bool(seen and status.get("phase") == "Healthy")
