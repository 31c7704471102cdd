"""Reading single objects of the stack's cluster, of which it may know nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from catalog.stack import StackSettings
from components.cluster import ClusterError, connect, told_in_one_line

Found = Mapping[str, Any] | None
"""An object as the API server gives it, or None where there is none."""

Reader = Callable[[str, str, str], Found]
"""From kind, namespace (of a Namespace none) and name of an object; ForbiddenError without the right."""


class ForbiddenError(ClusterError):
    """The cluster holds it perhaps, but we may not read it; some do without."""


class UnknownError(Exception):
    """The cluster has no such object, or does not know its kind."""


@contextmanager
def answering(settings: StackSettings) -> Iterator[None]:
    """Turn refusals of the API server into UnknownError and ForbiddenError, other faults into ClusterError."""
    from httpx2 import HTTPStatusError  # noqa: PLC0415  # only a real run talks to a cluster

    with told_in_one_line(settings.cluster):
        try:
            yield
        # An ApiError is one of these; it is none where even the group is unknown: what is said then is no JSON.
        except HTTPStatusError as error:
            told = (str(error).splitlines() or ["no reason given"])[0]
            if error.response.status_code == 404:
                raise UnknownError(told) from None
            if error.response.status_code == 403:
                raise ForbiddenError(told) from None
            raise


def reader_of(settings: StackSettings) -> Reader:
    """Ask the stack's cluster; ClusterError where it does not answer."""
    from lightkube.resources import core_v1  # noqa: PLC0415  # only a real run talks to a cluster

    client = connect(settings.cluster)
    namespaced: dict[
        str,
        type[core_v1.ConfigMap]
        | type[core_v1.PersistentVolumeClaim]
        | type[core_v1.Secret]
        | type[core_v1.Service]
        | type[core_v1.ServiceAccount],
    ] = {
        "ConfigMap": core_v1.ConfigMap,
        "PersistentVolumeClaim": core_v1.PersistentVolumeClaim,
        "Secret": core_v1.Secret,
        "Service": core_v1.Service,
        "ServiceAccount": core_v1.ServiceAccount,
    }

    def read(kind: str, namespace: str, name: str) -> Found:
        try:
            with answering(settings):
                if kind == "Namespace":
                    return client.get(core_v1.Namespace, name).to_dict()
                return client.get(namespaced[kind], name, namespace=namespace).to_dict()
        except UnknownError:
            return None

    return read
