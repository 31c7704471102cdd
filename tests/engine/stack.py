"""A stack on the embedded cluster, as the engine tests drive it."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lightkube
import yaml
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import GenericNamespacedResource, create_namespaced_resource
from lightkube.resources.core_v1 import Pod, Service
from lightkube.types import PatchType

from catalog.config_keys import NAMESPACE as CONFIG
from catalog.stack_file import load_stack_file
from cli.engine import Engine
from cli.local_stack import engine_for
from local import programs
from local.state import CHECKOUT, STATE_VARIABLE, State
from local.waiting import wait_until
from tests.embedded import patient_client

Rollout = create_namespaced_resource("argoproj.io", "v1alpha1", "Rollout", "rollouts")
NAMESPACE = "apis"

Edit = Callable[[dict[str, Any]], object]
"""What a test changes in the content of services.yaml."""


@dataclass
class Stack:
    """The stack `local` in one state folder, with a services.yaml of its own to edit."""

    state: State
    client: lightkube.Client
    services_file: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What Pulumi.local.yaml says besides, or otherwise: settings by their top-level key."""

    def make_up(self) -> "subprocess.CompletedProcess[str]":
        """What `make up` runs, on the checkout's own services.yaml."""
        return self.cli("up")

    def cli(self, command: str) -> "subprocess.CompletedProcess[str]":
        """A command of `api-observability` on this stack."""
        return subprocess.run(
            [sys.executable, "-m", "cli", command],
            cwd=CHECKOUT,
            env={**os.environ, STATE_VARIABLE: str(self.state.folder)},
            check=False,
            capture_output=True,
            text=True,
        )

    def engine(self, edit: Edit | None = None) -> Engine:
        """An engine whose program reads services.yaml as `edit` leaves it; without one, as the checkout has it."""
        services = yaml.safe_load((CHECKOUT / "services.yaml").read_text(encoding="utf-8"))
        if edit:
            edit(services)
        self.services_file.write_text(yaml.safe_dump(services), encoding="utf-8")
        settings = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text(encoding="utf-8"))
        own = {**self.settings, "servicesFile": str(self.services_file)}
        settings["config"] |= {f"{CONFIG}:{key}": value for key, value in own.items()}
        return engine_for(self.state, programs.ensure("up", lambda _: None), lambda _: None, settings)

    def up(self, edit: Edit | None = None) -> str:
        """`pulumi up`; its output. The test fails where it does."""
        finished = self.engine(edit).run("up", "--yes", "--skip-preview", "--non-interactive", capture=True)
        assert finished.returncode == 0, finished.stdout
        return finished.stdout

    def destroy(self) -> None:
        """`pulumi destroy`; the namespaces stay."""
        finished = self.engine().run("destroy", "--yes", "--skip-preview", "--non-interactive", capture=True)
        assert finished.returncode == 0, finished.stdout

    def kill_up_in_the_middle(self, edit: Edit) -> None:
        """Begin a `pulumi up` and kill the engine with SIGKILL once it holds the lock of the stack."""
        engine = self.engine(edit)
        command = [
            str(engine.executable),
            "up",
            "--yes",
            "--skip-preview",
            "--non-interactive",
            "--stack",
            engine.stack,
        ]
        locks = self.state.backend / ".pulumi" / "locks"
        with subprocess.Popen(
            command, cwd=engine.folder, env=engine.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            wait_until(lambda: any(locks.rglob("*.json")), 60, "the lock of the stack")
            process.kill()

    def changes(self, edit: Edit | None = None) -> dict[str, str]:
        """What `pulumi preview` would do: `Kind/name` to operation, those left the same not named."""
        finished = self.engine(edit).run("preview", "--json", "--non-interactive", capture=True)
        assert finished.returncode == 0, finished.stdout
        # The plugin's greeting may stand before the document.
        steps = json.loads(finished.stdout[finished.stdout.index("{\n") :])["steps"]
        return {_short(step["urn"]): step["op"] for step in steps if step["op"] != "same"}

    def rollout(self, name: str) -> dict[str, Any]:
        """The Rollout as the API server has it."""
        return dict(self.client.get(Rollout, name, namespace=NAMESPACE))

    def wait_for_phase(self, name: str, phase: str, generation: int | None = None) -> dict[str, Any]:
        """Wait until the controller has seen the newest Rollout and put it into that phase."""

        def reached() -> bool:
            found = self.rollout(name)
            status = found.get("status", {})
            seen = status.get("observedGeneration") == str(generation or found["metadata"]["generation"])
            return bool(seen and status.get("phase") == phase)

        wait_until(reached, 120, f"Rollout {name} to be {phase}")
        return self.rollout(name)

    def look_again(self, name: str) -> None:
        """Have the controller read the Rollout once more.

        At the end of a turn the controller puts the Rollout as it was at the beginning into its cache. What a person
        writes into the status in between (an abort, a promotion) is then not seen before the Rollout's next change.
        """
        look = {"metadata": {"annotations": {"example.com/look-again": secrets.token_hex(4)}}}
        self.client.patch(Rollout, name, look, namespace=NAMESPACE, patch_type=PatchType.MERGE)

    def rollouts(self) -> list[str]:
        """The names of the Rollouts there are, sorted."""
        found = self.client.list(Rollout, namespace=NAMESPACE)
        return sorted(dict(item)["metadata"]["name"] for item in found)

    def pods_ready(self) -> int:
        """How many pods of the services are Ready."""
        pods = self.client.list(Pod, namespace=NAMESPACE)
        return sum(
            any(condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions or [])
            for pod in pods
            if pod.status
        )

    def selector(self, service: str) -> Mapping[str, str]:
        """The selector of a Service as the API server has it."""
        spec = self.client.get(Service, service, namespace=NAMESPACE).spec
        assert spec
        return spec.selector or {}

    def exists(self, kind: type[GenericNamespacedResource] | type[Service], name: str) -> bool:
        """Whether the API server has the object."""
        try:
            self.client.get(kind, name, namespace=NAMESPACE)
        except ApiError as error:
            if error.status.code != 404:
                raise
            return False
        return True


def stack_of(state: State, folder: Path) -> Stack:
    """The stack `local` on the embedded cluster of that state folder."""
    context = load_stack_file(CHECKOUT, "local").cluster.context
    client = patient_client(state.kubeconfig, context)
    return Stack(state, client, folder / "services.yaml")


def _short(urn: str) -> str:
    """`Rollout/seedtest-api` from a URN."""
    type_chain, name = urn.split("::")[2:4]
    return f"{type_chain.rsplit(':', 1)[-1]}/{name}"
