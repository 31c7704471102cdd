"""Those who decide whether objects are right: the API server's dry run and Argo's own lint, for many at a time."""

import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from cli.rendering import Dumper
from local.plugin import kubeconfig
from local.plugin.cluster import APPLY, Cluster
from local.plugin.errors import ApiError, PluginError
from local.plugin.kinds import Gvk, gvk_of_object
from local.plugin.objects import name_of, namespace_of
from local.state import EMBEDDED_CONTEXT, State
from local.waiting import wait_until

Object = dict[str, Any]
Said = dict[str, str]
"""What a judge has against things, by the name under which they were handed in; those in order are left out."""

_IN_FLIGHT = 4
_BATCH = 200
_NAMESPACE = Gvk("", "v1", "Namespace")
_DRY_RUN = {"dryRun": "All", "fieldManager": "judge", "force": "true", "fieldValidation": "Strict"}
"""Strict: a misspelt field is refused, and not dropped as the API server does by default."""

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ApiServer:
    """The real API server, asked what it would say to objects. Nothing is made but the namespaces they want.

    An object is judged as `pulumi up` would send it, by server-side apply: that refuses more than a plain create, such
    as two ports of one name.
    """

    def __init__(self, state: State) -> None:
        access = kubeconfig.load(str(state.kubeconfig), EMBEDDED_CONTEXT, "", "")
        self._cluster = Cluster(access, threading.Event())
        self._made: list[str] = []

    def refusals(self, objects: Mapping[str, Object]) -> Said:
        """What the server has against each of the objects."""
        self._have_namespaces({namespace_of(each) for each in objects.values()} - {""})
        with ThreadPoolExecutor(_IN_FLIGHT) as pool:
            answers = list(pool.map(self._refusal, objects.values()))
        return {name: answer for name, answer in zip(objects, answers, strict=True) if answer}

    def has(self, each: Object) -> bool:
        """Whether the object is there."""
        try:
            self._cluster.read(each)
        except ApiError as error:
            if error.not_found:
                return False
            raise
        return True

    def close(self) -> None:
        """Delete the namespaces that were made, and wait: in one that is going nothing can be made any more."""
        for name in self._made:
            self._cluster.request("DELETE", self._cluster.url(_NAMESPACE, "", name))
        manifests = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in self._made]
        wait_until(lambda: not any(map(self.has, manifests)), 120, "the namespaces to go")

    def _refusal(self, each: Object) -> str:
        try:
            self._apply(each, _DRY_RUN)
        except PluginError as error:
            return f"{each['kind']} {each['metadata']['name']}: {error}"
        return ""

    def _have_namespaces(self, wanted: Iterable[str]) -> None:
        """A name that cannot be one is no fault yet: the objects in it will be refused."""
        for name in wanted:
            manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            if not self._refusal(manifest) and not self.has(manifest):
                self._apply(manifest, {"fieldManager": "judge"})
                self._made.append(name)

    def _apply(self, each: Object, query: Mapping[str, str]) -> None:
        url = self._cluster.url(gvk_of_object(each), namespace_of(each), name_of(each))
        self._cluster.request("PATCH", url, dict(query), each, content_type=APPLY)


class Lint:
    """`kubectl argo rollouts lint`, asked about the objects of many services in one run.

    Lint (its lint.go) reads every document of a file, checks each Rollout by itself and then with the Services,
    Ingresses and VirtualServices that it finds by their names, whatever their namespace. So a batch is judged as
    rigorously as one service at a time only where no two services share a name, and where all Rollouts have the same
    router: at the first Rollout with another one lint stops looking for Ingresses. It ends at the first document that
    it cannot read and does not say whose fault anything is; so a batch with a fault is judged again by halves.
    """

    KINDS = frozenset({"Rollout", "Service", "Ingress", "VirtualService"})
    """What it reads; other kinds it passes over, an AnalysisTemplate too."""

    def __init__(self, program: Path, scratch: Path) -> None:
        self._program = program
        self._file = scratch / "lint.yaml"

    def refusals(self, services: Mapping[str, Sequence[Object]]) -> Said:
        """What lint has against each of the services, each given as a Rollout and what belongs to it."""
        by_router: dict[tuple[str, ...], dict[str, Sequence[Object]]] = {}
        for name, objects in services.items():
            by_router.setdefault(_router(objects), {})[name] = objects
        said: Said = {}
        for alike in by_router.values():
            names = iter(alike)
            while batch := list(islice(names, _BATCH)):
                said |= self._judged({name: alike[name] for name in batch})
        return said

    def _judged(self, batch: Mapping[str, Sequence[Object]]) -> Said:
        if len(batch) == 1:
            ((name, objects),) = batch.items()  # as they are, so that what is told is true
            told = self._told(objects)
            return {name: told} if told else {}
        distinct = [_renamed(objects, f"-{index}") for index, objects in enumerate(batch.values())]
        if not self._told([each for objects in distinct for each in objects]):
            return {}
        names = list(batch)
        halves = names[: len(names) // 2], names[len(names) // 2 :]
        return self._judged({name: batch[name] for name in halves[0]}) | self._judged(
            {name: batch[name] for name in halves[1]}
        )

    def _told(self, objects: Sequence[Object]) -> str:
        self._file.write_text(yaml.dump_all(objects, Dumper=Dumper), encoding="utf-8")
        command: list[str | Path] = [self._program, "lint", "-f", self._file]
        told = subprocess.run(command, check=False, capture_output=True, text=True)
        # The first fault with its path, and then all of them without.
        return " ".join(["lint:", *told.stderr.split(), *told.stdout.split()]) if told.returncode else ""


def _router(objects: Iterable[Object]) -> tuple[str, ...]:
    """The routers of a service's Rollout."""
    canaries = [each["spec"]["strategy"].get("canary", {}) for each in objects if each["kind"] == "Rollout"]
    return tuple(sorted(router for canary in canaries for router in canary.get("trafficRouting", {})))


def _renamed(objects: Sequence[Object], suffix: str) -> list[Object]:
    """The objects under other names, and with them whatever refers to one of the names."""
    names = {each["metadata"]["name"] for each in objects}

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: renamed(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [renamed(inner) for inner in value]
        return f"{value}{suffix}" if isinstance(value, str) and value in names else value

    return [renamed(each) for each in objects]


_SOME_SECRET = "c29tZQ=="


@lru_cache(4096)
def _parsed(text: str) -> Object:
    parsed: Object = yaml.load(text, Loader=_Loader)
    if parsed["kind"] == "Secret" and "data" in parsed:
        # What is rendered shows keys alone, and the API server takes nothing but base64 for values.
        parsed["data"] = dict.fromkeys(parsed["data"], _SOME_SECRET)
    return parsed


def objects_in(files: Mapping[str, str]) -> list[Object]:
    """The Kubernetes objects among rendered files; a Helm release is none. They are shared: change copies only."""
    return [each for each in map(_parsed, files.values()) if not each["kind"].startswith("Helm ")]


def services_of(objects: Iterable[Object]) -> dict[str, list[Object]]:
    """What lint looks at, by the name of the service."""
    by_service: dict[str, list[Object]] = {}
    for each in objects:
        name = each["metadata"].get("labels", {}).get("app.kubernetes.io/name")
        if each["kind"] in Lint.KINDS and name:
            by_service.setdefault(name, []).append(each)
    return {name: objects for name, objects in by_service.items() if any(each["kind"] == "Rollout" for each in objects)}
