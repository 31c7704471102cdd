"""The cluster of a stack: its explicit providers, and the guard that stops before the first resource on a wrong one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi_kubernetes
import yaml

from catalog.stack import Cluster, StackSettings

if TYPE_CHECKING:
    import lightkube

_ANSWER_WITHIN_SECONDS = 10

CONTEXT_KEY = "api-observability:cluster.context"
UID_KEY = "api-observability:cluster.uid"


class ClusterError(Exception):
    """Why nothing may be done on the cluster, and how to mend that, in one line."""


@dataclass(frozen=True)
class ClusterProviders:
    """The providers of a stack, bound to its context whatever kubeconfig's current one is.

    `objects` makes what the stack owns, and fails where an object is there already. `namespaces` takes a namespace that
    is there already: a destroy leaves them, and other people may have made them.
    """

    objects: pulumi_kubernetes.Provider
    namespaces: pulumi_kubernetes.Provider


def cluster_providers(cluster: Cluster) -> ClusterProviders:
    """Register the providers of a stack on `cluster`."""
    return ClusterProviders(
        objects=_provider("cluster", cluster, upsert=None), namespaces=_provider("namespaces", cluster, upsert=True)
    )


def _provider(name: str, cluster: Cluster, upsert: bool | None) -> pulumi_kubernetes.Provider:
    return pulumi_kubernetes.Provider(
        name,
        context=cluster.context,
        kubeconfig=cluster.kubeconfig,
        cluster_identifier=cluster.uid,
        upsert_existing_objects=upsert,
        # Otherwise a changed ConfigMap or Secret is deleted and made anew, and what reads it sees a gap.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
    )


def ensure_cluster(settings: StackSettings, read_uid: Callable[[Cluster], str] | None = None) -> None:
    """Make sure that the cluster answers and is the one the stack names; raise ClusterError where not.

    A cluster is known by the UID of its namespace kube-system, which no other cluster shares.
    """
    cluster = settings.cluster
    found = (read_uid or kube_system_uid)(cluster)
    if cluster.uid is None and settings.is_production:
        raise ClusterError(
            f"{UID_KEY} is not set, and production asks for it; context '{cluster.context}' leads to {found}: "
            f"if that is the right cluster, run: pulumi config set --path {UID_KEY} {found}"
        )
    if cluster.uid is not None and cluster.uid != found:
        raise ClusterError(
            f"context '{cluster.context}' leads to the cluster {found}, but {UID_KEY} is {cluster.uid}; "
            "nothing was done: choose the right kubeconfig or context"
        )


def kube_system_uid(cluster: Cluster) -> str:
    """The UID of the namespace kube-system of `cluster`; ClusterError where it cannot be had."""
    from httpx2 import HTTPError  # noqa: PLC0415  # as in `connect`
    from lightkube.core.exceptions import ApiError  # noqa: PLC0415
    from lightkube.resources.core_v1 import Namespace  # noqa: PLC0415

    try:
        metadata = connect(cluster).get(Namespace, "kube-system").metadata
    except ApiError as error:
        raise ClusterError(f"context '{cluster.context}': the cluster refuses to show kube-system: {error}") from None
    except (HTTPError, OSError) as error:
        reason = str(error) or type(error).__name__
        raise ClusterError(
            f"context '{cluster.context}': no cluster answers ({reason}); start it, or mend the kubeconfig"
        ) from None
    return str(metadata.uid if metadata else None)


def connect(cluster: Cluster) -> lightkube.Client:
    """A client of `cluster`, from its kubeconfig, `$KUBECONFIG` or `~/.kube/config`; ClusterError where none has it."""
    import lightkube  # noqa: PLC0415  # only a real run talks to a cluster: rendering and unit tests load none of this
    from httpx2 import Timeout  # noqa: PLC0415
    from lightkube.core.exceptions import ConfigError  # noqa: PLC0415

    files = _kubeconfig_files(cluster)
    known: list[str] = []
    for file in filter(Path.is_file, files):
        try:
            config = lightkube.KubeConfig.from_file(file)
            if cluster.context in config.contexts:
                return lightkube.Client(config.get(cluster.context), timeout=Timeout(_ANSWER_WITHIN_SECONDS))
        except (ConfigError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise ClusterError(f"{file} is not a usable kubeconfig: {_first_line(error)}") from None
        known += config.contexts
    listed = ", ".join(sorted(known)) or "none"
    raise ClusterError(
        f"there is no context '{cluster.context}' in {', '.join(map(str, files))} (contexts there: {listed}); "
        f"set $KUBECONFIG, or run: pulumi config set --path {CONTEXT_KEY} NAME"
    )


def _kubeconfig_files(cluster: Cluster) -> list[Path]:
    """Where to look, as kubectl does: several files may stand in `$KUBECONFIG`."""
    named = cluster.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    return [Path(name).expanduser() for name in named.split(os.pathsep) if name]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
