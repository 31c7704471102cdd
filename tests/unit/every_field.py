"""Every field of a service's entry, and another value for each of them (`every_field.yaml`)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

Entry = dict[str, Any]

_FILE: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))

ENTRIES: dict[str, Entry] = {name: content["entry"] for name, content in _FILE.items()}


@dataclass(frozen=True)
class Change:
    """Another value for one field of an entry."""

    entry: str
    path: str
    value: Any

    def __str__(self) -> str:
        return f"{self.entry}:{self.path}"

    def made(self) -> Entry:
        """The entry with the other value."""
        # Through text, so that what the file says once for several places is changed in one of them only.
        result: Entry = json.loads(json.dumps(ENTRIES[self.entry]))
        _put(result, re.findall(r"[^.\[\]]+", self.path), self.value)
        return result


CHANGES = [Change(name, path, value) for name, content in _FILE.items() for path, value in content["other"].items()]


def _put(node: Any, keys: list[str], value: Any) -> None:
    """Have `value` where the keys lead; what is missing on the way is made."""
    key: Any = int(keys[0]) if isinstance(node, list) else keys[0]
    if isinstance(node, list) and key == len(node):
        node.append({})
    if len(keys) == 1:
        node[key] = value
        return
    if isinstance(node, dict):
        node.setdefault(key, {})
    _put(node[key], keys[1:], value)


def leaves(model: Any, at: str = "") -> Iterator[str]:
    """The path of every value that can be said; `[]` is any index of a list, `*` any key that owners choose."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        for name, field in model.model_fields.items():
            key = field.alias or name
            yield from leaves(field.annotation, f"{at}.{key}" if at else key)
    elif get_origin(model) in (Union, UnionType):
        for member in get_args(model):
            yield from leaves(member, at) if member is not type(None) else ()
    elif get_origin(model) is list:
        yield from leaves(get_args(model)[0], f"{at}[]")
    elif get_origin(model) is dict:
        yield from leaves(get_args(model)[1], f"{at}.*")
    elif hasattr(model, "__metadata__"):
        yield from leaves(get_args(model)[0], at)
    else:
        yield at


def is_at(leaf: str, path: str) -> bool:
    """Whether a path of an entry is one of those that a leaf stands for."""
    pattern = re.escape(leaf).replace(r"\[\]", r"\[\d+\]").replace(r"\*", r"[^.\[\]]+")
    return re.fullmatch(pattern, path) is not None
