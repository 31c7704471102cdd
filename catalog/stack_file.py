"""Pulumi.<stack>.yaml, or the same config from the engine -> StackSettings."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from catalog.config_keys import NAMESPACE
from catalog.faults import dotted
from catalog.problems import CatalogError, Problem, nearest
from catalog.setting_faults import validated
from catalog.stack import StackSettings
from catalog.stack_secrets import Sealed, sealed_by_engine, sealed_in_file
from catalog.texts import shown
from catalog.yaml_file import read_mapping

_PREFIX = f"{NAMESPACE}:"


def stack_file(folder: Path, stack: str) -> Path:
    """The file that holds the config of `stack`."""
    return folder / f"Pulumi.{stack}.yaml"


def stacks_in(folder: Path) -> list[str]:
    """The names of the stacks that have a file in `folder`."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.*.yaml"))


def environments_in(folder: Path) -> tuple[str, ...]:
    """The environments that the stack files of `folder` name; services.yaml may speak of these."""
    named = (_config_of(stack_file(folder, stack)).get(f"{_PREFIX}environment") for stack in stacks_in(folder))
    return tuple(sorted({environment for environment in named if isinstance(environment, str)}))


def load_stack_file(folder: Path, stack: str) -> StackSettings:
    """The settings of `stack` from its file, without an engine; raises CatalogError with every fault."""
    path = stack_file(folder, stack)
    if not path.exists():
        known = ", ".join(stacks_in(folder))
        raise CatalogError([Problem(path.name, "", f"there is no stack '{stack}' (stacks with a file here: {known})")])
    config = _config_of(path)
    return _settings(config, sealed_in_file(_own(config)), stack)


def settings_from_config(config: Mapping[str, str], stack: str, secret_keys: Collection[str] = ()) -> StackSettings:
    """The settings of `stack` from the engine's config: full keys, values as text; raises CatalogError.

    `secret_keys` are those whose value the engine keeps secret.
    """
    decoded = {key: _decoded(value) for key, value in config.items()}
    secret = [key.removeprefix(_PREFIX) for key in secret_keys]
    return _settings(decoded, sealed_by_engine(_own(decoded), secret), stack)


def _config_of(path: Path) -> dict[str, Any]:
    config = read_mapping(path).get("config")
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise CatalogError([Problem(path.name, "config", f"{shown(config)} is not a mapping of keys to values")])
    # A key without a namespace is the project's own to the engine.
    return {key if ":" in key else f"{_PREFIX}{key}": value for key, value in config.items()}


def _decoded(value: str) -> Any:
    """The engine hands over objects, lists and booleans as JSON, and everything else as plain text."""
    if value[:1] in ("{", "[") or value in ("true", "false"):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _own(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key.removeprefix(_PREFIX): value for key, value in config.items() if key.startswith(_PREFIX)}


def _settings(config: Mapping[str, Any], sealed: Sealed, stack: str) -> StackSettings:
    """The settings that `sealed` holds; raises CatalogError with every fault of them, and of the keys of `config`."""
    file = stack_file(Path(), stack).name
    settings, faults = validated(sealed, stack)
    # The keys of a stack file carry the project's namespace: `api-observability:cluster`.
    found = [Problem(file, f"config.{_PREFIX}{dotted(fault.place)}", fault.message) for fault in faults]
    found = [*_misspelt(config, file), *found]
    if found or settings is None:
        raise CatalogError(found)
    return settings


def _misspelt(config: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Keys in a namespace that is almost ours."""
    for key in config:
        namespace = key.partition(":")[0]
        if namespace != NAMESPACE and (hint := nearest(namespace, [NAMESPACE])):
            yield Problem(file, f"config.{key}", f"unknown namespace '{namespace}'{hint}")
