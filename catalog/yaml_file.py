"""Reading a YAML file strictly: every way in which it can be unreadable is a `Problem`, never a traceback."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from catalog.problems import CatalogError, Problem
from catalog.texts import shown

_DEEPEST = 50
_MOST_VALUES = 1_000_000

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):  # type: ignore[misc]  # the C loader where PyYAML was built with it
    """A safe loader that refuses a key given twice: YAML itself silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build the mapping of `node`; raise ConstructorError for a duplicate key."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key}' stands here twice", key_node.start_mark
                )
            if isinstance(key, Hashable):
                seen.add(key)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping a YAML file holds; an empty file is an empty mapping.

    Raises CatalogError: the file is missing, a folder, unreadable, not UTF-8, not YAML, or not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise _fault(path, "there is no such file") from None
    except IsADirectoryError:
        raise _fault(path, "is a folder, not a file") from None
    except UnicodeDecodeError as error:
        raise _fault(path, f"is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except (OSError, ValueError) as error:  # a path with a NUL in it is a ValueError
        raise _fault(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        content = yaml.load(text, Loader=_StrictLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _fault(path, _one_line(error)) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise _fault(path, f"holds {shown(content)}, not a mapping of keys to values")
    if fault := _shape_fault(content):
        raise _fault(path, fault)
    return content


def _shape_fault(content: object) -> str | None:
    """What no reader of the file could have meant: keys that are no text, and nesting or aliases without end."""
    open_nodes: list[tuple[object, str, int]] = [(content, "", 0)]
    seen = 0
    while open_nodes:
        node, path, depth = open_nodes.pop()
        seen += 1
        if depth > _DEEPEST or seen > _MOST_VALUES:
            return f"is nested deeper than {_DEEPEST} levels, or its aliases stand for more than {_MOST_VALUES} values"
        if isinstance(node, dict):
            for key, value in node.items():
                if not isinstance(key, str):
                    hint = " (YAML reads on, off, yes and no as true and false)" if isinstance(key, bool) else ""
                    return f"{path or 'the file'}: the key {shown(key)} is not text{hint}; put it in quotes"
                open_nodes.append((value, f"{path}.{key}" if path else key, depth + 1))
        elif isinstance(node, list):
            open_nodes += [(value, f"{path}[{index}]", depth + 1) for index, value in enumerate(node)]
    return None


def _one_line(error: Exception) -> str:
    """Where and why the YAML cannot be read, in one line."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}not valid YAML: {problem}"


def _fault(path: Path, message: str) -> CatalogError:
    return CatalogError([Problem(path.name, "", message)])
