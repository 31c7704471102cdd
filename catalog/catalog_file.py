"""services.yaml -> Catalog: layers merged by precedence, every fault reported at the place where it was written."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from catalog.built_in import BUILT_IN_DEFAULTS
from catalog.checks import cautions, clashes, contradictions, risks
from catalog.faults import problems_of
from catalog.layers import merge, without_nulls
from catalog.problems import CatalogError, Problem, nearest
from catalog.services import PRODUCTION, Service, ServiceEntry, service_name_fault
from catalog.texts import shown
from catalog.yaml_file import read_mapping

_TOP_KEYS = ("defaults", "services")
_ENVIRONMENTS = "environments"
_Path = tuple[str, ...]


@dataclass(frozen=True)
class Catalog:
    """The services of one environment, in the order of the file, those switched off left out.

    `warnings` are what is allowed there and may still not be what was meant; `layers` is what each service of the file
    was merged from: the place of each layer, weakest first, and what it says.
    """

    services: tuple[Service, ...]
    warnings: tuple[Problem, ...] = ()
    layers: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Layers:
    """What one place of the file says: for all environments, and for each by itself."""

    general: dict[str, Any]
    specific: dict[str, dict[str, Any]]

    def of(self, environment: str) -> list[dict[str, Any]]:
        """The layers that count in an environment, the stronger one last."""
        return [self.general, self.specific.get(environment, {})]


def load_catalog(
    path: Path, environment: str, environments: tuple[str, ...], images: Mapping[str, str] | None = None
) -> Catalog:
    """The services of `path` as they are to run in `environment`.

    `environments` are the names that may be spoken of in the file, and all of them are checked; `images` (service name
    to image) is the strongest layer. Raises CatalogError with every fault of the file.
    """
    with _uncollected():
        reader = _Reader(path.name, environments)
        entries = reader.entries(read_mapping(path), images or {})
        services = list(reader.resolved(entries, environment, images or {}))
        for other in environments:
            if other != environment:
                list(reader.resolved(entries, other, {}))
        if reader.problems:
            raise CatalogError(reader.problems)
        enabled = tuple(service for service in services if service.enabled)
        layers = {name: reader.layers(name, own, environment, images or {}) for name, own in entries.items()}
        return Catalog(enabled, reader.warnings(enabled), layers)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: a thousand services are a million objects and no garbage, and looking through
    them again and again takes more than half of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Reader:
    """One pass over the file, collecting faults as it goes."""

    def __init__(self, file: str, environments: tuple[str, ...]) -> None:
        self.file = file
        self.environments = environments
        self.defaults = _Layers({}, {})
        self.problems: list[Problem] = []
        self._told: set[tuple[str, str]] = set()

    def entries(self, content: dict[str, Any], images: Mapping[str, str]) -> dict[str, _Layers]:
        """The entry of each service as layers, every value in them judged at its place."""
        for key in content:
            if key not in _TOP_KEYS:
                self._fault((key,), f"unknown key{nearest(key, _TOP_KEYS)} (known: {', '.join(_TOP_KEYS)})")
        self.defaults = self._layers(content.get("defaults"), ("defaults",)) or self.defaults
        services = content.get("services")
        if not isinstance(services, dict) or not services:
            self._fault(("services",), "names no service; give at least one `name: {project: …, port: …, image: …}`")
            return {}
        for unknown in sorted(images.keys() - services.keys()):
            hint = nearest(unknown, list(services))
            self._fault(("images", unknown), f"the stack's config sets an image for a service that is not here{hint}")
        entries: dict[str, _Layers] = {}
        for name, entry in services.items():
            path = ("services", name)
            if fault := service_name_fault(name):
                self._fault(path, fault)
            elif layers := self._layers(entry, path):
                entries[name] = layers
        return entries

    def resolved(
        self, entries: Mapping[str, _Layers], environment: str, images: Mapping[str, str]
    ) -> Iterator[Service]:
        """The services as they are in an environment, and the faults that only all layers together show."""
        services: list[Service] = []
        for name, layers in entries.items():
            service = self._service(name, merge(*self.layers(name, layers, environment, images).values()))
            if service:
                services.append(service)
                felt = environment in PRODUCTION and service.enabled
                faults = [*contradictions(service), *(risks(service) if felt else ())]
                for place, message in faults:
                    self._fault(("services", name, place), message, environment)
        known = [service.name for service in services]
        for name, place, message in clashes([service for service in services if service.enabled], known):
            self._fault(("services", name, place) if place else ("services", name), message, environment)
        yield from services

    def layers(
        self, name: str, own: _Layers, environment: str, images: Mapping[str, str]
    ) -> dict[str, Mapping[str, Any]]:
        """What a service is merged from, weakest first: the place of each layer, and what it says."""
        general, specific = self.defaults.of(environment)
        own_general, own_specific = own.of(environment)
        return {
            "built-in default": BUILT_IN_DEFAULTS,
            f"{self.file}: defaults": general,
            f"{self.file}: defaults.{_ENVIRONMENTS}.{environment}": specific,
            f"{self.file}: services.{name}": own_general,
            f"{self.file}: services.{name}.{_ENVIRONMENTS}.{environment}": own_specific,
            "the stack's config: images": {"image": images[name]} if name in images else {},
        }

    def warnings(self, services: Sequence[Service]) -> tuple[Problem, ...]:
        """What is to be told of services that are right; the same of several in one line."""
        told: dict[tuple[str, str], list[str]] = {}
        for service in services:
            for fault in [*risks(service), *cautions(service)]:
                told.setdefault(fault, []).append(service.name)
        return tuple(
            Problem(self.file, f"services.{names[0]}.{place}", f"{message}{_also(names[1:])}")
            for (place, message), names in told.items()
        )

    def _layers(self, entry: object, path: _Path) -> _Layers | None:
        """`entry` as layers, or None where it is no mapping; nothing at all is an empty one."""
        if entry is None:
            return _Layers({}, {})
        if not isinstance(entry, dict):
            self._fault(path, f"{shown(entry)} is not a mapping of keys to values")
            return None
        overrides = entry.get(_ENVIRONMENTS)
        if overrides is not None and not isinstance(overrides, dict):
            self._fault((*path, _ENVIRONMENTS), f"{shown(overrides)} is not a mapping of environment names to values")
        specific: dict[str, dict[str, Any]] = {}
        for environment, layer in overrides.items() if isinstance(overrides, dict) else ():
            place = (*path, _ENVIRONMENTS, environment)
            if environment not in self.environments:
                hint = nearest(environment, self.environments)
                self._fault(place, f"no stack has this environment{hint} (known: {', '.join(self.environments)})")
            elif not isinstance(layer, dict):
                self._fault(place, f"{shown(layer)} is not a mapping of keys to values")
            else:
                specific[environment] = self._checked(layer, place)
        general = {key: value for key, value in entry.items() if key != _ENVIRONMENTS}
        return _Layers(self._checked(general, path), specific)

    def _checked(self, layer: dict[str, Any], path: _Path) -> dict[str, Any]:
        """`layer`, with a fault for each of its values that no service could have."""
        try:
            ServiceEntry.model_validate(_said(layer))
        except ValidationError as error:
            self.problems += problems_of(error, ServiceEntry, self.file, path, of="present", besides=[_ENVIRONMENTS])
        return layer

    def _service(self, name: str, merged: dict[str, Any]) -> Service | None:
        """The service of all layers. What is present was judged layer by layer; only now can a key be missing."""
        try:
            return Service.model_validate({**_said(merged), "name": name})
        except ValidationError as error:
            path = ("services", name)
            missing = problems_of(error, Service, self.file, path, of="missing")
            self.problems += missing or ([] if self.problems else problems_of(error, Service, self.file, path))
            return None

    def _fault(self, path: _Path, message: str, environment: str | None = None) -> None:
        """Note a fault; one that shows in several environments is told once, with the first of them."""
        place = ".".join(path)
        if (place, message) not in self._told:
            self._told.add((place, message))
            told = f"{message} (in environment {environment})" if environment else message
            self.problems.append(Problem(self.file, place, told))


def _also(others: Sequence[str]) -> str:
    return f" (so do {', '.join(others)})" if others else ""


def _said(layer: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of a layer when its nulls have taken away what weaker ones say; in a patch they have work to do."""
    said = {key: value for key, value in layer.items() if value is not None}
    patch = said.pop("patch", {})
    kept = {key: value for key, value in patch.items() if value is not None} if isinstance(patch, dict) else patch
    return {**without_nulls(said), **({"patch": kept} if kept != {} else {})}
