"""What Argo Rollouts' own code makes of the strategies of our Rollouts: pods and weights, step by step."""

import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from catalog.canary import SetWeight, Step
from catalog.scaling import Autoscaling
from catalog.services import Service
from cli.rendering import rendered_files
from components.traffic import with_tester_step
from local.programs.registry import PINS, load_registry
from local.programs.toolchain import find_go, go_environment
from tests.engine.judges import objects_in
from tests.unit.api_workbench import recorded

WEIGHTS = range(1, 101)
"""Every weight that a step may have."""

Strategy = dict[str, Any]
Sizes = tuple[int, int]
"""The fewest and the most pods of a service; an autoscaler's where they differ."""


class Stand(NamedTuple):
    """Where Argo Rollouts leaves a canary: pods of both versions, the weight (percent) a router is told, and the fewest
    available and the most wanted pods of both together on the way there.
    """

    canary: int
    stable: int
    weight: int
    fewest: int
    most: int

    @property
    def share(self) -> float:
        """The canary's share (0–1) of the pods."""
        return self.canary / (self.canary + self.stable)


class Question(NamedTuple):
    """What becomes of a strategy on walks, each the numbers of pods in effect at one step after the other.

    At the step `abort_at` somebody aborts.
    """

    strategy: Strategy
    walks: Sequence[Sequence[int]]
    abort_at: int | None = None

    @property
    def line(self) -> str:
        """The question as the program reads it."""
        return json.dumps({"strategy": self.strategy, "walks": self.walks, "abortAt": self.abort_at})


def answers(questions: Iterable[Question]) -> Iterator[list[Stand]]:
    """For each walk of each question, where every step leaves the canary, and the end of the release."""
    answered = subprocess.run(
        [find_go([load_registry().programs["kubectl-argo-rollouts"]]).binary, "run", "-trimpath", "./weights"],
        cwd=PINS / "argo-rollouts",
        env=go_environment(),
        input="\n".join(question.line for question in questions),
        check=False,
        capture_output=True,
        text=True,
    )
    assert answered.returncode == 0, answered.stderr
    for line in answered.stdout.splitlines():
        yield [Stand(**stand) for stand in json.loads(line)]


def weight(percent: int) -> SetWeight:
    """The step that gives a canary so much of the traffic."""
    return SetWeight.model_validate({"setWeight": percent})


def strategy_of(service: Service) -> Strategy:
    """The strategy that our Rollout of the service has."""
    (rollout,) = [each for each in objects_in(rendered_files(recorded(service))) if each["kind"] == "Rollout"]
    strategy: Strategy = rollout["spec"]["strategy"]["canary"]
    return strategy


def with_steps(service: Service, strategy: Strategy, steps: Sequence[Step]) -> Strategy:
    """The strategy with the steps of another plan."""
    plan = [step.model_dump(by_alias=True, exclude_none=True) for step in steps]
    return {**strategy, "steps": with_tester_step(service, plan)}


def planned(service: Service, steps: Sequence[Step], sizes: Sizes) -> Service:
    """The service with another plan, and so many pods."""
    fewest, most = sizes
    scaling = None if fewest == most else Autoscaling(min=fewest, max=most)
    plan = service.canary.model_copy(update={"steps": list(steps)})
    return service.model_copy(update={"canary": plan, "replicas": fewest, "autoscaling": scaling})
