"""Whatever a file says, it is refused in words, or all its objects are accepted by those who decide about them.

`make test` tries some files at random. `HYPOTHESIS_PROFILE=long` tries ten thousand, and before them each key with each
value that is nearly right; it takes a quarter of an hour and tells how far it is.
"""

import re
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings

from local import programs
from local.state import State
from tests.attempts import Desk, Novelty, Took, assert_distinct, assert_refused_in_words, desk, digest
from tests.engine.judges import ApiServer, Lint, Object, Said, objects_in, services_of
from tests.engine.router_definitions import provide_router_definitions
from tests.mutations import Mutant, mutants, slips
from tests.tries import LONG

_MILLISECONDS_TO_REFUSE = 100
_TOLD_EVERY = 500
_JUDGED_AT_ONCE = 400
_LEAST_ACCEPTED = 0.3
T = TypeVar("T")


@dataclass
class Trial:
    """Files tried so far, and what is still to be judged of what they made; each rendering is judged once."""

    api_server: ApiServer
    lint: Lint
    tried: int = 0
    accepted: int = 0
    to_refuse: list[Took] = field(default_factory=list)
    objects: int = 0
    services: int = 0
    faults: Said = field(default_factory=dict)
    _novelty: Novelty = field(default_factory=Novelty)
    _known: set[str] = field(default_factory=set)
    _origins: dict[str, Mutant] = field(default_factory=dict)
    _objects: dict[str, Object] = field(default_factory=dict)
    _services: dict[str, list[Object]] = field(default_factory=dict)

    def put(self, mutant: Mutant, files: Desk) -> None:
        """Try a file: hold a refusal against what it must be, or put what was made among what is to be judged.

        What goes wrong is noted and not raised, so that one fault does not hide the others of a long run.
        """
        self.tried += 1
        try:
            attempt = files.attempt(mutant, self._novelty)
            if attempt.loaded is None:
                self.to_refuse.append(attempt.took)
                assert_refused_in_words(attempt, mutant)
                return
            self.accepted += 1
            objects = objects_in(assert_distinct(attempt))
        except Exception as error:  # noqa: BLE001  # that there is none, of whatever kind, is what is to be shown
            self._fault("".join(traceback.format_exception(error)[-2:]), mutant)
            return
        self._novelty.keep()
        for each in objects:
            self._await(mutant, each, self._objects)
        for service in services_of(objects).values():
            self._await(mutant, service, self._services)
        if len(self._objects) >= _JUDGED_AT_ONCE:
            self.judge()

    def _await(self, mutant: Mutant, made: T, waiting: dict[str, T]) -> None:
        key = digest(made)
        if key not in self._known:
            self._known.add(key)
            self._origins[key] = mutant
            waiting[key] = made

    def judge(self) -> None:
        """Have all judged that is not yet."""
        self.objects += len(self._objects)
        self.services += len(self._services)
        refusals = self.api_server.refusals(self._objects) | self.lint.refusals(self._services)
        for key, told in refusals.items():
            self._fault(told, self._origins[key])
        self._objects, self._services, self._origins = {}, {}, {}

    def _fault(self, told: str, mutant: Mutant) -> None:
        """One fault shows in many renderings; the first of them is enough."""
        self.faults.setdefault(re.sub(r'"[^"]*"|\S*\d\S*', "…", told), f"{told}\n  from {mutant!r}")

    def __str__(self) -> str:
        return (
            f"{self.tried} files: {self.accepted} accepted, {len(self.to_refuse)} refused; "
            f"{self.objects} objects and {self.services} services judged, {len(self.faults)} faults"
        )


@pytest.fixture
def trial(embedded_cluster: State, tmp_path: Path) -> Iterator[Trial]:
    paths = programs.ensure(["kubectl-argo-rollouts"], lambda _: None)
    provide_router_definitions(embedded_cluster)
    api_server = ApiServer(embedded_cluster)
    yield Trial(api_server, Lint(paths["kubectl-argo-rollouts"], tmp_path))
    api_server.close()


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints to the terminal at once, however the tests were started."""

    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return tell


@pytest.mark.timeout(3600)  # thousands of files; the default is for one thing at a time
def test_an_accepted_file_passes_the_api_server_and_argos_lint_and_any_other_is_refused_in_words(
    trial: Trial, tell: Callable[[str], None]
) -> None:
    is_long = settings().max_examples >= LONG
    started = time.monotonic()
    with desk() as files:

        def put(mutant: Mutant) -> None:
            trial.put(mutant, files)
            if is_long and trial.tried % _TOLD_EVERY == 0:
                tell(f"{time.monotonic() - started:>5.0f} s  {trial}")

        for mutant in slips() if is_long else ():
            put(mutant)
        before = trial.tried, trial.accepted
        given(mutants())(put)()
    trial.judge()
    if is_long:
        tell(f"{trial}; {trial.accepted - before[1]} accepted of the {trial.tried - before[0]} at random")
        tell_and_assert_time(trial.to_refuse, tell)
        assert trial.tried - before[0] >= LONG
        assert trial.accepted - before[1] >= _LEAST_ACCEPTED * LONG
    if trial.faults:
        pytest.fail("\n".join(["accepted, and refused by those who decide:", *trial.faults.values()]), pytrace=False)
    assert trial.objects > trial.accepted / 2


def tell_and_assert_time(to_refuse: Sequence[Took], tell: Callable[[str], None]) -> None:
    """How long refusals took.

    Time is asserted in a long run only: that of the processor, for what others do on the machine is no slowness of the
    check; and of all refusals but one in a thousand. A check that is slow shows in far more of them, but in the few
    hundred of a short run that one would be all.
    """
    clock = sorted(took.clock * 1000 for took in to_refuse)
    processor = sorted(took.processor * 1000 for took in to_refuse)
    for name, times in (("on the clock", clock), ("of the processor", processor)):
        told = f"{_share(times, 0.99):.0f} ms at most in 99 % of cases, {_share(times, 0.999):.0f} ms in 99.9 %"
        tell(f"to refuse took {told}, and once {times[-1]:.0f} ms {name}")
    assert _share(processor, 0.999) < _MILLISECONDS_TO_REFUSE


def _share(ordered: list[float], of_all: float) -> float:
    """What so many of all are not above."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * of_all))]
