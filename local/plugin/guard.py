"""The stand-in's one safety rule: it touches the embedded cluster and nothing else."""

import ipaddress
import json

from local.plugin.cluster import Cluster
from local.plugin.errors import PluginError
from local.plugin.objects import text
from local.state import State

_ADVICE = "for any other cluster install the official plugin (`pulumi plugin install resource kubernetes`)"


def check_address(cluster: Cluster, state: State) -> str:
    """The UID that the cluster must have; PluginError where its address is not this machine, or none is embedded."""
    access = cluster.access
    if not _loopback(access.host):
        raise PluginError(
            f"the stand-in for the Kubernetes plugin works only on the embedded cluster, and context "
            f"{access.context!r} is at {access.server}: {_ADVICE}"
        )
    try:
        return str(json.loads(state.cluster_file.read_text())["uid"])
    except (OSError, json.JSONDecodeError, KeyError, TypeError):
        raise PluginError(
            f"the stand-in for the Kubernetes plugin works only on the embedded cluster, and {state.cluster_file} "
            f"does not describe one: start it, or {_ADVICE}"
        ) from None


def check_identity(cluster: Cluster, uid: str) -> None:
    """PluginError where the cluster's kube-system namespace has another UID than `uid`; UnreachableError without it."""
    found = text(cluster.request("GET", "/api/v1/namespaces/kube-system"), "metadata", "uid")
    if found != uid:
        raise PluginError(
            f"the stand-in for the Kubernetes plugin works only on the embedded cluster (UID {uid}), and context "
            f"{cluster.access.context!r} is another one (UID {found}): {_ADVICE}"
        )


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
