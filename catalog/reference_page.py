"""A page for people that lists every key of services.yaml, from the same models that check the file."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from pydantic.alias_generators import to_camel

from catalog.built_in import BUILT_IN_DEFAULTS
from catalog.services import ServiceEntry

REFERENCE_PAGE = "docs/services.md"
"""Where it is in the checkout."""

_HEAD = """\
<!-- Written by `make schema` from the models in catalog/; a test compares. -->
# Every key of services.yaml

Precedence, weakest first: the built-in default below, `defaults`, `defaults.environments.<environment>`, the service,
the service's `environments.<environment>`, and last the stack's `images.<service>`. Maps are merged key by key,
everything else is replaced whole, and a `null` takes away what a weaker layer says.
`make explain SERVICE=<name> STACK=<stack>` shows the result, and the place each value comes from.

Durations are written `300ms`, `60s`, `5m`, `1h30m`, `30d`, or as a number of seconds; shares `2%` or `0.02`; sizes
`45GB`, `50Gi`; amounts as in Kubernetes, `250m`, `256Mi`.
Where several kinds of an item are listed, the one key that only it has tells them apart.
"""


def reference_page() -> str:
    """The page as the file holds it."""
    schema = ServiceEntry.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    sections = [_section("A service", schema, BUILT_IN_DEFAULTS, "")]
    for name, paths in _in_order(schema, definitions).items():
        found = definitions[name]
        if "properties" in found:
            title = ", ".join(f"`{path}`" for path in paths)
            sections.append(_section(title, found, _defaults_at(paths), f'<a id="{name.lower()}"></a>\n'))
    return _HEAD + "\n" + "\n".join(sections)


def _in_order(schema: Any, definitions: dict[str, Any]) -> dict[str, list[str]]:
    """Each definition with the paths of its mentions, in the order in which a reader meets them."""
    found: dict[str, list[str]] = {}

    def visit(within: Any, path: str) -> None:
        for key, value in within.get("properties", {}).items():
            below = f"{path}.{key}" if path else key
            for name, item in _mentioned(value):
                known = name in found
                found.setdefault(name, []).append(below + item)
                if not known:
                    visit(definitions[name], below + item)

    visit(schema, "")
    return found


def _mentioned(schema: Any, item: str = "") -> Iterator[tuple[str, str]]:
    """The definitions below `schema`, each with how an item of the list or map it is in is spelt."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rsplit("/", 1)[-1], item
        for key, value in schema.items():
            yield from _mentioned(value, {"items": "[]", "patternProperties": ".NAME"}.get(key, item))
    elif isinstance(schema, list):
        for value in schema:
            yield from _mentioned(value, item)


def _default_at(path: str) -> dict[str, Any]:
    value: Any = BUILT_IN_DEFAULTS
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _defaults_at(paths: list[str]) -> dict[str, Any]:
    """The defaults at one place, or, where they differ, those of each place with the last word of its path."""
    found = {path: values for path in paths if (values := _default_at(path))}
    keys = {key: None for values in found.values() for key in values}
    merged: dict[str, Any] = {}
    for key in keys:
        told = {path.rsplit(".", 1)[-1]: values[key] for path, values in found.items() if key in values}
        first = next(iter(told.values()))
        plain = len(paths) == 1 or isinstance(first, dict | list)
        merged[key] = first if plain else ", ".join(f"{place} {_spelt(value)}" for place, value in told.items())
    return merged


def _section(title: str, schema: dict[str, Any], default: Any, anchor: str) -> str:
    rows = [
        f"| `{key}` | {_takes(value)} | "
        f"{_shown(default.get(key) if isinstance(default, dict) else None, value, key in schema.get('required', ()))} |"
        for key, value in schema["properties"].items()
    ]
    described = inspect.cleandoc(schema.get("description", ""))
    table = "\n".join(["| key | takes | default |", "|---|---|---|", *rows])
    return f"{anchor}## {title}\n\n{_in_file_words(described)}\n\n{table}\n"


def _in_file_words(text: str) -> str:
    """A docstring's field names as the file spells them."""
    return re.sub(r"`([a-z]+(?:_[a-z]+)+)`", lambda match: f"`{to_camel(match[1])}`", text)


def _takes(schema: dict[str, Any]) -> str:
    """What may be written, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{_words(name)}](#{name.lower()})"
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{_spelt(value)}`" for value in schema.get("enum", [schema.get("const")]))
    if "description" in schema and "properties" not in schema:
        return _short(str(schema["description"]))
    if one_of := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_takes(each) for each in one_of if each != {"type": "null"})
    return _collection(schema)


def _collection(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"list of: {_takes(schema['items'])}"
    if schema.get("type") == "object":
        inner = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
        return f"map to: {_takes(inner[0])}" if isinstance(inner[0], dict) and inner[0] else "map"
    return _scalar(schema)


def _scalar(schema: dict[str, Any]) -> str:
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
    least, most = schema.get("minimum"), schema.get("maximum")
    bounds = f", {least:,}–{most:,}" if least is not None and most is not None else ""
    return words.get(str(schema.get("type")), "any value") + bounds


def _short(description: str) -> str:
    """A type's description for editors without its explanations, its example as code."""
    for words, short in _SHORT.items():
        if description.startswith(words):
            return short
    what, _, example = description.partition(": ")
    what = re.sub(r" \(.*\)$", "", what)
    return f"{what}: `{example}`" if example else what


_SHORT = {"A duration": "duration", "A share": "share", "An amount of bytes": "size", "such as 250m": "amount"}


def _spelt(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _shown(default: Any, schema: dict[str, Any], required: bool) -> str:
    """A default as the file would spell it; a nested one is told in its own section."""
    if default is None:
        default = schema.get("default")
    if default in (None, {}, []):
        return "required" if required and default is None else ""
    if isinstance(default, dict):
        return "below"
    if isinstance(default, list):
        return f"`[{', '.join(map(_item, default))}]`"
    return f"`{_spelt(default)}`"


def _item(item: object) -> str:
    if isinstance(item, dict):
        return "{" + ", ".join(f"{key}: {_spelt(value)}" for key, value in item.items()) + "}"
    return _spelt(item)
