"""The stand-in plugin under the real `pulumi`: a small program of its own, a whole life of a stack."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightkube
import pytest
from lightkube.core.exceptions import ApiError
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace, Service
from lightkube.types import PatchType

from local import plugin, programs
from local.plugin.provider import NOTICE
from local.state import EMBEDDED_CONTEXT, STATE_VARIABLE, State
from local.waiting import wait_until

_PROGRAM = """\
import os
import pulumi
import pulumi_kubernetes as k8s

version, space = os.environ["VERSION"], os.environ["SPACE"]
cluster = k8s.Provider(
    "cluster", kubeconfig=os.environ["CLUSTER"], context="%s", cluster_identifier="embedded",
    enable_config_map_mutable=True,
)


def options(**more):
    return pulumi.ResourceOptions(provider=cluster, **more)


space = k8s.core.v1.Namespace("space", metadata={"name": space}, opts=options(retain_on_delete=True))
inside = {"namespace": space.metadata.name}
k8s.core.v1.ConfigMap(
    "settings", metadata={"name": "settings", **inside}, data={"version": version, "of": space.metadata.uid},
    opts=options(),
)
k8s.core.v1.Secret(
    "webhook", metadata={"name": "webhook", **inside}, opts=options(),
    string_data={"url": pulumi.Output.secret("https://hooks.example.com/hush-hush")},
)
k8s.core.v1.Service(
    "checkout",
    metadata={
        "name": "checkout", "labels": {"version": version}, "annotations": {"pulumi.com/skipAwait": "true"}, **inside
    },
    spec={"selector": {"app": "checkout"}, "ports": [{"port": 80}]},
    opts=options(ignore_changes=["spec.selector"]),
)
if os.environ.get("WAITS"):
    k8s.core.v1.ConfigMap(
        "waits", data={"version": version}, opts=options(),
        metadata={
            "name": "waits", "annotations": {"pulumi.com/waitFor": "jsonpath={.data.ready}=yes"}, **inside
        },
    )
if os.environ.get("BROKEN"):
    k8s.apiextensions.CustomResource(
        "broken", api_version="argoproj.io/v1alpha1", kind="Rollout", metadata={"name": "broken", **inside},
        spec={"replicas": "two"}, opts=options(),
    )
pulumi.export("uid", space.metadata.uid)
"""


@dataclass
class Project:
    """A Pulumi project with a backend, a home and a stack of its own, on the embedded cluster."""

    folder: Path
    environment: dict[str, str]
    executable: Path
    space: str

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.executable, *arguments, "--stack", "dev", "--non-interactive"],
            cwd=self.folder,
            env={**self.environment, "VERSION": "1", **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def up(self, **variables: str) -> str:
        """`pulumi up`; its output. The test fails where it does."""
        done = self.run("up", "--yes", "--skip-preview", **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def preview(self, **variables: str) -> dict[str, str]:
        """What `pulumi preview` would do, by resource name."""
        done = self.run("preview", "--json", **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        steps = json.loads(done.stdout[done.stdout.index("{\n") :])["steps"]
        return {step["urn"].split("::")[-1]: step["op"] for step in steps if step["op"] != "same"}

    def state(self) -> dict[str, Any]:
        """The stack's resources by name."""
        exported = json.loads(self.run("stack", "export").stdout)
        return {item["urn"].split("::")[-1]: item for item in exported["deployment"]["resources"]}


@pytest.fixture(scope="module")
def project(
    embedded_cluster: State, client: lightkube.Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """Provisioned once; every test leaves the stack at version 1."""
    folder = tmp_path_factory.mktemp("project")
    own = State(folder / "state")
    paths = programs.ensure("up", lambda _: None)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("API_OBSERVABILITY_PLUGIN", "stand-in")
        assert plugin.provide(own, paths["pulumi"], lambda _: None).kind == "stand-in"
    (folder / "Pulumi.yaml").write_text("name: plugin\nruntime: python\n")
    (folder / "__main__.py").write_text(_PROGRAM % EMBEDDED_CONTEXT)
    own.backend.mkdir(parents=True)
    search = [Path(sys.executable).parent, paths["pulumi"].parent, paths["pulumi-language-python"].parent]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([*map(str, search), os.environ["PATH"]]),
        "PULUMI_HOME": str(own.pulumi_home),
        "PULUMI_BACKEND_URL": own.backend.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "of a test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "CLUSTER": str(embedded_cluster.kubeconfig),
        STATE_VARIABLE: str(embedded_cluster.folder),
    }
    space = f"plugin-{folder.name}-{os.getpid()}".lower()
    project = Project(folder, {**environment, "SPACE": space}, paths["pulumi"], space)
    assert project.run("stack", "init").returncode == 0
    project.up()
    yield project
    done = project.run("destroy", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout + done.stderr
    client.delete(Namespace, space)


def test_up_makes_the_objects_and_says_that_it_is_a_stand_in(project: Project, client: lightkube.Client) -> None:
    settings = client.get(ConfigMap, "settings", namespace=project.space)
    uid = (client.get(Namespace, project.space).metadata or ObjectMeta()).uid
    assert settings.data == {"version": "1", "of": uid}
    # stderr of a plugin is not shown: the notice has to come through the engine.
    assert project.up().partition("Diagnostics:")[2].count(NOTICE) == 1


def test_a_second_up_changes_nothing(project: Project) -> None:
    assert "6 unchanged" in project.up()
    assert project.preview() == {}


def test_secrets_are_encrypted_in_the_state(project: Project) -> None:
    exported = project.run("stack", "export").stdout
    assert "hush-hush" not in exported
    assert "aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS9odXNoLWh1c2g=" not in exported
    assert "ciphertext" in exported


def test_a_preview_of_everything_anew_knows_what_it_does_not_know(project: Project) -> None:
    assert set(project.preview(SPACE=f"{project.space}-b")) >= {"settings", "webhook", "checkout"}


def test_an_update_leaves_to_a_controller_what_is_ignored(project: Project, client: lightkube.Client) -> None:
    patch = {"spec": {"selector": {"rollouts-pod-template-hash": "abc123"}}}
    client.patch(
        Service,
        "checkout",
        patch,
        namespace=project.space,
        patch_type=PatchType.MERGE,
        field_manager="rollouts-controller",
    )
    project.up(VERSION="2")
    live = client.get(Service, "checkout", namespace=project.space)
    assert live.spec and live.metadata
    assert live.spec.selector == {"app": "checkout", "rollouts-pod-template-hash": "abc123"}
    assert (live.metadata.labels or {})["version"] == "2"
    assert "6 unchanged" in project.up(VERSION="2")
    project.up()


def test_an_edit_by_kubectl_is_seen_by_refresh_conflicts_in_a_preview_and_is_taken_back_by_up(
    project: Project, client: lightkube.Client
) -> None:
    assert "6 unchanged" in project.run("refresh", "--yes", "--skip-preview").stdout
    edited = {"data": {"version": "edited"}}
    client.patch(ConfigMap, "settings", edited, namespace=project.space, field_manager="kubectl-edit")
    assert "1 updated" in project.run("refresh", "--yes", "--skip-preview").stdout
    assert 'conflict with "kubectl-edit"' in project.run("preview").stdout
    assert "1 updated" in project.up()
    assert (client.get(ConfigMap, "settings", namespace=project.space).data or {})["version"] == "1"


def test_a_broken_schema_fails_the_preview_in_the_servers_words(project: Project) -> None:
    done = project.run("preview", BROKEN="yes")
    assert done.returncode != 0
    assert "spec.replicas in body must be of type integer" in done.stdout


def test_ctrl_c_ends_a_wait_and_the_next_up_goes_on_from_there(project: Project, client: lightkube.Client) -> None:
    process = subprocess.Popen(
        [project.executable, "up", "--yes", "--skip-preview", "--stack", "dev", "--non-interactive"],
        cwd=project.folder,
        env={**project.environment, "VERSION": "1", "WAITS": "yes"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: exists(client, project.space, "waits"), 60, "the ConfigMap that the plugin waits for")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) != 0
    assert project.state()["waits"]["id"] == f"{project.space}/waits"
    client.patch(ConfigMap, "waits", {"data": {"ready": "yes"}}, namespace=project.space)
    assert "1 updated" in project.up(WAITS="yes")
    assert "1 deleted" in project.up()


def test_a_kill_between_create_and_checkpoint_needs_upsert_to_recover(
    project: Project, client: lightkube.Client
) -> None:
    orphan = ConfigMap(metadata=ObjectMeta(name="waits", namespace=project.space), data={"ready": "yes"})
    client.create(orphan, field_manager="pulumi-kubernetes")
    done = project.run("up", "--yes", "--skip-preview", WAITS="yes")
    assert done.returncode != 0
    assert 'configmaps "waits" already exists' in done.stdout
    recovered = project.up(WAITS="yes", PULUMI_K8S_UPSERT_EXISTING_OBJECTS="true")
    assert "1 created" in recovered
    project.up()


def test_destroy_deletes_everything_but_what_is_retained(project: Project, client: lightkube.Client) -> None:
    assert "6 deleted" in project.run("destroy", "--yes", "--skip-preview").stdout
    assert not exists(client, project.space, "settings")
    assert client.get(Namespace, project.space).status


def exists(client: lightkube.Client, space: str, name: str) -> bool:
    try:
        client.get(ConfigMap, name, namespace=space)
    except ApiError as error:
        if error.status.code != 404:
            raise
        return False
    return True
