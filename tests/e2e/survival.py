"""Programs of the cluster that go away for a while, and a witness of a release meanwhile."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from local.cluster import processes
from local.waiting import wait_until
from observability import metrics
from tests.e2e.environment import PATIENCE, Environment

_LOOK_SECONDS = 0.2


@contextmanager
def away(environment: Environment, program: str) -> Iterator[None]:
    """The program is killed, and runs again after the block."""
    process = processes.running(environment.state, program)
    assert process
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: processes.running(environment.state, program) is None, PATIENCE, f"{program} to end")
    try:
        yield
    finally:
        environment.start()


@dataclass
class Witness:
    """What was seen of a release from its beginning on."""

    stable: frozenset[str]
    """The pods of the version that ran before it."""
    fewest_stable: int
    """How many of those were there when they were fewest, for as long as that version was the stable one."""
    steps: list[int] = field(default_factory=list)
    """The steps it was in, in their order."""


@contextmanager
def watched(environment: Environment, name: str) -> Iterator[Witness]:
    """Look at the service all the time, until the block ends."""
    before = str(environment.rollout(name)["status"]["stableRS"])
    first = _stable_pods(environment, name, before)
    witness, over = Witness(first, len(first)), threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_SECONDS):
            there = _stable_pods(environment, name, before)
            status = environment.rollout(name)["status"]
            if status["stableRS"] == before:  # asked last: until then it was
                witness.fewest_stable = min(witness.fewest_stable, len(there & first))
            step = status.get("currentStepIndex")
            if step is not None and witness.steps[-1:] != [step]:
                witness.steps.append(step)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield witness
    finally:
        over.set()
        thread.join()


def _stable_pods(environment: Environment, name: str, pod_hash: str) -> frozenset[str]:
    pods = environment.pods(name)
    return frozenset(pod for pod, labels in pods.items() if labels[metrics.POD_HASH_LABEL] == pod_hash)
