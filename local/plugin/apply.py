"""Creating, updating and deleting one object the way the official plugin does."""

import copy
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from local.plugin import fields
from local.plugin.awaiting import wait_gone, wait_ready
from local.plugin.cluster import APPLY, JSON_PATCH, Cluster, Query
from local.plugin.engine import Engine
from local.plugin.errors import ApiError, NoMatchError, PluginError
from local.plugin.kinds import gvk_of_object
from local.plugin.objects import (
    DELETION_PROPAGATION,
    TIMEOUT_SECONDS,
    Object,
    annotation,
    is_crd,
    name_of,
    namespace_of,
    pluck,
    set_metadata,
)

_DEFAULT_SECONDS = 600.0
_RETRIES = 5
_FIRST_PAUSE_SECONDS = 1.0

_ALREADY_EXISTS_HELP = """

The resource already exists in the cluster. This can happen when:

  - Renaming a Pulumi resource: use an alias to preserve the identity,
    or use deleteBeforeReplace if the resource needs replacement.
  - Managing an existing resource: use a Patch resource (e.g. NamespacePatch)
    to manage specific fields without owning the resource lifecycle.
  - Adopting a resource into Pulumi: use `pulumi import`. Note that
    protected resources (e.g. kube-system) cannot be deleted on destroy.
  - Intentional upsert: set upsertExistingObjects on the provider to allow
    server-side apply to update existing objects on create."""

_CONFLICT_HELP = (
    "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/"
    "managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources"
)


@dataclass(frozen=True)
class Task:
    """One operation on one resource: where, for whom, how long (seconds), and what ends it early."""

    cluster: Cluster
    engine: Engine
    urn: str
    field_manager: str
    preview: bool = False
    upsert: bool = False
    force: bool = False
    timeout: float = 0.0
    ignore_changes: Sequence[str] = ()
    cancelled: threading.Event = field(default_factory=threading.Event)

    def dry_run(self, **query: str) -> Query:
        """The query of a request that changes something, unless this is a preview."""
        return {**query, "dryRun": "All"} if self.preview else query

    def seconds(self, inputs: Object) -> float:
        """How long to wait: the resource option, the annotation, or 10 minutes."""
        if self.timeout:
            return self.timeout
        given = annotation(inputs, TIMEOUT_SECONDS)
        return float(given) if given.isdecimal() else _DEFAULT_SECONDS


def create(task: Task, inputs: Object) -> Object:
    """Make the object and wait until it is ready; ApiError, NoMatchError or NotReadyError.

    What a later step makes (a namespace, a kind's definition) is waited for, about half a minute; a preview that finds
    the namespace missing ends at once, with the ApiError saying so.
    """
    outputs = _retrying(task, inputs)
    task.engine.status(task.urn, "")
    return outputs if task.preview else wait_ready(task, inputs, outputs)


def _retrying(task: Task, inputs: Object) -> Object:
    pause = _FIRST_PAUSE_SECONDS
    for attempt in range(_RETRIES + 1):
        try:
            return _create_once(task, inputs)
        except (ApiError, NoMatchError) as error:
            if isinstance(error, ApiError):
                if error.already_exists:
                    raise ApiError(error.code, error.reason, f"{error}{_ALREADY_EXISTS_HELP}", error.details) from None
                if not error.not_found or (task.preview and error.namespace_not_found):
                    raise
            task.engine.status(task.urn, f"Retry #{attempt}; creation failed: {error}")
            if attempt == _RETRIES or task.cancelled.wait(pause):
                raise
            pause *= 2
    raise AssertionError("unreachable: the last attempt returns or raises")


def _create_once(task: Task, inputs: Object) -> Object:
    url = task.cluster.url(gvk_of_object(inputs), namespace_of(inputs))
    if not task.upsert:
        return task.cluster.request("POST", url, task.dry_run(fieldManager=fields.CREATE_MANAGER), inputs)
    try:
        return _apply(task, inputs, None)
    except ApiError as error:
        if not (task.preview and error.reason == "Invalid" and "field is immutable" in str(error)):
            raise
        # An apply cannot try out a replacement; under another name the dry run shows what the new object would be.
        renamed = copy.deepcopy(inputs)
        set_metadata(renamed, "name", f"{name_of(inputs)}{secrets.token_hex(3)}")
        return _apply(task, renamed, None)


def _apply(task: Task, inputs: Object, live: Object | None) -> Object:
    force = fields.forced(inputs, live, task.force, task.preview)
    query = task.dry_run(fieldManager=task.field_manager, force=str(force).lower())
    url = task.cluster.url(gvk_of_object(inputs), namespace_of(inputs), name_of(live or inputs))
    try:
        return task.cluster.request("PATCH", url, query, inputs, content_type=APPLY)
    except ApiError as error:
        if not error.conflict:
            raise
        message = (
            f"server-side apply field conflict detected, see {_CONFLICT_HELP} for troubleshooting help\n"
            f'The resource managed by field manager "{task.field_manager}" had an apply conflict: {error}'
        )
        raise ApiError(error.code, error.reason, message, error.details) from None


def update(task: Task, inputs: Object, old_live: Object) -> Object:
    """Bring the object to `inputs` and wait until it is ready; ApiError (a conflict included) or NotReadyError.

    `inputs` loses, in place, the ignored fields that others own: the state must say what was applied.
    """
    url = task.cluster.url(gvk_of_object(inputs), namespace_of(inputs), name_of(old_live))
    live = task.cluster.request("GET", url)
    if is_crd(inputs):
        replacement = copy.deepcopy(inputs)
        set_metadata(replacement, "resourceVersion", str(pluck(live, "metadata", "resourceVersion")))
        outputs = task.cluster.request("PUT", url, task.dry_run(fieldManager=task.field_manager), replacement)
    else:
        live = _absorb(task, live, url)
        fields.settle_ignored(inputs, live, task.ignore_changes, task.field_manager)
        outputs = _apply(task, inputs, live)
    return outputs if task.preview else wait_ready(task, inputs, outputs)


def _absorb(task: Task, live: Object, url: str) -> Object:
    entries = None if task.preview else fields.absorbed(live, task.field_manager)
    if entries is None:
        return live
    patch = [{"op": "replace", "path": "/metadata/managedFields", "value": entries}]
    return task.cluster.request("PATCH", url, {}, patch, content_type=JSON_PATCH)


def relinquish(task: Task, obj: Object, manager: str) -> None:
    """Give up, as `manager`, every field of the object."""
    bare: Object = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": {"name": name_of(obj)}}
    set_metadata(bare, "namespace", namespace_of(obj))
    url = task.cluster.url(gvk_of_object(obj), namespace_of(obj), name_of(obj))
    task.cluster.request("PATCH", url, {"fieldManager": manager}, bare, content_type=APPLY)


def delete(task: Task, inputs: Object, live: Object, name: str) -> None:
    """Delete the object and wait until it is gone; one that is not there, or whose kind is not, is gone already."""
    policy = annotation(inputs, DELETION_PROPAGATION).capitalize()
    options = {"propagationPolicy": policy if policy in ("Orphan", "Background") else "Foreground"}
    try:
        url = task.cluster.url(gvk_of_object(live), namespace_of(live), name)
        task.cluster.request("DELETE", url, {}, options)
    except ApiError as error:
        if error.not_found:
            return
        raise
    except NoMatchError:
        return
    wait_gone(task, inputs, live, url)
    task.engine.status(task.urn, "")


def dry_run_refused(error: PluginError) -> bool:
    """Whether the server cannot try out this request at all; a preview then shows the inputs."""
    return isinstance(error, ApiError) and error.code == 400 and "does not support dry run" in str(error)
