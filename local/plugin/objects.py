"""Kubernetes objects as plain dictionaries: names, annotations, pruning and normal forms."""

import base64
import binascii
from typing import Any, TypeAlias

from local.plugin.kinds import gvk_of_object
from local.plugin.values import Computed, Properties

Object: TypeAlias = dict[str, Any]
"""A Kubernetes object of any kind. `Any` is the edge: its fields are the API server's business."""

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
WAIT_FOR = "pulumi.com/waitFor"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
PATCH_FORCE = "pulumi.com/patchForce"
PATCH_FIELD_MANAGER = "pulumi.com/patchFieldManager"
DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy"
MANAGED_BY = "app.kubernetes.io/managed-by"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_READ_ONLY = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)


def pluck(obj: Any, *path: str) -> Any:
    """The value at a path of keys; None where any part is missing or is not an object."""
    for key in path:
        if not isinstance(obj, dict):
            return None
        obj = obj.get(key)
    return obj


def text(obj: Any, *path: str) -> str:
    """The string at a path; empty where there is none, or it is not known yet."""
    value = pluck(obj, *path)
    return value if isinstance(value, str) else ""


def name_of(obj: Object) -> str:
    """`metadata.name`, or empty."""
    return text(obj, "metadata", "name")


def namespace_of(obj: Object) -> str:
    """`metadata.namespace`, or empty."""
    return text(obj, "metadata", "namespace")


def annotation(obj: Object, key: str) -> str:
    """One annotation's value, or empty."""
    return text(obj, "metadata", "annotations", key)


def set_metadata(obj: Object, key: str, value: str) -> None:
    """Set, or with an empty value remove, a field of `metadata`; metadata that is not known yet is left alone."""
    if not value:
        remove(obj, "metadata", key)
    elif not isinstance(obj.get("metadata"), Computed):
        obj.setdefault("metadata", {})[key] = value


def remove(obj: Object, *path: str) -> None:
    """Remove the value at a path, if it is there."""
    parent = pluck(obj, *path[:-1])
    if isinstance(parent, dict):
        parent.pop(path[-1], None)


def full_name(obj: Object) -> str:
    """Pulumi's id for the object: `namespace/name`, or the name alone."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def split_full_name(resource_id: str) -> tuple[str, str]:
    """Namespace (maybe empty) and name of an id."""
    namespace, slash, name = resource_id.partition("/")
    return (namespace, name) if slash else ("", resource_id)


def is_crd(obj: Object) -> bool:
    """Whether it is a CustomResourceDefinition, which teaches the API server a kind."""
    gvk = gvk_of_object(obj)
    return gvk.group == "apiextensions.k8s.io" and gvk.kind == "CustomResourceDefinition"


EMPTY: tuple[object, ...] = (None, "", 0, False, [], {})
"""What the API server may drop from an object of a built-in kind: the zero of a field's type."""


def prune(source: Any, shape: Any, keep_empty: bool = False) -> Any:
    """What of `source` has a counterpart in `shape`, lists item by item; values are the source's.

    The live object, pruned to the shape of what was last submitted, is what the next submission is compared with: so
    what a controller or the API server added is no difference, and what changed under our own hands is. With
    `keep_empty`, empty values of `shape` that `source` lacks are kept: the server dropped them.
    """
    if isinstance(source, dict) and isinstance(shape, dict):
        kept = {key: prune(value, shape[key], keep_empty) for key, value in source.items() if key in shape}
        dropped = {key: value for key, value in shape.items() if key not in source and value in EMPTY}
        return {**kept, **dropped} if keep_empty else kept
    if isinstance(source, list) and isinstance(shape, list):
        if source and shape and type(source[0]) is not type(shape[0]):
            return list(source)
        return [prune(value, wanted, keep_empty) for value, wanted in zip(source, shape, strict=False)]
    return source


def normalise(obj: Object) -> Object:
    """The same object in the form the API server keeps it, without read-only metadata; changes it in place."""
    if is_crd(obj):
        if pluck(obj, "spec", "preserveUnknownFields") is False:
            remove(obj, "spec", "preserveUnknownFields")
        obj.pop("status", None)
    elif gvk_of_object(obj)[::2] == ("", "Secret"):
        _normalise_secret(obj)
    for field in _READ_ONLY:
        remove(obj, "metadata", field)
    return obj


def _normalise_secret(obj: Object) -> None:
    """Fold `stringData` into base64 `data`, and re-encode `data`: the API server does both."""
    plain_data = obj.get("stringData")
    if isinstance(plain_data, dict) and plain_data and all(isinstance(item, str) for item in plain_data.values()):
        encoded = {key: base64.b64encode(item.encode()).decode() for key, item in plain_data.items()}
        obj["data"] = {**(obj.get("data") or {}), **encoded}
        del obj["stringData"]
    elif isinstance(obj.get("data"), dict):
        obj["data"] = {key: _reencode(item) for key, item in obj["data"].items()}


def _reencode(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64encode(base64.b64decode(value.replace("\r", "").replace("\n", ""), validate=True)).decode()
    except binascii.Error:
        return value  # the API server will say what is wrong with it


_DASHED = (
    "embedded-resource",
    "int-or-string",
    "list-map-keys",
    "list-type",
    "map-type",
    "preserve-unknown-fields",
    "validations",
)
_TO_UNDERSCORE = {f"x-kubernetes-{name}": f"x_kubernetes_{name.replace('-', '_')}" for name in _DASHED}
_TO_DASH = {underscored: dashed for dashed, underscored in _TO_UNDERSCORE.items()}


def dashed(value: Any) -> Any:
    """A copy with `x_kubernetes_*` keys as the API server spells them; the SDK's spelling has underscores."""
    return _renamed(value, _TO_DASH)


def underscored(value: Any) -> Any:
    """A copy with `x-kubernetes-*` keys as the SDK spells them."""
    return _renamed(value, _TO_UNDERSCORE)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value


def named(obj: Object, given: Properties) -> bool:
    """Whether the object has a name, or will have one once it is known."""
    metadata = given.get("metadata")
    pending = isinstance(metadata, dict) and isinstance(metadata.get("name"), Computed)
    return pending or bool(name_of(obj))
