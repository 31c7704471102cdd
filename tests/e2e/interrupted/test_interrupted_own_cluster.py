"""A `pulumi up` that was killed on a cluster of one's own: what the user reads, and the commands that put it right."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from lightkube.types import PatchType

from cli.engine import Engine
from local.plugin.settings import UPSERT_VARIABLE
from local.state import State
from local.waiting import wait_until
from tests.e2e.interrupted.killed import READY, WAITS, begun
from tests.engine.cluster_view import ServiceMonitor
from tests.engine.own_checkout import Checkout, checkout_of
from tests.engine.stack import NAMESPACE, stack_of

NAME = "killed-api"


@pytest.fixture(scope="module")
def checkout(state: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A user's checkout, with one service in its file and the platform as the cluster has it."""
    checkout = checkout_of(state, tmp_path_factory.mktemp("home"), "dev")
    (checkout.folder / "services.yaml").write_text(yaml.safe_dump({"services": SERVICES}), encoding="utf-8")
    checkout.pulumi("stack", "init", "dev")
    checkout.configure("dev", {f"platform.{part}.install": "false" for part in ("monitoring", "argoRollouts")})
    yield checkout
    checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")


SERVICES = {
    NAME: {
        "project": "Killed",
        "port": 8490,
        "image": f"registry.example.com/{NAME}:1",
        "replicas": 10,
        "patch": {"serviceMonitor": WAITS},
    }
}


def pulumi_of(checkout: Checkout) -> Engine:
    """The user's own."""
    path = tuple(map(Path, checkout.environment["PATH"].split(os.pathsep)))
    executable = next(folder / "pulumi" for folder in path if (folder / "pulumi").exists())
    return Engine(executable, "dev", checkout.folder, checkout.environment, path)


def test_each_message_names_the_command_that_helps(
    checkout: Checkout, state: State, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stack = stack_of(state, tmp_path_factory.mktemp("own"))
    with begun(pulumi_of(checkout)) as run:
        wait_until(lambda: stack.exists(ServiceMonitor, NAME) or not run.goes_on(), 300, "the object to be made")
        run.kill()
    stack.client.patch(ServiceMonitor, NAME, READY, namespace=NAMESPACE, patch_type=PatchType.MERGE)

    locked = checkout.make_up()
    if "failed to load checkpoint: EOF" in locked.stderr:  # one kill in some: it was writing just then
        checkout.mend_torn_files()
        locked = checkout.make_up()
    assert locked.returncode == 1
    said = locked.stdout + locked.stderr
    assert "the stack is currently locked by 1 lock(s)" in said
    assert "`pulumi cancel`" in said
    checkout.pulumi("cancel", "--yes", "--stack", "dev")

    refused = checkout.make_up()
    assert refused.returncode == 1
    assert "pending operations from previous deployment" in refused.stdout
    assert f"ServiceMonitor::{NAME}, interrupted while creating" in refused.stdout
    # Of several objects that were being made, one is enough to end the run.
    assert re.search(r'\w "[\w-]+" already exists', refused.stdout), refused.stdout

    checkout.environment[UPSERT_VARIABLE] = "true"
    taken_over = checkout.make_up()
    del checkout.environment[UPSERT_VARIABLE]
    assert taken_over.returncode == 0, taken_over.stdout + taken_over.stderr
    assert stack.rollout(NAME)["status"]["phase"] == "Healthy"

    # Nothing is left of it but a warning, which the last command ends.
    before = checkout.run("pulumi", "preview", "--expect-no-changes", "--stack", "dev", "--non-interactive")
    assert before.returncode == 0, before.stdout
    checkout.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--stack", "dev")
    after = checkout.pulumi("up", "--yes", "--expect-no-changes", "--stack", "dev")
    assert "pending operation" not in after
