"""pydantic's errors, told in the words of the file they come from."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from catalog.problems import Problem, nearest
from catalog.texts import shown

_TYPES = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text (put it in quotes)",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "list_type": "a list",
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
}


def dotted(parts: Iterable[str | int]) -> str:
    """`('canary', 'steps', 2)` as people write it: `canary.steps[2]`."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    file: str,
    path: Sequence[str | int] = (),
    *,
    of: Literal["all", "present", "missing"] = "all",
) -> list[Problem]:
    """One Problem for each fault in `error`: of all keys, of those that are present, or of those that are missing."""
    return [
        Problem(file, dotted([*path, *_place(fault["loc"])]), _message(fault, model))
        for fault in error.errors(include_url=False)
        if of == "all" or (of == "missing") == (fault["type"] == "missing")
    ]


def _place(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """`loc` without pydantic's mark for a fault in a key: the key itself already ends the path."""
    return loc[:-1] if loc[-1:] == ("[key]",) else loc


def _message(fault: Any, model: type[BaseModel]) -> str:
    kind, found, context = fault["type"], fault.get("input"), fault.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known_keys(model, fault["loc"][:-1])
        return f"unknown key{nearest(str(fault['loc'][-1]), known)} (known: {', '.join(known)})"
    if kind in _TYPES:
        return f"{shown(found)} is not {_TYPES[kind]}"
    if kind in _LIMITS:
        words, key = _LIMITS[kind]
        return f"{shown(found)} is out of range ({words} {context[key]})"
    told = {
        "missing": "is missing, and nothing gives it a default",
        "value_error": str(context.get("error")),
        "literal_error": f"{shown(found)} is not one of {context.get('expected')}",
    }
    return told.get(kind, f"{shown(found)}: {fault['msg'][:1].lower()}{fault['msg'][1:]}")


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys allowed at `loc` below `model`, as files spell them."""
    for part in loc:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        field = fields.get(str(part))
        inner = field.annotation if field else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return [field.alias or name for name, field in model.model_fields.items()]
