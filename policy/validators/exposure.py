"""Policies of what gets out: secrets that can be read, and Services that the internet can reach."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .judging import EXCEPTION, Body, at, maps
from .pods import containers

HIDDEN = "[secret]"
"""What rendering, and the policy pack, show in the place of a secret that Pulumi keeps."""

_SECRET_NAME = re.compile(
    r"(?i)(passw(or)?d|passphrase|token|credentials?|(api|secret|private|access)[-_.]?key|webhook)$"
)
_IN_AN_ADDRESS = re.compile(r"://[^/\s:@]+:[^/\s@]+@")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def secret_faults(body: Body) -> Iterator[str]:
    """Secrets in clear text: whoever may read the object, the state or a rendering, reads them."""
    kind = body.get("kind")
    if kind == "Secret":
        for part in ("data", "stringData"):
            for key, value in (body.get(part) or {}).items():
                if value and value != HIDDEN:
                    yield f"{part}.{key} is in clear text in the program; make it a Pulumi secret (config set --secret)"
        return
    for container in containers(body):
        for variable in maps(container.get("env")):
            if _is_secret(str(variable.get("name")), variable.get("value")):
                yield (
                    f"container {container.get('name')}: the variable {variable.get('name')} holds a secret in clear "
                    "text; refer to a Secret: {secret: <its name>, key: <its key>}"
                )
    if kind == "ConfigMap":
        yield from (f"{path}: {_MEND_DATA}" for path in _found(body.get("data"), "data"))
    if kind in ("Release", "Helm Release"):
        yield from (f"{path}: {_MEND_VALUES}" for path in _found(body.get("values"), "values"))


_MEND_DATA = "a secret in clear text; put it into a Secret"
_MEND_VALUES = "a secret in clear text; let the chart read an existing Secret instead"


def _found(value: Any, path: str) -> Iterator[str]:
    """The paths below which a text is a secret, by the name of its key or by its look."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if _is_secret(str(key), inner):
                yield f"{path}.{key}"
            else:
                yield from _found(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _found(inner, f"{path}[{index}]")


def _is_secret(name: str, value: Any) -> bool:
    if not isinstance(value, str) or not value or value == HIDDEN:
        return False
    looks = _IN_AN_ADDRESS.search(value) or _PRIVATE_KEY.search(value)
    return bool(looks or (_SECRET_NAME.search(name) and not value.startswith(("/", "$("))))  # paths and references


def exposure_faults(body: Body) -> Iterator[str]:
    """Services that get an address of their own outside of the cluster, past the router and its TLS."""
    if body.get("kind") == "Service":
        kind = at(body, "spec", "type")
        if kind in ("LoadBalancer", "NodePort"):
            yield f"is a {kind}, and so reachable past the router; use `hosts` and `traffic`, or {_EXCEPT}"
        if at(body, "spec", "externalIPs"):
            yield f"has externalIPs, and so is reachable past the router; use `hosts` and `traffic`, or {_EXCEPT}"
    if body.get("kind") in ("Release", "Helm Release"):
        for path, kind in _service_types(body.get("values"), "values"):
            yield f"{path} is {kind}; leave it ClusterIP and give the chart an ingress"


_EXCEPT = f"say that it is meant: annotation {EXCEPTION}: 'no-surprising-load-balancer: <why>'"


def _service_types(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        if key.lower().endswith("service") and at(inner, "type") in ("LoadBalancer", "NodePort"):
            yield f"{path}.{key}.type", inner["type"]
        yield from _service_types(inner, f"{path}.{key}")
