"""The provider's own configuration: what it may say, and when a change of it means another cluster."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from local.plugin import kubeconfig
from local.plugin.errors import PluginError
from local.plugin.objects import pluck, text
from local.plugin.values import Computed, Properties, plain

UPSERT_VARIABLE = "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"
"""The environment variable that turns creates into upserts; the provider's `upsertExistingObjects` outranks it."""


@dataclass(frozen=True)
class Settings:
    """One provider resource's configuration; names as the official plugin's."""

    kubeconfig: str
    context: str
    cluster: str
    namespace: str
    upsert_existing_objects: bool
    enable_patch_force: bool
    enable_config_map_mutable: bool
    enable_secret_mutable: bool
    delete_unreachable: bool
    skip_update_unreachable: bool

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "Settings":
        """From Configure's `kubernetes:config:…` variables, each flag with its environment variable as fallback."""

        def given(name: str) -> str:
            return variables.get(f"kubernetes:config:{name}", "")

        def flag(name: str, variable: str) -> bool:
            key = f"kubernetes:config:{name}"
            return (variables[key] if key in variables else os.environ.get(variable, "")) == "true"

        return cls(
            kubeconfig=given("kubeconfig"),
            context=given("context"),
            cluster=given("cluster"),
            namespace=given("namespace"),
            upsert_existing_objects=flag("upsertExistingObjects", UPSERT_VARIABLE),
            enable_patch_force=flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
            enable_config_map_mutable=flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
            enable_secret_mutable=flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
            delete_unreachable=flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
            skip_update_unreachable=flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
        )


def refusals(news: Properties) -> dict[str, str]:
    """The settings that only the official plugin honours, by property, each with one line about it."""
    found: dict[str, str] = {}
    values = plain(news)
    if str(values.get("enableServerSideApply", "true")).lower() == "false":
        found["enableServerSideApply"] = "the stand-in for the Kubernetes plugin only does server-side apply"
    if values.get("cluster"):
        # `helm` would be told of the context alone, and work on that context's own cluster.
        found["cluster"] = "the stand-in for the Kubernetes plugin takes the cluster of the context"
    if values.get("renderYamlToDirectory"):
        found["renderYamlToDirectory"] = "the stand-in for the Kubernetes plugin does not render YAML"
    return found


@dataclass(frozen=True)
class ConfigDiff:
    """Changed settings, and those of them that replace every resource of the provider."""

    diffs: list[str]
    replaces: list[str]


def compare(olds: Properties, news: Properties) -> ConfigDiff:
    """What changed. Another active cluster replaces everything, unless `clusterIdentifier` says it is the same one."""
    olds, news = plain(olds), plain(news)
    changed = [key for key in sorted(olds.keys() | news.keys()) if olds.get(key) != news.get(key)]
    identifiers = olds.get("clusterIdentifier"), news.get("clusterIdentifier")
    replaces = ["clusterIdentifier"] if all(identifiers) and identifiers[0] != identifiers[1] else []
    same_cluster = bool(identifiers[1]) and identifiers[0] == identifiers[1]
    for key in ("kubeconfig", "context", "cluster"):
        if isinstance(news.get(key), Computed):
            return ConfigDiff([key], [] if same_cluster else [*replaces, key])
    before, after = _active_cluster(olds), _active_cluster(news)
    if before and after and before != after:
        replaces += [key for key in ("kubeconfig", "context", "cluster") if key in changed]
    return ConfigDiff(changed, [] if same_cluster else replaces)


def _active_cluster(properties: Properties) -> Properties:
    """The kubeconfig's cluster entry that these settings use; empty where it cannot be told."""
    given = properties.get("kubeconfig")
    try:
        config = given if isinstance(given, dict) else kubeconfig.parse(given if isinstance(given, str) else "")
    except PluginError:
        return {}
    wanted = properties.get("context") or text(config, "current-context")
    contexts = {text(entry, "name"): pluck(entry, "context") for entry in config.get("contexts") or []}
    clusters = {text(entry, "name"): pluck(entry, "cluster") for entry in config.get("clusters") or []}
    name = properties.get("cluster") or text(contexts.get(wanted), "cluster")
    return clusters.get(name) or {}
