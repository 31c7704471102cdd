"""Pulumi's property values on the wire (a protobuf Struct) and in this plugin (plain Python).

The signatures below are Pulumi's published wire format: a one-key object that names itself by `SIGNATURE`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

Properties: TypeAlias = dict[str, Any]
"""Property values by name. `Any` is the edge: a Kubernetes object has whatever its schema says."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
ASSET = "c44067f5952c0a294b673a41bacd8c17"

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = frozenset(
    {
        _UNKNOWN,
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    }
)

_LARGEST_EXACT_INTEGER = 2**53
"""A Struct carries every number as a double; beyond this they are not integers any more."""


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts in the state and hides in its output."""

    value: Any


@dataclass(frozen=True)
class Computed:
    """A value that is not known yet, during a preview."""


COMPUTED = Computed()


def from_struct(struct: Struct | None) -> Properties:
    """The properties of a request, with `Secret` and `COMPUTED` where the wire marks them."""
    return {} if struct is None else {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return COMPUTED if text in _UNKNOWNS else text
    if kind == "struct_value":
        return _from_object(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return number(value.number_value)
    return value.bool_value if kind == "bool_value" else None


def _from_object(struct: Struct) -> Any:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    if signature == _SECRET:
        return Secret(_from_value(fields["value"]))
    if signature == _OUTPUT:
        inner = _from_value(fields["value"]) if "value" in fields else COMPUTED
        return Secret(inner) if "secret" in fields and fields["secret"].bool_value else inner
    return {key: _from_value(item) for key, item in fields.items()}


def number(value: float) -> int | float:
    """A double as the integer it stands for: Kubernetes rejects `80.0` where it wants a port."""
    return int(value) if value.is_integer() and abs(value) <= _LARGEST_EXACT_INTEGER else value


def to_struct(properties: Mapping[str, Any]) -> Struct:
    """The wire form of `properties`."""
    struct = Struct()
    for key, value in properties.items():
        _to_value(value, struct.fields[key])
    return struct


def _to_value(source: Any, target: Value) -> None:
    if source is None:
        target.null_value = NULL_VALUE
    elif isinstance(source, bool):
        target.bool_value = source
    elif isinstance(source, int | float):
        target.number_value = source
    elif isinstance(source, str):
        target.string_value = source
    elif isinstance(source, Computed):
        target.string_value = _UNKNOWN
    elif isinstance(source, Secret):
        target.struct_value.fields[SIGNATURE].string_value = _SECRET
        _to_value(source.value, target.struct_value.fields["value"])
    elif isinstance(source, dict):
        fields = target.struct_value.fields
        target.struct_value.SetInParent()
        for key, value in source.items():
            _to_value(value, fields[key])
    else:
        target.list_value.SetInParent()
        for item in source:
            _to_value(item, target.list_value.values.add())


def plain(value: Any) -> Any:
    """A deep copy without secret markings; what is computed stays `COMPUTED`."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def _contains(value: Any, wanted: Callable[[Any], bool]) -> bool:
    if wanted(value):
        return True
    if isinstance(value, Secret):
        return _contains(value.value, wanted)
    if isinstance(value, dict):
        return any(_contains(item, wanted) for item in value.values())
    return isinstance(value, list) and any(_contains(item, wanted) for item in value)


def has_computed(value: Any) -> bool:
    """Whether anything inside is not known yet."""
    return _contains(value, lambda item: isinstance(item, Computed))


def has_secret(value: Any) -> bool:
    """Whether anything inside is a secret."""
    return _contains(value, lambda item: isinstance(item, Secret))


def annotate_secrets(outs: Properties, ins: Properties) -> None:
    """Mark in `outs`, in place, what is secret in `ins`; all data of a Kubernetes Secret is.

    Objects are compared key by key; anything else that holds a secret becomes one secret as a whole, so that an item
    which moved inside a list cannot leak.
    """
    if outs.get("kind") == "Secret":
        for key in ("data", "stringData"):
            if key in outs and not isinstance(outs[key], Secret):
                outs[key] = Secret(outs[key])
        return
    for key, given in ins.items():
        if key not in outs:
            continue
        if isinstance(outs[key], dict) and isinstance(given, dict):
            annotate_secrets(outs[key], given)
        elif not isinstance(outs[key], Secret) and has_secret(given):
            outs[key] = Secret(outs[key])


def annotate_computed(out: Any, given: Any) -> Any:
    """`out` with `COMPUTED` wherever `given` is computed."""
    if isinstance(given, Secret):
        return annotate_computed(out, given.value)
    if isinstance(given, Computed):
        return COMPUTED
    if isinstance(out, dict) and isinstance(given, dict):
        return {key: annotate_computed(item, given[key]) if key in given else item for key, item in out.items()}
    if isinstance(out, list) and isinstance(given, list):
        return [annotate_computed(item, given[i]) if i < len(given) else item for i, item in enumerate(out)]
    return out
