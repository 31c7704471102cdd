"""All applications of the cluster at work: one tick after another, and what each exposes."""

import threading
from collections.abc import Callable, Mapping

from local.mirror import Name
from local.simulator.application import Application
from local.simulator.behaviour import Behaviour, Scenario
from local.simulator.cluster_view import PodView, RolloutView, Sight
from local.simulator.traffic import ready_pods, shares


class Simulation:
    """The applications of every pod that belongs to a Rollout.

    What happens depends on the seed, on what `sight` shows at each tick, and on the scenarios; not on the clock.
    """

    def __init__(self, sight: Callable[[], Sight], seed: int = 0) -> None:
        self._sight, self._seed = sight, seed
        self._applications: dict[Name, Application] = {}
        self._scenarios: Mapping[str, Scenario] = {}
        self._lock = threading.Lock()

    @property
    def scenarios(self) -> Mapping[str, Scenario]:
        """What is played, by `namespace/service`."""
        return self._scenarios

    def play(self, scenarios: Mapping[str, Scenario]) -> None:
        """Play these from the next tick on, and no others."""
        with self._lock:
            self._scenarios = dict(scenarios)

    def change(self, changes: Mapping[str, Scenario | None]) -> None:
        """Play these besides from the next tick on; None ends what was played with a service."""
        with self._lock:
            changed = {**self._scenarios, **changes}
            self._scenarios = {name: scenario for name, scenario in changed.items() if scenario is not None}

    def tick(self) -> None:
        """Let every service be asked for as long as one tick is."""
        sight = self._sight()
        with self._lock:
            self._forget_but(sight)
            for rollout in sight.rollouts.values():
                self._serve(sight, rollout)

    def pod(self, name: str) -> PodView | None:
        """The pod called so, as `namespace/name`, if it is ready."""
        namespace, _, own = name.partition("/")
        pod = self._sight().pods.get((namespace, own))
        return pod if pod and pod.ready else None

    def exposition(self, pod: PodView, accept: str) -> tuple[bytes, str] | None:
        """What the pod's application answers on `/metrics`, with its content type; None where nothing listens."""
        rollout = self._sight().rollouts.get((pod.namespace, pod.service))
        if rollout is None:
            return None
        behaviour = self._behaviour(pod, rollout)
        with self._lock:
            application = self._application(pod)
            return application.exposition(accept, behaviour) if application.listens(behaviour) else None

    def hangs(self, pod: PodView) -> bool:
        """Whether the pod's application takes a scrape and never answers it."""
        rollout = self._sight().rollouts.get((pod.namespace, pod.service))
        return rollout is not None and self._behaviour(pod, rollout).hangs

    def _serve(self, sight: Sight, rollout: RolloutView) -> None:
        share = shares(sight, rollout)
        traffic = self._scenario(rollout).traffic(rollout.name)
        for pod in ready_pods(sight, rollout):
            self._application(pod).tick(traffic * share.get(pod.name, 0.0), self._behaviour(pod, rollout))

    def _forget_but(self, sight: Sight) -> None:
        for gone in self._applications.keys() - sight.pods.keys():
            del self._applications[gone]

    def _application(self, pod: PodView) -> Application:
        """The application of the pod; it starts when it is first asked for or ticks."""
        key = (pod.namespace, pod.name)
        if key not in self._applications:
            self._applications[key] = Application(pod.service, pod.name, self._seed)
        return self._applications[key]

    def _scenario(self, rollout: RolloutView) -> Scenario:
        return self._scenarios.get(f"{rollout.namespace}/{rollout.name}", Scenario())

    def _behaviour(self, pod: PodView, rollout: RolloutView) -> Behaviour:
        is_canary = bool(rollout.stable) and pod.revision != rollout.stable
        return self._scenario(rollout).behaviour(is_canary=is_canary, image_tags=pod.image_tags)
