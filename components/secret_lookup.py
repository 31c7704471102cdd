"""Whether a Secret or ConfigMap that is referred to is there, with the key that is named."""

from catalog.secrets import SecretKeyReference
from components.cluster_reader import ForbiddenError, Found, Reader


def missing(read: Reader, namespace: str, reference: SecretKeyReference) -> str | None:
    """What is to be told of a reference that leads nowhere in `namespace`; a Secret we may not read is passed over."""
    try:
        found = read("Secret", namespace, reference.secret)
    except ForbiddenError:
        return None
    return lacking(found, "Secret", namespace, reference.secret, reference.key)


def lacking(found: Found, kind: str, namespace: str, name: str, key: str | None) -> str | None:
    """What is to be told of an object that is not there, or lacks `key`; None where all is as it should be."""
    what = f"{kind} '{name}'"
    if found is None:
        return f"there is no {what} in namespace '{namespace}' of the cluster"
    keys = {**(found.get("data") or {}), **(found.get("binaryData") or {})}
    if key and key not in keys:
        return f"{what} in namespace '{namespace}' has no key '{key}' (it has {', '.join(sorted(keys)) or 'none'})"
    return None


def is_there(read: Reader, namespace: str) -> bool:
    """Whether the namespace exists; one that may not be looked at is not ours to make, so it does."""
    try:
        return read("Namespace", "", namespace) is not None
    except ForbiddenError:
        return True
