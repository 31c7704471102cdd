"""Rendered files as objects: what each is called, whose it is, and what of it may be shown."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from catalog.texts import HIDDEN

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SECRET_NAME = re.compile(
    r"(?i)(passw(or)?d|passphrase|token|credentials?|(api|secret|private|access)[-_.]?key|webhook)$"
)
"""The ends of names of settings that hold a secret as such: MYSQL_PASSWORD, adminPassword, apiKey. What names a Secret
(`existingSecret`, `secretName`) does not end so."""

_IN_AN_ADDRESS = re.compile(r"(?<=://)[^/\s@]+:[^/\s@]+(?=@)")
"""A user and a password in an address: postgres://user:password@host/."""


@dataclass(frozen=True, order=True)
class Key:
    """What an object is called; a rename of any part is to Kubernetes another object."""

    namespace: str
    kind: str
    name: str

    def __str__(self) -> str:
        place = "" if self.namespace == "_cluster" else f" in {self.namespace}"
        return f"{self.kind} {self.name}{place}"


@dataclass(frozen=True)
class RenderedObject:
    """One file of a rendering: the object, and the Pulumi options that are comments on top of it."""

    key: Key
    body: Mapping[str, Any]
    options: tuple[str, ...] = field(default=())

    @property
    def labels(self) -> Mapping[str, Any]:
        """The labels of the object itself."""
        return _mapping(_mapping(self.body.get("metadata")).get("labels"))

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its `spec`, empty where it has none."""
        return _mapping(self.body.get("spec"))

    @cached_property
    def whole(self) -> dict[str, Any]:
        """The body with its options, and with the JSON in the data of a ConfigMap read: what fields are compared of."""
        options = {"options": list(self.options)} if self.options else {}
        return {**options, **{key: _opened(value) if key == "data" else value for key, value in self.body.items()}}

    def called(self, old: str, new: str) -> "RenderedObject":
        """The same object, had the service `old` always been called `new`; its image has a name of its own."""
        key = Key(self.key.namespace, self.key.kind, replaced(self.key.name, old, new))
        return RenderedObject(key, _renamed(self.body, old, new), self.options)


def parsed(path: str, text: str) -> RenderedObject:
    """The object of a rendered file, by the file's path below the rendering."""
    namespace, _, file = path.rpartition("/")
    body = _mapping(yaml.load(text, Loader=_Loader))
    metadata = _mapping(body.get("metadata"))
    kind, _, name = file.removesuffix(".yaml").partition("-")
    options = tuple(line.removeprefix("# ") for line in text.splitlines() if line.startswith("# "))
    key = Key(namespace, str(body.get("kind", kind)), str(metadata.get("name", name)))
    return RenderedObject(key, body, options)


def replaced(text: str, old: str, new: str) -> str:
    """`text` with each whole word `old` as `new`; `my-api` is no part of `my-api-canary`, which is its own name."""
    return re.sub(rf"(?<![\w-]){re.escape(old)}(?=$|[^\w-]|-(?:canary|stable)\b)", lambda _: new, text)


def service_of(entry: RenderedObject, services: frozenset[str]) -> str | None:
    """The service an object belongs to, by its label, or by its name; None for an object of the platform."""
    for name in (entry.labels.get("app.kubernetes.io/name"), entry.key.name):
        if name in services:
            return str(name)
    return None


def without_secrets(kind: str, path: tuple[str, ...], value: Any) -> Any:
    """`value`, which stands at `path` of an object of that kind, as it may be shown."""
    if isinstance(value, Mapping):
        named = value.get("name")
        return {
            key: without_secrets(kind, (*path, str(named) if key == "value" and named else key), inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(kind, path, inner) for inner in value]
    if not isinstance(value, str):
        return value
    in_a_secret = kind == "Secret" and path[:1] in (("data",), ("stringData",))
    if in_a_secret or (path and _SECRET_NAME.search(path[-1]) and value):
        return HIDDEN
    return _IN_AN_ADDRESS.sub(HIDDEN, value)


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, Mapping):
        return {
            replaced(str(key), old, new): inner if key == "image" else _renamed(inner, old, new)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_renamed(inner, old, new) for inner in value]
    return replaced(value, old, new) if isinstance(value, str) else value


def _opened(data: Any) -> Any:
    """The data of a ConfigMap, with what is JSON in it as such: a dashboard is one line of text otherwise."""
    if not isinstance(data, Mapping):
        return data
    return {key: _json(value) if str(key).endswith(".json") else value for key, value in data.items()}


def _json(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text  # whatever else it is, it is compared as it stands


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
