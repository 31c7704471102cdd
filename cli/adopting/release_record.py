"""What Helm has written down of a release, and what of it the stack does not make."""

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import yaml

from cli.diffing.objects import Key
from local.errors import LocalError

_LABELS = {"owner": "helm", "status": "deployed"}

Listed = Callable[[str], Iterable[Mapping[str, Any]]]
"""The Secrets of a namespace."""


@dataclass(frozen=True, order=True)
class Release:
    """A Helm release: where its record is, and its name."""

    namespace: str
    name: str

    @property
    def retired_by(self) -> str:
        """The command that makes Helm forget the release, and leaves all of its objects."""
        return f"kubectl --namespace {self.namespace} delete secret --selector owner=helm,name={self.name}"


@dataclass(frozen=True)
class Stray:
    """An object of a release that the stack does not make, and what that means."""

    release: Release
    api_version: str
    key: Key

    @property
    def told(self) -> str:
        """What becomes of it."""
        needed = "stays as it is: pods may need it, so keep it as long as anything refers to it"
        return needed if self.key.kind in _NEEDED else _MEANING.get(self.key.kind, "stays as it is, and nobody's")

    @property
    def removed_by(self) -> str | None:
        """The command that deletes it; None where pods that run may need it."""
        if self.key.kind in _NEEDED:
            return None
        place = "" if self.key.namespace == "_cluster" else f"--namespace {self.key.namespace} "
        group = self.api_version.rpartition("/")[0]
        kind = f"{self.key.kind.lower()}.{group}" if group else self.key.kind.lower()
        return f"kubectl {place}delete {kind} {self.key.name}"


_NEEDED = {
    *("ConfigMap", "Secret", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
    *("PersistentVolumeClaim", "Namespace", "CustomResourceDefinition"),
}
"""Kinds that are not to be deleted by a command that was only copied."""

_MEANING = {
    "Deployment": "is scaled to nothing once the Rollout's pods serve; delete it when `cluster.adopt` is off again",
    "HorizontalPodAutoscaler": "goes on scaling; delete it, or give the service `autoscaling`",
    "Ingress": "goes on leading requests; keep it, or give the service `hosts` before you delete it",
    "PodDisruptionBudget": "holds beside the stack's, and pods that two budgets choose cannot be evicted; delete it",
    "PodMonitor": "has the same pods scraped twice, and every rate doubles; delete it at once",
    "PrometheusRule": "alerts beside the stack's own rules; delete it when those have proved themselves",
    "Service": "goes on leading to its pods; delete it when nobody calls it any more",
    "ServiceMonitor": "may have the same pods scraped twice, and every rate doubles; delete it at once",
}


def strays(releases: Iterable[Release], made: Set[Key], listed: Listed) -> Iterator[Stray]:
    """What the releases made that is not among `made`; LocalError where a record cannot be read."""
    for release in releases:
        for manifest in _objects(release, listed):
            metadata = manifest.get("metadata") or {}
            # Helm puts what names no namespace into that of the release; of cluster-wide kinds it cannot be told.
            places = (metadata.get("namespace") or release.namespace, "_cluster")
            keys = [Key(place, str(manifest.get("kind")), str(metadata.get("name"))) for place in places]
            if made.isdisjoint(keys):
                yield Stray(release, str(manifest.get("apiVersion")), keys[0])


def _objects(release: Release, listed: Listed) -> list[Mapping[str, Any]]:
    records = [
        secret
        for secret in listed(release.namespace)
        if {**_LABELS, "name": release.name}.items() <= (secret["metadata"].get("labels") or {}).items()
    ]
    if not records:
        return []
    newest = max(records, key=lambda secret: int(secret["metadata"]["labels"].get("version", 0)))
    name = newest["metadata"]["name"]
    try:
        # Base64 by Kubernetes around base64 by Helm around gzip.
        packed = base64.b64decode(base64.b64decode(newest["data"]["release"]))
        text = json.loads(gzip.decompress(packed))["manifest"]
        return [each for each in yaml.safe_load_all(text) if isinstance(each, Mapping)]
    except (binascii.Error, OSError, zlib.error, EOFError, ValueError, LookupError, yaml.YAMLError) as error:
        raise LocalError(f"the record {name} of Helm release {release.name} cannot be read: {error}") from None
