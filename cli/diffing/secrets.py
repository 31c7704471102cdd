"""Secrets of a stack file that are set anew: which, and never what."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.config_keys import NAMESPACE
from catalog.texts import HIDDEN
from cli.diffing.rows import Row


def changed_secrets(before: Any, after: Any) -> Iterator[Row]:
    """The settings of two `config` maps whose encrypted text is another.

    Encrypting the same secret once more gives another text too, and without its key nobody can tell.
    """
    old, new = (dict(_sealed_in(config)) for config in (before, after))
    for setting in sorted({*old, *new}):
        if old.get(setting) != new.get(setting):
            shown = [HIDDEN if setting in side else None for side in (old, new)]
            set_anew = f"{HIDDEN} (set anew)" if setting in old and setting in new else shown[1]
            yield Row(setting.removeprefix(f"{NAMESPACE}:"), shown[0], set_anew)


def _sealed_in(config: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(config, Mapping):
        if set(config) == {"secure"} and isinstance(config["secure"], str):
            yield place, config["secure"]
            return
        for key, inner in config.items():
            yield from _sealed_in(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(config, list):
        for index, inner in enumerate(config):
            yield from _sealed_in(inner, f"{place}[{index}]")
