"""The whole of `make up`, so many times as fast, and how tests work with it side by side."""

import copy
import json
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import yaml
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.core_v1 import Pod
from lightkube.resources.discovery_v1 import EndpointSlice

from catalog.quantities import Duration
from local import cluster, programs
from local.cluster.api import ask
from local.errors import LocalError
from local.receiver import control as receiver
from local.receiver.messages import Message
from local.simulator.behaviour import Scenario
from local.simulator.control import play_one
from local.state import CHECKOUT, EMBEDDED_CONTEXT, State
from local.waiting import wait_until
from tests.engine.monitored import Labels, Monitored, monitored
from tests.engine.stack import NAMESPACE, Stack, stack_of

AnalysisRun = create_namespaced_resource("argoproj.io", "v1alpha1", "AnalysisRun", "analysisruns")

SCALE = 10
"""How many times as fast as for users everything is here: the setting `timeScale`."""

PATIENCE = 240.0
"""Seconds until what must happen has happened, on a machine that does other things as well."""

INCONCLUSIVE = "InconclusiveAnalysisRun"
"""Why a Rollout waits of whose canary nobody could tell (types.go, `PauseReasonInconclusiveAnalysis`)."""

_ONE_CHECKPOINT = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""The state of all of these services is 5 MB; to write it twice for each object is most of the time of an `up`."""

Entry = dict[str, Any]
Samples = list[tuple[Labels, list[tuple[float, float]]]]
"""Series, and of each the times (seconds since 1970) and values of its samples."""


def scaled(written: str) -> float:
    """The seconds that a duration of the catalog takes here."""
    return Duration.parse(written) / SCALE


def entry(port: int, tag: str = "1", *, replicas: int = 4, **more: Any) -> Entry:
    """A service as services.yaml has it, whose image has that tag, with so many pods here."""
    image = f"registry.example.com/service-{port}:{tag}"
    return {"project": "E2E", "port": port, "image": image, "environments": {"local": {"replicas": replicas}}, **more}


@dataclass
class Environment:
    """One cluster and its stack `local`, for all tests: each changes its own services, and waits for those alone."""

    stack: Stack
    seen: Monitored
    services: dict[str, Entry]
    """The catalog's entries as they are now."""

    @classmethod
    def of(cls, state: State, folder: Path) -> "Environment":
        """That of a running cluster, with the services of services.yaml; `up` is to follow."""
        stack = stack_of(state, folder)
        stack.settings = {"timeScale": SCALE}
        catalog = yaml.safe_load((CHECKOUT / "services.yaml").read_text(encoding="utf-8"))
        return cls(stack, monitored(state), catalog["services"])

    @property
    def state(self) -> State:
        """The state folder."""
        return self.stack.state

    def start(self) -> None:
        """Have all of the cluster running, as fast as it is here."""
        cluster.start(self.state, time_scale=SCALE)

    def up(self) -> str:
        """`pulumi up` of the catalog as it is now; its output."""

        def as_here(content: dict[str, Any]) -> None:
            # One pod each of the nine: what is scraped ten times as often is more than enough for two cores.
            content["defaults"]["environments"]["local"]["replicas"] = 1
            content["services"] = self.services

        engine = self.stack.engine(as_here)
        engine = replace(engine, variables={**engine.variables, **_ONE_CHECKPOINT})
        finished = engine.run("up", "--yes", "--skip-preview", "--non-interactive", capture=True)
        assert finished.returncode == 0, finished.stdout
        return finished.stdout

    def change(self, edit: Callable[[dict[str, Entry]], object]) -> None:
        """Edit the entries, and bring them up; where that fails, they stay as they were for the next test."""
        before = copy.deepcopy(self.services)
        edit(self.services)
        try:
            self.up()
        except AssertionError:
            self.services = before
            raise

    def have(self, services: Mapping[str, Entry]) -> None:
        """Have these services besides, or with other entries, and wait until they are well."""
        self.change(lambda there: there.update(services))
        for name in services:
            self.wait_for_phase(name, "Healthy")

    def take_away(self, *names: str) -> None:
        """Remove services."""
        self.change(lambda there: [there.pop(name) for name in names])

    def release(self, tags: Mapping[str, str], adapters: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
        """Release images of these tags, and adapters of those, all at once; the pod-template hashes of the canaries."""

        def tagged(services: dict[str, Entry]) -> None:
            parts = [*((services[name], tag) for name, tag in tags.items())]
            parts += [(services[name]["adapter"], tag) for name, tag in adapters.items()]
            for part, tag in parts:
                part["image"] = f"{part['image'].rpartition(':')[0]}:{tag}"

        self.change(tagged)
        return {name: self._newest_hash(name) for name in (*tags, *adapters)}

    def _newest_hash(self, name: str) -> str:
        def seen() -> bool:
            found = self.rollout(name)
            return bool(found["status"].get("observedGeneration") == str(found["metadata"]["generation"]))

        wait_until(seen, PATIENCE, f"the controller to see the release of {name}")
        return str(self.rollout(name)["status"]["currentPodHash"])

    def rollout(self, name: str) -> dict[str, Any]:
        """The Rollout as the API server has it; one without a status yet has an empty one."""
        return {"status": {}, **self.stack.rollout(name)}

    def phase(self, name: str) -> str:
        """The phase in its status: Healthy, Progressing, Paused or Degraded."""
        return str(self.rollout(name)["status"].get("phase"))

    def wait_for_phase(self, name: str, *phases: str) -> dict[str, Any]:
        """The Rollout, once the controller has seen its newest version and it is in one of the phases."""
        found: dict[str, Any] = {}

        def reached() -> bool:
            found.update(self.rollout(name))
            status = found["status"]
            newest = status.get("observedGeneration") == str(found["metadata"]["generation"])
            return bool(newest and status.get("phase") in phases)

        try:
            wait_until(reached, PATIENCE, f"{name} to be {' or '.join(phases)}")
        except LocalError as error:
            raise AssertionError(f"{error}: {json.dumps(found.get('status'))}") from error
        return found

    def settle(self, *names: str) -> dict[str, str]:
        """The phases of the services, once each is promoted, taken back, or waits since nobody could judge it."""
        found: dict[str, str] = {}

        def settled(name: str) -> bool:
            status = self.rollout(name)["status"]
            found[name] = str(status.get("phase"))
            reasons = {each["reason"] for each in status.get("pauseConditions") or []}
            through = found[name] == "Healthy" and status["stableRS"] == status["currentPodHash"]
            return through or found[name] == "Degraded" or INCONCLUSIVE in reasons

        try:
            wait_until(lambda: all(settled(name) for name in names), 2 * PATIENCE, "releases to be decided")
        except LocalError as error:
            raise AssertionError(f"{error}: {found}") from error
        return found

    def runs(self, name: str, pod_hash: str) -> list[dict[str, Any]]:
        """The AnalysisRuns of that canary, the oldest first."""
        found = [dict(each) for each in self.stack.client.list(AnalysisRun, namespace=NAMESPACE)]
        # rollout-hash-revision, and for those of steps the step (rollout/analysis.go).
        own = [each for each in found if each["metadata"]["name"].startswith(f"{name}-{pod_hash}-")]
        return sorted(own, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"]))

    def pods(self, name: str) -> dict[str, Labels]:
        """The labels of the service's pods by their name, those that are going left out."""
        found = self.stack.client.list(Pod, namespace=NAMESPACE, labels={"app.kubernetes.io/name": name})
        return {
            str(pod.metadata.name): dict(pod.metadata.labels or {})
            for pod in found
            if pod.metadata and not pod.metadata.deletionTimestamp
        }

    def argo(self, *words: str) -> None:
        """What a person types: `kubectl argo rollouts` with these words; then the controller is made to look."""
        plugin = programs.ensure(["kubectl-argo-rollouts"], lambda _: None)["kubectl-argo-rollouts"]
        access = ["--kubeconfig", str(self.state.kubeconfig), "--context", EMBEDDED_CONTEXT, "--namespace", NAMESPACE]
        subprocess.run([plugin, *words, *access], check=True, capture_output=True)
        self.stack.look_again(words[-1])

    def play(self, name: str, scenario: Mapping[str, Any] | None) -> None:
        """Play that scenario with the service, or none any more."""
        told = None if scenario is None else Scenario.model_validate(scenario)
        play_one(self.state, f"{NAMESPACE}/{name}", told)

    def discover_again(self, service: str) -> None:
        """Have Prometheus look again at the pods of a service: it does so when their EndpointSlice changes."""
        client = self.stack.client
        for found in client.list(EndpointSlice, namespace=NAMESPACE, labels={"kubernetes.io/service-name": service}):
            look = {"metadata": {"annotations": {"example.com/look-again": secrets.token_hex(4)}}}
            assert found.metadata and found.metadata.name
            client.patch(EndpointSlice, found.metadata.name, look, namespace=NAMESPACE)

    def query(self, promql: str) -> list[tuple[Labels, float]]:
        """What Prometheus answers now."""
        return self.seen.query(promql)

    def value(self, promql: str) -> float | None:
        """The only sample of the answer, if any."""
        return self.seen.value(promql)

    def wait_for(self, promql: str) -> float:
        """The value of a condition such as `x > 0`, once it holds."""
        return self.seen.wait_for(promql, PATIENCE)

    def samples(self, selector: str, seconds: int = 120) -> Samples:
        """The samples themselves of the last real `seconds`, with the times at which they were scraped."""
        url = f"{self.seen.prometheus}/api/v1/query?{urlencode({'query': f'{selector}[{seconds}s]'})}"
        answer = json.loads(ask(url, timeout_seconds=PATIENCE).body)
        assert answer["status"] == "success", answer
        return [
            (each["metric"], [(float(at), float(value)) for at, value in each["values"]])
            for each in answer["data"]["result"]
        ]

    def messages(self, after: int = 0) -> list[Message]:
        """What has arrived in Slack and by mail, after the message of that number."""
        return receiver.messages(self.state, after)

    @property
    def last_message(self) -> int:
        """The number of the newest message; 0 where there is none."""
        return max((message.number for message in self.messages()), default=0)

    def firing(self, **labels: str) -> list[Labels]:
        """The alerts with those labels that fire in Prometheus."""
        wanted = ",".join(f'{name}="{value}"' for name, value in {"alertstate": "firing", **labels}.items())
        return [found for found, _ in self.query(f"ALERTS{{{wanted}}}")]
