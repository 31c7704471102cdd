"""The objects of a stack as its cluster has them, whatever their kind, and what the cluster would make of a change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catalog.stack import StackSettings
from components.cluster import ClusterError, connect, told_in_one_line
from components.cluster_reader import Found, UnknownError, answering
from components.field_managers import MANAGER, Entry
from components.kubernetes_object import Manifest

if TYPE_CHECKING:
    from lightkube.core.exceptions import ApiError

Live = Callable[[Manifest], Found]
"""From a manifest, of which only the kind and the name count, to the object that is there; None where there is none."""

_MANAGER_OF = re.compile(r'conflict with "([^"]+)"')


class RefusedError(Exception):
    """Why the API server does not accept an object, in its own words."""


def plural(kind: str) -> str:
    """The kind as it stands in addresses; true of every kind that this program makes."""
    name = kind.lower()
    if name.endswith("y"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("s") else f"{name}s"


class LiveObjects:
    """The stack's cluster; ClusterError where it does not answer, and ForbiddenError without the right."""

    def __init__(self, settings: StackSettings) -> None:
        self._settings = settings
        self._client = connect(settings.cluster)

    def read(self, manifest: Manifest) -> Found:
        """The object of that kind and name, None where there is none, or where its kind is not known."""
        metadata = manifest["metadata"]
        try:
            with answering(self._settings):
                found = self._client.get(
                    _resource(manifest), metadata["name"], namespace=metadata.get("namespace") or None
                )
        except UnknownError:
            return None
        return dict(found)

    def listed(self, api_version: str, kind: str, namespace: str) -> list[dict[str, Any]]:
        """All objects of a kind in a namespace; none where the kind is not known."""
        resource = _resource({"apiVersion": api_version, "kind": kind, "metadata": {"namespace": namespace}})
        try:
            with answering(self._settings):
                return [dict(each) for each in self._client.list(resource, namespace=namespace)]
        except UnknownError:
            return []

    def in_the_way(self, manifest: Manifest) -> dict[str, list[str]]:
        """By manager, the fields that somebody else owns and has other values in; nothing is changed."""
        try:
            self._patch(manifest, manifest, "APPLY", dry_run=True)
        except RefusedError as refused:
            error: Any = refused.__cause__
            if error.status.code != 409:
                return {}  # whether the whole is valid is tried with the fields that go away left out
            found: dict[str, list[str]] = {}
            for cause in error.status.details.causes or []:
                if known := _MANAGER_OF.match(cause.message or ""):
                    found.setdefault(known[1], []).append(cause.field or "")
            return found
        return {}

    def tried(self, manifest: Manifest, change: Mapping[str, Any]) -> dict[str, Any]:
        """The object as a merge patch would leave it, which is not kept; RefusedError where it may not be so."""
        return self._patch(manifest, change, "MERGE", dry_run=True)

    def hand_over(self, live: Manifest, managers: Sequence[Entry]) -> None:
        """Write down other owners of the fields of the object; no field of it changes."""
        version = {"op": "test", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]}
        change = {"op": "replace", "path": "/metadata/managedFields", "value": [dict(each) for each in managers]}
        self._patch(live, [version, change], "JSON", dry_run=False)

    def _patch(self, manifest: Manifest, change: Any, how: str, *, dry_run: bool) -> dict[str, Any]:
        from lightkube.core.exceptions import ApiError  # noqa: PLC0415  # only a real run talks to a cluster
        from lightkube.types import PatchType  # noqa: PLC0415

        metadata = manifest["metadata"]
        with told_in_one_line(self._settings.cluster):
            try:
                found = self._client.patch(
                    _resource(manifest),
                    metadata["name"],
                    change,
                    namespace=metadata.get("namespace") or None,
                    patch_type=PatchType[how],
                    field_manager=MANAGER,
                    dry_run=dry_run,
                )
            except ApiError as error:
                if error.status.code in (409, 422):
                    raise RefusedError(_told(error)) from error
                raise
        return dict(found)


def _told(error: ApiError) -> str:
    return " ".join(str(error).split())


def _resource(manifest: Manifest) -> Any:
    """A class for lightkube that gives the object as it is, and is not among its own: those of Kubernetes' kinds may be
    loaded already, and leave out what they do not know."""
    from lightkube import generic_resource  # noqa: PLC0415  # only a real run talks to a cluster

    group, _, version = str(manifest["apiVersion"]).rpartition("/")
    kind, is_placed = str(manifest["kind"]), bool(manifest["metadata"].get("namespace"))
    base = generic_resource.GenericNamespacedResource if is_placed else generic_resource.GenericGlobalResource
    return type(kind, (base,), {"_api_info": generic_resource.create_api_info(group, version, kind, plural(kind))})


def live_reader(settings: StackSettings) -> Live:
    """Ask the stack's cluster for single objects; what it cannot tell ends the run."""
    objects = LiveObjects(settings)

    def read(manifest: Manifest) -> Found:
        try:
            return objects.read(manifest)
        except ClusterError as error:
            name = manifest["metadata"]["name"]
            raise ClusterError(f"{manifest['kind']} {name} cannot be read, and may be there: {error}") from None

    return read
