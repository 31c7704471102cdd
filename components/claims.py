"""Whether the volume claims that services refer to can be had by pods of two versions at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from catalog.problems import Fault, Problem
from catalog.services import Service
from catalog.stack import StackSettings
from components.cluster_reader import ForbiddenError, Reader, reader_of

SHARED = frozenset({"ReadWriteMany", "ReadOnlyMany"})
"""The access modes by which pods of several nodes have a volume at once."""


def look_up_claims(settings: StackSettings, services: Iterable[Service], read: Reader | None = None) -> list[Problem]:
    """What is to be told of the claims among the volumes of `services`; those that may not be read are passed over.

    In every release pods of two versions run side by side, even of a service of a single pod, and mostly on different
    nodes. Raises ClusterError where the cluster does not answer.
    """
    claims = [
        (service.name, f"volumes.{name}.claim", volume.claim)
        for service in services
        for name, volume in service.volumes.items()
        if volume.claim
    ]
    if not claims:
        return []
    read = read or reader_of(settings)
    return [
        Problem(Path(settings.services_file).name, f"services.{service}.{path}", message)
        for service, place, claim in claims
        for path, message in _told(place, claim, settings.namespace, read)
    ]


def _told(place: str, claim: str, namespace: str, read: Reader) -> Iterator[Fault]:
    what = f"PersistentVolumeClaim '{claim}'"
    try:
        found = read("PersistentVolumeClaim", namespace, claim)
    except ForbiddenError:
        return
    if found is None:
        yield place, f"there is no {what} in namespace '{namespace}' of the cluster; its pods will wait for it"
        return
    # What was asked for may be more than what the bound volume gives.
    modes = (found.get("status") or {}).get("accessModes") or found["spec"]["accessModes"]
    if not SHARED.intersection(modes):
        bearers = "a single pod" if modes == ["ReadWriteOncePod"] else "the pods of one node"
        yield (
            place,
            f"{what} is {' and '.join(modes)}, for {bearers} at a time, and the pods of a canary run beside those that "
            "have it: they would wait for it until the release fails; use a claim that is ReadWriteMany",
        )
