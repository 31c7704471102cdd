"""`api-observability release` as a service's own repository calls it: on a stack on somebody's own cluster.

The embedded cluster plays the user's; exit statuses are those that a CI job decides by.
"""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from lightkube.types import PatchType

from local.simulator.behaviour import Scenario
from local.simulator.control import play
from local.state import State
from local.waiting import wait_until
from tests.engine.monitored import monitored
from tests.engine.own_checkout import Checkout, checkout_of
from tests.engine.stack import NAMESPACE, Rollout, Stack, stack_of

RELEASED, WAITING, SLOW = "released-api", "waiting-api", "slow-api"
_REPOSITORY = "registry.example.com"

_FAST: dict[str, Any] = {
    "steps": [{"setWeight": 50}, {"pause": "8s"}, {"analysis": True}],
    "analysis": {"interval": "2s", "count": 2, "window": "4s"},
    "minReady": "1s",
}
"""A release of half a minute, decided by what Prometheus sees every second. It takes Prometheus up to 5 s to find a new
pod, and the window until it is full: the pause is as long."""


def entry(port: int, name: str, **more: Any) -> dict[str, Any]:
    about = {"project": "Release", "port": port, "image": f"{_REPOSITORY}/{name}:1", "replicas": 2}
    return {**about, "metrics": {"interval": "1s"}, "canary": _FAST, **more}


def services(**more: Any) -> str:
    waiting = {"steps": [{"setWeight": 50}, {"pause": "forever"}], "background": False, "minReady": "1s"}
    slow = {"canary": {**waiting, "steps": [{"setWeight": 50}, {"pause": "1h"}]}, **more}
    entries = {
        RELEASED: entry(8050, RELEASED),
        WAITING: entry(8051, WAITING, canary=waiting),
        SLOW: entry(8052, SLOW, **slow),
    }
    return yaml.safe_dump({"services": entries})


@dataclass
class Own:
    """A user's stack `dev` with three services, and the cluster it is on."""

    checkout: Checkout
    cluster: Stack

    def release(self, service: str, tag: str, *options: str) -> "subprocess.CompletedProcess[str]":
        return self.checkout.run(*self.command(service, tag, *options))

    @staticmethod
    def command(service: str, tag: str, *options: str) -> list[str]:
        image = f"{_REPOSITORY}/{service}:{tag}"
        return [sys.executable, "-m", "cli", "release", service, image, "--stack", "dev", "--yes", *options]

    def write(self, content: str) -> None:
        (self.checkout.folder / "services.yaml").write_text(content, encoding="utf-8")

    @property
    def stack_file(self) -> dict[str, Any]:
        content = yaml.safe_load((self.checkout.folder / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
        found: dict[str, Any] = content["config"]
        return found

    def tag(self, service: str) -> str:
        containers = self.cluster.rollout(service)["spec"]["template"]["spec"]["containers"]
        return str(containers[0]["image"]).rpartition(":")[2]


@pytest.fixture(scope="module")
def own(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    checkout = checkout_of(embedded_cluster, tmp_path_factory.mktemp("home"), "dev")
    own = Own(checkout, stack_of(embedded_cluster, tmp_path_factory.mktemp("own")))
    own.write(services())
    checkout.pulumi("stack", "init", "dev")
    checkout.configure("dev", {f"platform.{part}.install": "false" for part in ("monitoring", "argoRollouts")})
    checkout.configure("dev", {"prometheus.address": monitored(embedded_cluster).prometheus})
    busy = {f"{NAMESPACE}/{name}": Scenario(requests_per_second=300) for name in (RELEASED, WAITING, SLOW)}
    play(embedded_cluster, busy)
    try:
        finished = checkout.make_up()
        assert finished.returncode == 0, finished.stdout + finished.stderr
        # What is released is judged by what Prometheus reads.
        wait_until(lambda: scraped(embedded_cluster) >= {RELEASED, WAITING, SLOW}, 180, "the services to be scraped")
        yield own
    finally:
        play(embedded_cluster, {})
        own.write(services())
        checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")


def scraped(state: State) -> set[str]:
    """The services of which some pod is scraped, and answers."""
    targets = monitored(state).targets()
    return {each["labels"].get("service", "") for each in targets if each["health"] == "up"}


def test_a_good_release_is_followed_until_it_is_promoted(own: Own) -> None:
    finished = own.release(RELEASED, "good")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    lines = finished.stdout.splitlines()
    assert lines[0] == (
        f"Pulumi.dev.yaml: images.{RELEASED} is {_REPOSITORY}/{RELEASED}:good now (it was {_REPOSITORY}/{RELEASED}:1)"
    )
    assert lines[-1] == f"{RELEASED}: promoted: {_REPOSITORY}/{RELEASED}:good serves all requests"
    assert "50 % asked, 50 % real" in finished.stdout
    assert re.search(r"error-rate 0(\.\d+)? %, limit < 2 % \([12] of 2\)", finished.stdout), finished.stdout
    assert re.search(r"p95-latency \d+ ms, limit < 300 ms", finished.stdout), finished.stdout
    # The file keeps its comments, and the image in it is what the next `pulumi up` of anybody goes by.
    assert own.stack_file["api-observability:images"] == {RELEASED: f"{_REPOSITORY}/{RELEASED}:good"}
    assert (
        (own.checkout.folder / "Pulumi.dev.yaml").read_text(encoding="utf-8").startswith("# The development cluster.")
    )


def test_the_image_that_runs_already_is_no_release(own: Own) -> None:
    generation = own.cluster.rollout(RELEASED)["metadata"]["generation"]
    finished = own.release(RELEASED, "good")
    assert finished.returncode == 0
    assert finished.stdout.startswith(f"{RELEASED} has {_REPOSITORY}/{RELEASED}:good already\n")
    assert own.cluster.rollout(RELEASED)["metadata"]["generation"] == generation


def test_a_bad_release_is_followed_until_it_is_taken_back_and_says_why_and_how_to_mend_it(own: Own) -> None:
    finished = own.release(RELEASED, "bad-errors")
    assert finished.returncode == 3, finished.stdout + finished.stderr
    told = finished.stdout.splitlines()
    (verdict,) = [number for number, line in enumerate(told) if line.startswith(f"{RELEASED}: rolled back: ")]
    assert re.match(rf"{RELEASED}: rolled back: error-rate \d+(\.\d+)? %, limit < 2 % \(", told[verdict]), told[verdict]
    assert told[verdict + 1].startswith(f"{_REPOSITORY}/{RELEASED}:good serves; Pulumi.dev.yaml names ")
    assert f"release {RELEASED} {_REPOSITORY}/{RELEASED}:good --stack dev" in told[verdict + 3]
    assert own.release(RELEASED, "bad-errors").returncode == 3, "it is still what became of that image"


def test_a_mended_release_goes_through_though_the_cluster_refuses_another_service(own: Own) -> None:
    before = own.cluster.rollout(SLOW)["metadata"]["resourceVersion"]
    others = own.cluster.rollout(WAITING)["metadata"]["resourceVersion"]
    own.write(services(image=f"{_REPOSITORY}/{SLOW}:2", patch={"rollout": {"spec": {"replicas": "many"}}}))
    assert own.checkout.make_up().returncode == 1, "the whole stack cannot be brought up"
    finished = own.release(RELEASED, "1.1.0")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert own.tag(RELEASED) == "1.1.0"
    assert own.cluster.rollout(SLOW)["metadata"]["resourceVersion"] == before
    assert own.cluster.rollout(WAITING)["metadata"]["resourceVersion"] == others
    own.write(services())


def test_an_image_that_the_cluster_refuses_leaves_nothing_set(own: Own) -> None:
    own.write(services(patch={"rollout": {"spec": {"replicas": "many"}}}))
    before = own.stack_file
    finished = own.release(SLOW, "2")
    assert finished.returncode == 1
    assert f"{SLOW} has its image as before, and so has Pulumi.dev.yaml" in finished.stdout
    assert own.stack_file == before
    own.write(services())


def test_a_release_that_waits_for_a_person_says_so_and_goes_on_after_a_promotion(own: Own) -> None:
    finished = own.release(WAITING, "2")
    assert finished.returncode == 4, finished.stdout + finished.stderr
    assert f"{WAITING}: waits for a person: the step 'pause until promoted' waits for a person" in finished.stdout
    promote = f"kubectl argo rollouts promote {WAITING} -n {NAMESPACE} --context dev"
    assert promote in finished.stdout
    assert own.release(WAITING, "2").returncode == 4, "it still does"


def test_a_release_that_nobody_follows_goes_on_until_it_ends(own: Own, tmp_path: Path) -> None:
    finished = own.release(SLOW, "2", "--timeout", "1s")
    assert finished.returncode == 7, finished.stdout + finished.stderr
    assert "the release has not ended after 1s, and goes on by itself" in finished.stdout
    told = interrupted(own, tmp_path / "log")
    assert f"{SLOW} has {_REPOSITORY}/{SLOW}:2 already" in told
    assert f"{SLOW}: the release goes on by itself" in told
    assert f"kubectl argo rollouts abort {SLOW} -n {NAMESPACE} --context dev" in told
    assert "Traceback" not in told
    own.cluster.wait_for_phase(SLOW, "Paused")
    abort(own.cluster)
    aborted = own.release(SLOW, "2")
    assert aborted.returncode == 3
    assert f"{SLOW}: rolled back: RolloutAborted: Rollout aborted update to revision 2" in aborted.stdout


def abort(cluster: Stack) -> None:
    """What `kubectl argo rollouts abort` does, and again where the controller has not seen it."""

    def aborted() -> bool:
        if cluster.rollout(SLOW)["status"]["phase"] == "Degraded":
            return True
        status = {"status": {"abort": True}}
        cluster.client.patch(Rollout.Status, SLOW, status, namespace=NAMESPACE, patch_type=PatchType.MERGE)
        cluster.look_again(SLOW)
        return False

    wait_until(aborted, 120, "the Rollout to be aborted")


def interrupted(own: Own, log: Path) -> str:
    """What the command says that follows that release, and is interrupted as soon as it shows it."""
    with log.open("w", encoding="utf-8") as told:
        process = subprocess.Popen(
            own.command(SLOW, "2"),
            cwd=own.checkout.folder,
            env=own.checkout.environment,
            stdout=told,
            stderr=subprocess.STDOUT,
        )
        wait_until(lambda: "canary pods" in log.read_text(encoding="utf-8"), 120, "the release to be shown")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    return log.read_text(encoding="utf-8")


def test_a_service_that_never_was_up_says_what_to_run(own: Own) -> None:
    own.write(yaml.safe_dump({"services": {**yaml.safe_load(services())["services"], "new-api": entry(8053, "new")}}))
    finished = own.release("new-api", "2")
    assert finished.returncode == 1
    assert finished.stderr == ("error: new-api does not run on the stack dev yet; `make up STACK=dev` provisions it\n")
    own.write(services())
