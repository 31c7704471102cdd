"""The bare program on the state that this program left: the same objects under the stack, without components."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from catalog.stack_file import load_stack_file
from cli.engine import Engine
from local.state import CHECKOUT
from tests.bench.usage import Role, Usage, watched
from tests.engine.stack import Stack

_PROGRAM = CHECKOUT / "tests" / "bench" / "bare_program"

_OF_THE_ENGINE = ("pulumi:pulumi:Stack", "pulumi:providers:kubernetes")


@dataclass(frozen=True)
class BareStack:
    """A stack of that bare program, in a backend of its own; `count` objects."""

    engine: Engine
    count: int

    @classmethod
    def beside(cls, stack: Stack) -> "BareStack":
        """The same engine and objects as that stack has, as its state tells them; nothing is made on the cluster."""
        theirs = stack.engine()
        deployment = _exported(theirs)
        folder = stack.services_file.parent / "bare"
        shutil.rmtree(folder, ignore_errors=True)
        project = folder / "project"
        project.mkdir(parents=True)
        (folder / "backend").mkdir()
        file = yaml.safe_load((theirs.folder / "Pulumi.yaml").read_text(encoding="utf-8"))
        (project / "Pulumi.yaml").write_text(yaml.safe_dump({**file, "main": str(_PROGRAM)}), encoding="utf-8")
        shutil.copy(theirs.folder / "Pulumi.local.yaml", project)
        given = folder / "objects.json"
        variables = {
            **theirs.variables,
            "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
            "BARE_OBJECTS": str(given),
        }
        engine = replace(theirs, folder=project, variables=variables)
        objects = [each for each in _resources(deployment) if each["custom"] and each["type"] not in _OF_THE_ENGINE]
        given.write_text(json.dumps({"providers": _providers(), "objects": _given(objects)}), encoding="utf-8")
        engine.run("stack", "init", "--no-select", "--secrets-provider", "passphrase", check=True, capture=True)
        shutil.copy(theirs.folder / "Pulumi.local.yaml", project)  # with the salt of the state's secrets
        state = folder / "state.json"
        state.write_text(json.dumps(flattened(deployment)), encoding="utf-8")
        engine.run("stack", "import", "--file", str(state), check=True, capture=True)
        return cls(engine, len(objects))

    def run(self, command: Sequence[str], role: Role) -> Usage:
        """A run, which must find nothing to change."""
        return quiet_run(self.engine, command, role)


def quiet_run(engine: Engine, command: Sequence[str], role: Role) -> Usage:
    """A run of the engine, which must find nothing to change."""
    found = watched(
        [engine.executable, *command, "--stack", engine.stack],
        role,
        folder=engine.folder,
        environment=engine.environment,
    )
    assert "unchanged" in found.output, found.output
    return found


def _exported(engine: Engine) -> dict[str, Any]:
    file = engine.folder / "exported.json"
    engine.run("stack", "export", "--show-secrets", "--file", str(file), check=True, capture=True)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    file.unlink()
    return found


def _resources(deployment: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = deployment["deployment"]["resources"]
    return found


def _providers() -> dict[str, dict[str, Any]]:
    """As components.cluster makes them."""
    context = load_stack_file(CHECKOUT, "local").cluster.context
    mutable = {"enable_config_map_mutable": True, "enable_secret_mutable": True}
    return {
        "cluster": {"context": context, **mutable},
        "namespaces": {"context": context, "upsert_existing_objects": True, **mutable},
    }


def _given(objects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "type": each["type"],
            "name": _name(each["urn"]),
            "inputs": each["inputs"],
            "provider": _name(each["provider"].rpartition("::")[0]),
            "ignoreChanges": each.get("ignoreChanges", []),
        }
        for each in objects
    ]


def flattened(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The state as if the objects stood directly under the stack, and nothing waited for anything."""
    resources = _resources(deployment)
    stack = next(each["urn"] for each in resources if each["type"] == "pulumi:pulumi:Stack")
    kept = [each for each in resources if each["custom"] or each["urn"] == stack]
    flat = []
    for each in kept:
        urn = "::".join([*each["urn"].split("::")[:2], each["type"], _name(each["urn"])])
        left = {key: value for key, value in each.items() if key not in ("dependencies", "propertyDependencies")}
        flat.append(left if each["urn"] == stack else {**left, "urn": urn, "parent": stack})
    flat[0] = {**flat[0], "outputs": {}}
    return {**deployment, "deployment": {**deployment["deployment"], "resources": flat}}


def _name(urn: str) -> str:
    return urn.split("::")[3]
