"""The cluster of a stack: its explicit providers, and the guard that stops before the first resource on a wrong one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pulumi
import pulumi_kubernetes
import yaml

from catalog.config_keys import config_set
from catalog.stack import UNKNOWN_CLUSTER, Cluster, StackSettings

if TYPE_CHECKING:
    import lightkube

_ANSWER_WITHIN_SECONDS = 10

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")

UID_KEY = "api-observability:cluster.uid"


class ClusterError(Exception):
    """Why nothing may be done on the cluster, and how to mend that, in one line."""


@dataclass(frozen=True)
class ClusterProviders:
    """The providers of a stack, bound to its context whatever kubeconfig's current one is.

    `objects` makes what the stack owns, and fails where an object is there already, unless `cluster.upsert` or
    `cluster.adopt` is on.
    `namespaces` takes a namespace that is there already: a destroy leaves them, and other people may have made them.
    """

    objects: pulumi_kubernetes.Provider
    namespaces: pulumi_kubernetes.Provider


def cluster_providers(cluster: Cluster) -> ClusterProviders:
    """Register the providers of a stack on `cluster`."""
    return ClusterProviders(
        objects=_provider("cluster", cluster, upsert=cluster.upsert or cluster.adopt),
        namespaces=_provider("namespaces", cluster, upsert=True),
    )


def _provider(name: str, cluster: Cluster, upsert: bool) -> pulumi_kubernetes.Provider:
    return pulumi_kubernetes.Provider(
        name,
        pulumi.ResourceOptions(transformations=[] if upsert else [_left_to_the_plugin]),
        context=cluster.context,
        kubeconfig=cluster.kubeconfig,
        cluster_identifier=cluster.uid,
        upsert_existing_objects=upsert,
        # Otherwise a changed ConfigMap or Secret is deleted and made anew, and what reads it sees a gap.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
    )


def _left_to_the_plugin(made: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """Leave the input for upserting out, where the stack says nothing of it.

    `PULUMI_K8S_UPSERT_EXISTING_OBJECTS` then means something to the plugin alone. The SDK makes an input of it, and a
    switch for one run would be a change of the provider in that run and the next.
    """
    props = {key: value for key, value in made.props.items() if key != "upsert_existing_objects"}
    return pulumi.ResourceTransformationResult(props, made.opts)


def ensure_cluster(settings: StackSettings, read_uid: Callable[[Cluster], str] | None = None) -> None:
    """Make sure that the cluster answers and is the one the stack names; raise ClusterError where not.

    A cluster is known by the UID of its namespace kube-system, which no other cluster shares.
    """
    cluster = settings.cluster
    found = (read_uid or kube_system_uid)(cluster)
    if cluster.uid == UNKNOWN_CLUSTER:
        raise ClusterError(
            f"{UID_KEY} names no cluster yet; context '{cluster.context}' leads to {found}: "
            f"if that is the right cluster, run: {config_set('cluster.uid', settings.stack, found)}"
        )
    if cluster.uid is not None and cluster.uid != found:
        raise ClusterError(
            f"context '{cluster.context}' leads to the cluster {found}, but {UID_KEY} is {cluster.uid}; "
            "nothing was done: choose the right kubeconfig or context"
        )


def kube_system_uid(cluster: Cluster) -> str:
    """The UID of the namespace kube-system of `cluster`; ClusterError where it cannot be had."""
    from lightkube.resources.core_v1 import Namespace  # noqa: PLC0415  # as in `connect`

    with told_in_one_line(cluster):
        metadata = connect(cluster).get(Namespace, "kube-system").metadata
    return str(metadata.uid if metadata else None)


def connect(cluster: Cluster) -> lightkube.Client:
    """A client of `cluster`, from its kubeconfig, `$KUBECONFIG` or `~/.kube/config`; ClusterError where none has it."""
    import lightkube  # noqa: PLC0415  # only a real run talks to a cluster: rendering and unit tests load none of this
    from httpx2 import Timeout  # noqa: PLC0415

    files = _kubeconfig_files(cluster)
    merged = _merged(files)
    known = sorted(entry["name"] for entry in merged["contexts"])
    if cluster.context not in known:
        raise ClusterError(
            f"there is no context '{cluster.context}' in {', '.join(map(str, files))} "
            f"(contexts there: {', '.join(known) or 'none'}); "
            f"set $KUBECONFIG, or run: {config_set('cluster.context', '', 'NAME')}"
        )
    with told_in_one_line(cluster):
        config = lightkube.KubeConfig.from_dict(merged, fname=files[0]).get(cluster.context)
        # A proxy of the user's leads nowhere from a cluster on this very machine.
        local = config is not None and urlsplit(config.cluster.server).hostname in _THIS_MACHINE
        return lightkube.Client(config, timeout=Timeout(_ANSWER_WITHIN_SECONDS), trust_env=not local)


@contextmanager
def told_in_one_line(cluster: Cluster) -> Iterator[None]:
    """Turn what may go wrong between here and the API server into a ClusterError that says what to do."""
    from httpx2 import HTTPError, InvalidURL  # noqa: PLC0415  # as in `connect`
    from lightkube.core.exceptions import ApiError, ConfigError  # noqa: PLC0415

    where = f"context '{cluster.context}'"
    try:
        yield
    except ApiError as error:
        raise ClusterError(f"{where}: the cluster refuses: {_first_line(error)}; check your rights on it") from None
    except (HTTPError, OSError) as error:
        told = _first_line(error)
        raise ClusterError(f"{where}: no cluster answers ({told}); start it, or mend the kubeconfig") from None
    except (ConfigError, InvalidURL, ValueError, LookupError, TypeError) as error:
        told = _first_line(error)
        raise ClusterError(f"{where}: the kubeconfig or its login command does not work ({told}); mend it") from None


def _kubeconfig_files(cluster: Cluster) -> list[Path]:
    """Where to look, as kubectl does: several files may stand in `$KUBECONFIG`."""
    named = cluster.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    return [Path(name).expanduser() for name in named.split(os.pathsep) if name]


def _merged(files: Sequence[Path]) -> dict[str, list[dict[str, Any]]]:
    """The kubeconfigs as one: what an earlier file says of a name holds, as with kubectl."""
    merged: dict[str, dict[str, dict[str, Any]]] = {"clusters": {}, "contexts": {}, "users": {}}
    for file in filter(Path.is_file, files):
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            for section, known in merged.items():
                for entry in content.get(section) or []:
                    known.setdefault(entry["name"], entry)
        except (yaml.YAMLError, UnicodeDecodeError, OSError, AttributeError, LookupError, TypeError) as error:
            raise ClusterError(f"{file} is not a usable kubeconfig: {_first_line(error)}") from None
    return {section: list(known.values()) for section, known in merged.items()}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
