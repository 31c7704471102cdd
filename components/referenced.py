"""What the cluster holds of the Secrets and ConfigMaps that services refer to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from catalog.config_keys import NAMESPACE
from catalog.problems import CatalogError, Problem
from catalog.references import Reference, analysis_secrets, references
from catalog.services import Service
from catalog.stack import StackSettings
from components.cluster_reader import ForbiddenError, Found, Reader, reader_of
from components.running import Running, checksum_of
from components.secret_lookup import is_there, lacking

Held = Mapping[tuple[str, str], Found | ForbiddenError]
"""By kind and name, what was found, or why it could not be read."""


@dataclass(frozen=True)
class Referenced:
    """By service name, a checksum of what its pods read; and what is to be told of references that lead nowhere."""

    checksums: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()

    def with_warnings(self, more: Iterable[Problem]) -> Referenced:
        """The same, and `more` to be told."""
        return replace(self, warnings=(*self.warnings, *more))


def look_up(
    settings: StackSettings, services: Iterable[Service], running: Running, read: Reader | None = None
) -> Referenced:
    """Look at everything that `services` and their analyses refer to.

    Where something may not be read, the checksum stays that of the Rollout in `running`: otherwise runs by people of
    different rights would each start a canary.

    Raises ClusterError where the cluster does not answer, and CatalogError where analyses need a Secret that is not in
    their namespace: each of them would end in an error, and take a healthy canary back.
    """
    mentioned = {service.name: found for service in services if (found := references(service))}
    needed = analysis_secrets(settings.prometheus.access)
    if not mentioned and not needed:
        return Referenced()
    read = read or reader_of(settings)
    held = _held(settings.namespace, [*needed, *(each for of_one in mentioned.values() for each in of_one)], read)
    file, place = f"Pulumi.{settings.stack}.yaml", f"config.{NAMESPACE}:prometheus.access"
    unmet = _told(file, place, needed, held, settings.namespace)
    if unmet and is_there(read, settings.namespace):
        raise CatalogError(unmet)
    warnings = [
        problem
        for name, of_one in mentioned.items()
        for problem in _told(Path(settings.services_file).name, f"services.{name}", of_one, held, settings.namespace)
    ]
    seen = {name: _checksum(of_one, held, checksum_of(running.get(name))) for name, of_one in mentioned.items()}
    checksums = {name: checksum for name, checksum in seen.items() if checksum}
    return Referenced(checksums, (*unmet, *warnings))


def _held(namespace: str, wanted: Iterable[Reference], read: Reader) -> Held:
    """What the namespace has of `wanted`; each is asked for once."""
    held: dict[tuple[str, str], Found | ForbiddenError] = {}
    for kind, name in dict.fromkeys((each.kind, each.name) for each in wanted):
        try:
            held[kind, name] = read(kind, namespace, name)
        except ForbiddenError as error:
            held[kind, name] = error
    return held


def _told(file: str, place: str, wanted: Iterable[Reference], held: Held, namespace: str) -> list[Problem]:
    return [
        Problem(file, f"{place}.{reference.path}", told)
        for reference in wanted
        if (told := _missing(reference, held[reference.kind, reference.name], namespace))
    ]


def _checksum(of_one: Sequence[Reference], held: Held, before: str | None) -> str | None:
    """What changes when something changes that the pods of one service read; None where they read nothing."""
    if any(each.read_by_pods and isinstance(held[each.kind, each.name], ForbiddenError) for each in of_one):
        return before
    parts = sorted(
        json.dumps(
            [reference.kind, reference.name, reference.key, _content(reference, held[reference.kind, reference.name])],
            sort_keys=True,
        )
        for reference in of_one
        if reference.read_by_pods
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16] if parts else None


def _content(reference: Reference, found: Found | ForbiddenError) -> Any:
    """The content of a ConfigMap; of a Secret its version: a checksum of a short password could be guessed."""
    if found is None or isinstance(found, ForbiddenError):
        return None
    if reference.kind == "Secret":
        return [found["metadata"]["uid"], found["metadata"]["resourceVersion"]]
    held = {**(found.get("data") or {}), **(found.get("binaryData") or {})}
    return held.get(reference.key) if reference.key else held


def _missing(reference: Reference, found: Found | ForbiddenError, namespace: str) -> str | None:
    """What is to be told of a reference, or None where it leads somewhere."""
    what = f"{reference.kind} '{reference.name}'"
    waits = "its pods will wait for it" if reference.read_by_pods else "make it first"
    if isinstance(found, ForbiddenError):
        unseen = f"{what} may not be read here ({found}), so a change of it will start no canary"
        return unseen if reference.read_by_pods else None
    told = lacking(found, reference.kind, namespace, reference.name, reference.key)
    return f"{told}; {waits}" if told else None
