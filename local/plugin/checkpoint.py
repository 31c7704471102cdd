"""The state of one object as the official plugin writes it, so that either plugin can go on from the other's state."""

import secrets
from typing import Any, NamedTuple

from local.plugin.objects import PATCH_FIELD_MANAGER, Object, annotation, dashed, is_crd, underscored
from local.plugin.values import Properties, Secret, annotate_secrets, plain

_INPUTS = "__inputs"
_INITIAL_API_VERSION = "__initialApiVersion"
_FIELD_MANAGER = "__fieldManager"


class Checkpoint(NamedTuple):
    """What the state holds: the inputs of the last operation, the object as it was then, and who applies it."""

    inputs: Object
    live: Object
    initial_api_version: str
    field_manager: str


def parse(state: Properties) -> Checkpoint:
    """From the state's properties; everything is empty for a resource that has no state."""
    live = dashed_if_crd(plain(state))
    inputs = live.pop(_INPUTS, None)
    version = live.pop(_INITIAL_API_VERSION, "")
    manager = live.pop(_FIELD_MANAGER, "")
    return Checkpoint(inputs if isinstance(inputs, dict) else {}, live, str(version), str(manager))


def write(inputs: Object, live: Object, given: Properties, initial_api_version: str, manager: str) -> Properties:
    """The state's properties; what is secret in `given` is secret in both the object and its inputs."""
    state: Properties = underscored_if_crd(live)
    kept: Properties = underscored_if_crd(inputs)
    annotate_secrets(state, given)
    annotate_secrets(kept, given)
    if live.get("kind") == "Secret" and live.get("apiVersion") == "v1":
        _annotate_string_data(state, given)
    state[_INPUTS] = kept
    state[_INITIAL_API_VERSION] = initial_api_version
    state[_FIELD_MANAGER] = manager
    return state


def _annotate_string_data(state: Properties, given: Properties) -> None:
    """What was secret in `stringData` is secret in the `data` that the API server made of it."""
    string_data, data = given.get("stringData"), state.get("data")
    if isinstance(string_data, Secret) and data is not None and not isinstance(data, Secret):
        state["data"] = Secret(data)
    elif isinstance(string_data, dict) and isinstance(data, dict):
        annotate_secrets(data, string_data)


def field_manager(known: str, inputs: Object) -> str:
    """Who applies: the annotation's name, the state's, or a new random one for this resource alone."""
    return annotation(inputs, PATCH_FIELD_MANAGER) or known or f"pulumi-kubernetes-{secrets.token_hex(4)}"


def dashed_if_crd(obj: Object) -> Any:
    """A copy of the object; a definition's schema keywords as the API server spells them."""
    return dashed(obj) if is_crd(obj) else dict(obj)


def underscored_if_crd(obj: Object) -> Any:
    """A copy of the object; a definition's schema keywords as the SDK spells them."""
    return underscored(obj) if is_crd(obj) else plain(obj)
