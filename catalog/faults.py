"""pydantic's errors, told in the words of the file they come from."""

from collections.abc import Iterable, Sequence
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from catalog.model import KIND
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
    besides: Sequence[str] = (),
) -> list[Problem]:
    """One Problem for each fault in `error`: of all keys, of those that are present, or of those that are missing.

    `besides` are keys that may stand beside those of `model`, and are read by somebody else.
    """
    return [
        Problem(file, dotted([*path, *_place(fault["loc"])]), _message(fault, model, besides))
        for fault in error.errors(include_url=False)
        if of == "all" or (of == "missing") == (fault["type"] == "missing")
    ]


def _place(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """`loc` without what pydantic adds: its mark for a fault in a key, and the names of variants."""
    written = loc[:-1] if loc[-1:] == ("[key]",) else loc
    return tuple(part for part in written if not _is_kind(part))


def _is_kind(part: str | int) -> bool:
    return isinstance(part, str) and part.startswith(KIND)


def _message(fault: Any, model: type[BaseModel], besides: Sequence[str]) -> str:
    kind, found, context = fault["type"], fault.get("input"), fault.get("ctx", {})
    if kind == "extra_forbidden":
        known = [*_known_keys(model, fault["loc"][:-1]), *(besides if len(fault["loc"]) == 1 else ())]
        hint = nearest(str(fault["loc"][-1]), known)
        # All of many keys are no help where one of them is it.
        return (
            f"unknown key{hint}" if hint and len(known) > _A_FEW else f"unknown key{hint} (known: {', '.join(known)})"
        )
    if kind == "no_such_variant":
        return f"{shown(found)} is not {context['what']} (one of {context['kinds']})"
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


_A_FEW = 12


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys allowed at `loc` below `model`, as files spell them."""
    within: object = model
    for part in loc:
        within = _kind(within, str(part)) if _is_kind(part) else _below(within, part)
    (found, *_) = [*_models_in(within), model]
    return [field.alias or name for name, field in found.model_fields.items()]


def _below(within: object, part: str | int) -> object:
    """The type of what stands at key or index `part` of a value of the type `within`."""
    for model in _models_in(within):
        for name, field in model.model_fields.items():
            if part in (field.alias, name):
                return field.annotation
    members = [each for each in _parts(within) if get_origin(each) in (dict, list)]
    return get_args(members[0])[-1] if members else within


def _kind(within: object, tag: str) -> object:
    """The member of the union `within` that carries the tag."""
    tagged = [each for each in _parts(within) if Tag(tag) in get_args(each)]
    return tagged[0] if tagged else within


def _models_in(within: object) -> list[type[BaseModel]]:
    return [each for each in _parts(within) if isinstance(each, type) and issubclass(each, BaseModel)]


def _parts(within: object) -> list[object]:
    """The type and all that it is made of: the members of unions, and what is annotated."""
    made_of = get_args(within) if get_origin(within) in (Union, UnionType) else get_args(within)[:1]
    inner = [] if get_origin(within) in (dict, list) else [part for each in made_of for part in _parts(each)]
    return [within, *inner]
