"""Names that a program leaves out."""

import hashlib
import secrets

from pulumi.runtime.proto import provider_pb2 as rpc

from local.plugin.errors import PluginError
from local.plugin.kinds import urn_name
from local.plugin.objects import AUTONAMED, MANAGED_BY, Object, annotation, name_of, named, set_metadata, text
from local.plugin.values import Properties, has_computed


def settle_name(request: rpc.CheckRequest, old: Object, new: Object, news: Properties) -> None:
    """Keep an automatic name, or give one to an object that is new and has none; changes `new` in place."""
    if text(old, "metadata", "labels", MANAGED_BY) == "pulumi" and isinstance(new.get("metadata"), dict):
        # Made by a provider without server-side apply, which marks its objects so.
        new["metadata"].setdefault("labels", {})[MANAGED_BY] = "pulumi"
    unknown = has_computed(new.get("metadata"))
    if named(new, news) or text(new, "metadata", "generateName") or unknown:
        return
    kept = name_of(old) if annotation(old, AUTONAMED) == "true" else ""
    name = kept if old else _automatic_name(request)
    if name:
        set_metadata(new, "name", name)
        new["metadata"].setdefault("annotations", {})[AUTONAMED] = "true"


def _automatic_name(request: rpc.CheckRequest) -> str:
    """The resource's name with eight random digits, the same ones whenever the engine gives the same seed."""
    if request.HasField("autonaming"):
        if request.autonaming.mode == rpc.CheckRequest.AutonamingOptions.Mode.DISABLE:
            raise PluginError("autonaming is disabled, resource requires the .metadata.name field to be set")
        if request.autonaming.proposed_name:
            return request.autonaming.proposed_name
    seed = request.randomSeed or secrets.token_bytes(32)
    return f"{urn_name(request.urn)}-{hashlib.sha256(seed).hexdigest()[:8]}"
