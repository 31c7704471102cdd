"""services.yaml -> Catalog: layers merged by precedence, every fault reported at the place where it was written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from catalog.checks import contradictions
from catalog.faults import problems_of
from catalog.layers import merge
from catalog.problems import CatalogError, Problem, nearest
from catalog.services import BUILT_IN_DEFAULTS, Service, ServiceEntry, service_name_fault
from catalog.yaml_file import read_mapping

_TOP_KEYS = ("defaults", "services")
_LayerPath = tuple[str, ...]


@dataclass(frozen=True)
class Catalog:
    """The services of one environment, in the order of the file, those switched off left out."""

    services: tuple[Service, ...]


def load_catalog(
    path: Path, environment: str, environments: tuple[str, ...], images: Mapping[str, str] | None = None
) -> Catalog:
    """The services of `path` as they are to run in `environment`.

    `environments` are the names that may be spoken of in the file; `images` (service name to image) is the strongest
    layer. Raises CatalogError with every fault of the file.
    """
    reader = _Reader(path.name, environment, environments)
    content = read_mapping(path)
    services = list(reader.services(content, images or {}))
    if reader.problems:
        raise CatalogError(reader.problems)
    return Catalog(tuple(service for service in services if service.enabled))


class _Reader:
    """One pass over the file, collecting faults as it goes."""

    def __init__(self, file: str, environment: str, environments: tuple[str, ...]) -> None:
        self.file = file
        self.environment = environment
        self.environments = environments
        self.problems: list[Problem] = []

    def services(self, content: dict[str, Any], images: Mapping[str, str]) -> Iterator[Service]:
        for key in content:
            if key not in _TOP_KEYS:
                self._fault((str(key),), f"unknown key{nearest(str(key), _TOP_KEYS)} (known: {', '.join(_TOP_KEYS)})")
        defaults = self._layers(content.get("defaults") or {}, ("defaults",))
        entries = content.get("services")
        if not isinstance(entries, dict) or not entries:
            self._fault(
                ("services",), "names no service; give at least one entry `name: {project: …, port: …, image: …}`"
            )
            return
        for unknown in images.keys() - entries.keys():
            self._fault(
                (f"images.{unknown}",),
                f"the stack's config sets an image for a service that is not here{nearest(unknown, list(entries))}",
            )
        for name, entry in entries.items():
            path = ("services", str(name))
            if fault := service_name_fault(name):
                self._fault(path, fault)
                continue
            own = self._layers({} if entry is None else entry, path)
            if name in images:
                own.append(self._checked({"image": images[name]}, ("images", f"{name} (from the stack's config)")))
            resolved = self._resolved(name, merge(BUILT_IN_DEFAULTS, *defaults, *own), path)
            if resolved:
                yield resolved

    def _layers(self, entry: object, path: _LayerPath) -> list[dict[str, Any]]:
        """`entry` as two layers: what it says for all environments, and for this one; both checked where they stand."""
        if not isinstance(entry, dict):
            self._fault(path, f"{entry!r} is not a mapping of keys to values")
            return []
        general = {key: value for key, value in entry.items() if key != "environments"}
        specific: dict[str, Any] = {}
        overrides = entry.get("environments") or {}
        if not isinstance(overrides, dict):
            self._fault((*path, "environments"), f"{overrides!r} is not a mapping of environment names to values")
            overrides = {}
        for environment, layer in overrides.items():
            place = (*path, "environments", str(environment))
            if environment not in self.environments:
                hint = nearest(str(environment), self.environments)
                self._fault(place, f"no stack has this environment{hint} (known: {', '.join(self.environments)})")
            elif not isinstance(layer, dict):
                self._fault(place, f"{layer!r} is not a mapping of keys to values")
            else:
                checked = self._checked(layer, place)
                specific = checked if environment == self.environment else specific
        return [self._checked(general, path), specific]

    def _checked(self, layer: dict[str, Any], path: _LayerPath) -> dict[str, Any]:
        """`layer`, with a fault for each of its values that no service could have."""
        try:
            ServiceEntry.model_validate(layer)
        except ValidationError as error:
            self.problems += problems_of(error, ServiceEntry, self.file, path, of="present")
        return layer

    def _resolved(self, name: str, merged: dict[str, Any], path: _LayerPath) -> Service | None:
        """The service of all layers. What is present was judged layer by layer; only now can a key be missing."""
        try:
            service = Service.model_validate({**merged, "name": name})
        except ValidationError as error:
            missing = problems_of(error, Service, self.file, path, of="missing")
            self.problems += missing or ([] if self.problems else problems_of(error, Service, self.file, path))
            return None
        for place, message in contradictions(service):
            self._fault((*path, place), message)
        return service

    def _fault(self, path: _LayerPath, message: str) -> None:
        self.problems.append(Problem(self.file, ".".join(path), message))
