"""Pulumi.<stack>.yaml, or the same config from the engine -> StackSettings."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from catalog.faults import problems_of
from catalog.problems import CatalogError, Problem, nearest
from catalog.stack import NAMESPACE, StackSettings
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
    return _validated(config, path.name, [key for key, value in config.items() if _holds_a_secret(value)])


def settings_from_config(config: Mapping[str, str], stack: str, secret_keys: Collection[str] = ()) -> StackSettings:
    """The settings of `stack` from the engine's config: full keys, values as text; raises CatalogError.

    `secret_keys` are those whose value the engine keeps secret.
    """
    decoded = {key: _decoded(value) for key, value in config.items()}
    return _validated(decoded, f"Pulumi.{stack}.yaml", secret_keys)


def _config_of(path: Path) -> dict[str, Any]:
    config = read_mapping(path).get("config")
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise CatalogError([Problem(path.name, "config", f"{shown(config)} is not a mapping of keys to values")])
    return config


def _decoded(value: str) -> Any:
    """The engine hands over objects, lists and booleans as JSON, and everything else as plain text."""
    if value[:1] in ("{", "[") or value in ("true", "false"):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _holds_a_secret(value: Any) -> bool:
    """Whether the value, or one within it, is encrypted: the engine writes `secure: <ciphertext>` in its place."""
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(map(_holds_a_secret, value.values()))
    return isinstance(value, list) and any(map(_holds_a_secret, value))


def _validated(config: Mapping[str, Any], file: str, secret_keys: Collection[str]) -> StackSettings:
    found = list(_misplaced(config, file, secret_keys))
    own = {key.removeprefix(_PREFIX): value for key, value in config.items() if key.startswith(_PREFIX)}
    try:
        settings = StackSettings.model_validate(own)
    except ValidationError as error:
        # The keys of a stack file carry the project's namespace: `api-observability:cluster`.
        found += [
            replace(each, path=f"config.{_PREFIX}{each.path}") for each in problems_of(error, StackSettings, file)
        ]
    if found:
        raise CatalogError(found)
    return settings


def _misplaced(config: Mapping[str, Any], file: str, secret_keys: Collection[str]) -> Iterator[Problem]:
    """Keys in a namespace that is almost ours, and secrets in settings that end up in clear text on the cluster."""
    for key in config:
        namespace = key.partition(":")[0]
        if namespace != NAMESPACE and (hint := nearest(namespace, [NAMESPACE])):
            yield Problem(file, f"config.{key}", f"unknown namespace '{namespace}'{hint}")
        if key.startswith(_PREFIX) and key in secret_keys:
            yield Problem(
                file, f"config.{key}", "is a secret, and this setting would show it; set it anew without --secret"
            )
