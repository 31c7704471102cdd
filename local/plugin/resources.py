"""The life of one Kubernetes object as the engine sees it: check, diff, create, read, update, delete."""

from pulumi.runtime.proto import provider_pb2 as rpc

from local.plugin import apply, checkpoint, diff
from local.plugin.answers import diff_response
from local.plugin.awaiting import check_ready
from local.plugin.errors import ApiError, InitError, NoMatchError, NotReadyError, PluginError
from local.plugin.kinds import Gvk, force_new, gvk_of_object, gvk_of_urn
from local.plugin.naming import settle_name
from local.plugin.objects import (
    AUTONAMED,
    LAST_APPLIED,
    REPLACE_UNREADY,
    Object,
    annotation,
    full_name,
    is_crd,
    name_of,
    named,
    namespace_of,
    normalise,
    pluck,
    prune,
    remove,
    set_metadata,
    split_full_name,
    text,
)
from local.plugin.session import Session
from local.plugin.values import Properties, annotate_secrets, from_struct, has_computed, plain, to_struct

_NOT_INPUTS = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


class Resources:
    """Every kind of object but Helm releases."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def check(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """The inputs with a name and a namespace, in normal form."""
        gvk = gvk_of_urn(request.urn)
        news = from_struct(request.news)
        old, new = _object(from_struct(request.olds)), normalise(_object(news))
        settle_name(request, old, new, news)
        generates = text(new, "metadata", "generateName") or has_computed(pluck(news, "metadata", "generateName"))
        if generates and not named(new, news):
            raise PluginError("the `.metadata.generateName` field is not supported in Server-Side Apply mode")
        placed = namespace_of(new) or has_computed(pluck(new, "metadata", "namespace"))
        if not placed and self._session.namespaced(gvk):
            set_metadata(new, "namespace", self._session.namespace)
        annotate_secrets(new, news)
        return rpc.CheckResponse(inputs=to_struct(new))

    def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """The live object as last seen, pruned to what was submitted, against the new inputs; asks no API server."""
        news = from_struct(request.news)
        new = normalise(_object(news))
        old_inputs, live, _, _ = checkpoint.parse(from_struct(request.olds))
        old_inputs = normalise(old_inputs)
        old = self._comparable(live, old_inputs, new)
        frozen = force_new(
            new, self._session.settings.enable_config_map_mutable, self._session.settings.enable_secret_mutable
        )
        gvk = gvk_of_object(new)
        changes = diff.compare(old, new, old_inputs, frozen, lenient=gvk.known)
        changes = diff.without_ignored(changes, request.ignoreChanges)
        replaces = [
            path
            for path, change in changes.items()
            if change.replaces or (change.kind == "delete" and path == "metadata")
        ]
        if annotation(new, REPLACE_UNREADY) == "true":
            message = "the stand-in for the Kubernetes plugin does not support the replaceUnready annotation"
            self._session.engine.warn(message, request.urn)
        same_place = (name_of(new), namespace_of(new)) == (name_of(live), namespace_of(live))
        in_the_way = named(new, news) and annotation(new, AUTONAMED) != "true" and same_place
        return diff_response(changes, replaces, delete_before_replace=bool(replaces) and in_the_way)

    def _comparable(self, live: Object, old_inputs: Object, new: Object) -> Object:
        """The live object ready for comparison; both sides spell their namespace and kind the same way."""
        old: Object = prune(live, old_inputs)
        gvk = gvk_of_object(new)
        namespaced = self._session.namespaced(gvk)
        for obj in (old, new):
            set_metadata(obj, "namespace", (namespace_of(obj) or "default") if namespaced else "")
        old.setdefault("apiVersion", gvk.api_version)
        old.setdefault("kind", gvk.kind)
        if name_of(new):
            set_metadata(old, "name", name_of(live))
        return old

    def create(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        """POST the object, or with upsert apply it, and wait for it; a preview tries it on the server."""
        cluster = None if request.preview else self._session.connected()
        given = from_struct(request.properties)
        inputs = _object(given)
        if request.preview and (has_computed(inputs) or not self._session.kind_exists(inputs)):
            return rpc.CreateResponse(id="", properties=request.properties)
        version, manager = text(inputs, "apiVersion"), checkpoint.field_manager("", inputs)
        task = self._task(request.urn, manager, preview=request.preview, timeout=request.timeout)
        try:
            live, unready = apply.create(task, inputs), None
        except NotReadyError as error:
            live, unready = error.last, error
        except PluginError as error:
            if request.preview and _previews_as_inputs(error):
                return rpc.CreateResponse(id="", properties=request.properties)
            raise self._not_created(request.urn, error) from None
        if request.preview:
            live.pop("status", None)
        state = checkpoint.write(inputs, live, given, version, manager)
        if unready:
            message = (
                f'resource "{request.urn}" was successfully created, but the Kubernetes API server reported that it '
                f"failed to fully initialize or become live: {unready}"
            )
            raise InitError(message, full_name(live), state, unready.reasons)
        if cluster and is_crd(inputs):
            cluster.forget_kinds()
        return rpc.CreateResponse(id="" if request.preview else full_name(live), properties=to_struct(state))

    def _not_created(self, urn: str, error: PluginError) -> PluginError:
        if isinstance(error, NoMatchError):
            gvk = gvk_of_urn(urn)
            return PluginError(
                f'creation of resource "{urn}" with kind {gvk.api_version}/{gvk.kind} failed because the Kubernetes '
                "API server reported that the apiVersion for this resource does not exist. Verify that any required "
                f"CRDs have been created: {error}"
            )
        return PluginError(f'resource "{urn}" was not successfully created by the Kubernetes API server: {error}')

    def read(self, request: rpc.ReadRequest) -> rpc.ReadResponse:
        """The live object, and as inputs that of it which the old inputs set; an empty answer where it is gone."""
        given = from_struct(request.inputs)
        old_inputs = normalise(_object(given))
        _, old_live, version, manager = checkpoint.parse(from_struct(request.properties))
        namespace, name = split_full_name(request.id)
        imported = not old_inputs.get("kind") and not old_live.get("kind")
        if not old_inputs.get("kind"):
            gvk = gvk_of_urn(request.urn) if imported else gvk_of_object(old_live)
            old_inputs = _identified(old_inputs, gvk, namespace, name)
        manager = checkpoint.field_manager(manager, old_inputs)
        cluster = self._session.connected()
        try:
            live = cluster.get(gvk_of_object(old_inputs), namespace_of(old_inputs), name)
        except NoMatchError:
            return rpc.ReadResponse()
        except ApiError as error:
            if error.not_found:
                return rpc.ReadResponse()
            raise
        inputs: Object = prune(live, old_inputs, keep_empty=gvk_of_object(live).known)
        if imported:
            inputs = _imported(inputs, live)
        version = version or text(old_inputs, "apiVersion")
        state = checkpoint.write(inputs, live, given, version, manager)
        resource_id = request.id or full_name(live)
        secret_inputs: Properties = plain(inputs)
        annotate_secrets(secret_inputs, given)
        if not imported:
            self._check_ready(request.urn, old_inputs, live, InitError("", resource_id, state, []), secret_inputs)
        return rpc.ReadResponse(id=resource_id, properties=to_struct(state), inputs=to_struct(secret_inputs))

    def _check_ready(self, urn: str, inputs: Object, live: Object, failure: InitError, refreshed: Properties) -> None:
        try:
            check_ready(self._task(urn, ""), inputs, live)
        except NotReadyError as error:
            failed = InitError(str(error), failure.resource_id, failure.state, error.reasons)
            failed.inputs = refreshed
            raise failed from None

    def update(self, request: rpc.UpdateRequest) -> rpc.UpdateResponse:
        """Apply the new inputs and wait for the object; a preview tries it on the server."""
        if not request.preview:
            self._session.connected()
        given = from_struct(request.news)
        inputs = normalise(_object(given))
        if request.preview and (has_computed(inputs) or not self._session.kind_exists(inputs)):
            return rpc.UpdateResponse(properties=request.news)
        old_inputs, old_live, version, known_manager = checkpoint.parse(from_struct(request.olds))
        manager = checkpoint.field_manager(known_manager, inputs)
        task = self._task(request.urn, manager, request.preview, request.timeout, list(request.ignoreChanges))
        version = version or text(old_inputs, "apiVersion")
        try:
            live = apply.update(task, inputs, old_live)
        except NoMatchError as error:
            raise PluginError(
                f'update of resource "{request.urn}" failed because the Kubernetes API server reported that the '
                f"apiVersion for this resource does not exist. Verify that any required CRDs have been created: {error}"
            ) from None
        except PluginError as error:
            if request.preview and isinstance(error, ApiError) and error.forbidden:
                return rpc.UpdateResponse(properties=request.news)
            live = self._still_there(request.urn, error, old_live)
            kept = checkpoint.write(inputs, live, given, version, manager)
            raise _not_updated(error, live, kept) from None
        if known_manager and known_manager != manager and not request.preview:
            apply.relinquish(task, live, known_manager)
        return rpc.UpdateResponse(properties=to_struct(checkpoint.write(inputs, live, given, version, manager)))

    def _still_there(self, urn: str, error: PluginError, old_live: Object) -> Object:
        """The object as a failed update left it."""
        try:
            return self._session.connected().read(old_live)
        except PluginError as unread:
            message = f'update of resource "{urn}" failed: {error}; unable to get cluster state: {unread}'
            raise PluginError(message) from None

    def delete(self, request: rpc.DeleteRequest) -> None:
        """Delete the object and wait until it is gone."""
        self._session.connected()
        state = from_struct(request.properties)
        inputs, live, version, manager = checkpoint.parse(state)
        task = self._task(request.urn, manager, timeout=request.timeout)
        try:
            apply.delete(task, inputs, live, split_full_name(request.id)[1])
        except NotReadyError as error:
            kept = checkpoint.write(live, error.last, state, version, manager)
            raise InitError(str(error), full_name(error.last), kept, error.reasons) from None

    def _task(
        self,
        urn: str,
        manager: str,
        preview: bool = False,
        timeout: float = 0.0,
        ignore_changes: list[str] | None = None,
    ) -> apply.Task:
        session = self._session
        return apply.Task(
            cluster=session.connected(),
            engine=session.engine,
            urn=urn,
            field_manager=manager,
            preview=preview,
            upsert=session.settings.upsert_existing_objects,
            force=session.settings.enable_patch_force,
            timeout=timeout,
            ignore_changes=ignore_changes or [],
            cancelled=session.cancelled,
        )


def _object(properties: Properties) -> Object:
    """The Kubernetes object that properties describe, without Pulumi's markings."""
    obj: Object = checkpoint.dashed_if_crd(plain(properties))
    return obj


def _identified(inputs: Object, gvk: Gvk, namespace: str, name: str) -> Object:
    """The inputs with the kind and the place that the id names, where they say nothing of it."""
    inputs = {**inputs, "apiVersion": gvk.api_version, "kind": gvk.kind}
    if not name_of(inputs):
        set_metadata(inputs, "name", name)
    if namespace and not namespace_of(inputs):
        set_metadata(inputs, "namespace", namespace)
    return inputs


def _imported(inputs: Object, live: Object) -> Object:
    """The inputs of an import: of a built-in kind all but its status, of a custom resource its identity alone."""
    if not gvk_of_object(live).known:
        return inputs
    taken: Object = plain({key: value for key, value in live.items() if key != "status"})
    for key in _NOT_INPUTS:
        remove(taken, "metadata", key)
    for key in ("deployment.kubernetes.io/revision", LAST_APPLIED):
        remove(taken, "metadata", "annotations", key)
    return taken


def _not_updated(error: PluginError, live: Object, state: Properties) -> InitError:
    """What the engine learns of a failed update: the object as it is now, with the inputs it was to have."""
    name = full_name(live)
    message = f'the Kubernetes API server reported that "{name}" failed to fully initialize or become live: {error}'
    return InitError(message, name, state, error.reasons if isinstance(error, NotReadyError) else [])


def _previews_as_inputs(error: PluginError) -> bool:
    """Whether a preview shows the inputs although the server refused to try them: what a real create would not meet."""
    if not isinstance(error, ApiError):
        return False
    return error.forbidden or error.namespace_not_found or error.already_exists or apply.dry_run_refused(error)
