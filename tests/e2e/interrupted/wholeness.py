"""Whether the cluster and the stack's state hold exactly what the program makes: all of it, once, and nothing else."""

import json
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cli.engine import Engine
from cli.rendering import record_stack, rendered_files
from local.plugin import kubeconfig
from local.plugin.cluster import Cluster
from local.plugin.kinds import Gvk, gvk_of_object
from local.state import EMBEDDED_CONTEXT, EMBEDDED_STACK, State
from tests.engine.judges import objects_in

Identity = tuple[str, str, str]
"""Kind, namespace (empty for those without) and name."""

_MADE_BY = "pulumi-kubernetes"
"""How the names of the plugin's field managers begin, in the cluster's record of who wrote what."""


@dataclass(frozen=True)
class World:
    """What there is, of the kinds that the program makes."""

    wanted: frozenset[Identity]
    """What is rendered."""
    found: dict[Identity, str]
    """What the program has made in the cluster, and the UID of each."""
    recorded: Counter[Identity]
    """What the stack's state knows, and how often."""
    unfinished: list[str]
    """What that state says has begun and not ended."""

    def assert_whole(self) -> None:
        """None missing, none extra, none twice."""
        assert set(self.found) == self.wanted
        assert self.recorded == Counter(self.wanted)
        assert self.unfinished == []


def rendered(state: State) -> list[dict[str, Any]]:
    """The objects that the stack `local` is to have, with the services file that it was last run with."""
    return objects_in(rendered_files(record_stack(state.project, EMBEDDED_STACK)))


def look_at(state: State, engine: Engine) -> World:
    """What there is."""
    wanted = rendered(state)
    deployment = json.loads(engine.run("stack", "export", check=True, capture=True).stdout)["deployment"]
    resources = [each for each in deployment["resources"] if each["type"].startswith("kubernetes:")]
    pending = deployment.get("pending_operations") or []
    return World(
        frozenset(map(_identity, wanted)),
        made_by_the_program(state, {gvk_of_object(each) for each in wanted}),
        Counter(_identity(each["outputs"]) for each in resources),
        [f"{each['type']} {each['resource']['urn']}" for each in pending]
        + [f"to delete {each['urn']}" for each in resources if each.get("delete")],
    )


def made_by_the_program(state: State, kinds: Iterable[Gvk]) -> dict[Identity, str]:
    """What the program has made in the cluster, by the cluster's own account, and the UID of each."""
    cluster = Cluster(kubeconfig.load(str(state.kubeconfig), EMBEDDED_CONTEXT, "", ""), threading.Event())
    found: dict[Identity, str] = {}
    for kind in kinds:
        endpoint = cluster.endpoint(kind)
        assert endpoint
        root = f"/apis/{kind.group}" if kind.group else "/api"
        for item in cluster.request("GET", f"{root}/{kind.version}/{endpoint.plural}")["items"]:
            if any(each["manager"].startswith(_MADE_BY) for each in item["metadata"].get("managedFields", [])):
                found[_identity({"kind": kind.kind, **item})] = item["metadata"]["uid"]
    return found


def _identity(manifest: dict[str, Any]) -> Identity:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]
