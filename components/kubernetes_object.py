"""One Kubernetes object, given as its manifest."""

from collections.abc import Mapping
from typing import Any

import pulumi

from observability.time_scale import faster

Manifest = Mapping[str, Any]
"""An object as `kubectl` knows it: apiVersion, kind, metadata and the rest, in Kubernetes' own spelling."""

SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""The annotation for a Service whose pods a Rollout owns: it must not be waited for, its pods come after it."""

MANAGED_BY = {"app.kubernetes.io/managed-by": "pulumi"}


class KubernetesObject(pulumi.CustomResource):
    """Registers a manifest under the type token that the Kubernetes provider gives its kind.

    The generated classes of pulumi-kubernetes register the very same thing, but loading those of the core API alone
    takes a second of every run, and they know neither Rollouts nor ServiceMonitors.
    """

    def __init__(self, name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> None:
        self.manifest = manifest
        super().__init__(type_token(manifest), name, dict(manifest), opts)


def scaled(scale: float) -> list[pulumi.ResourceTransformation]:
    """Goes into the options of components whose objects are to be faster than they say; empty at a scale of 1."""

    def transform(made: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not isinstance(made.resource, KubernetesObject):
            return None
        return pulumi.ResourceTransformationResult(faster(made.props, scale), made.opts)

    return [] if scale == 1 else [transform]


def type_token(manifest: Manifest) -> str:
    """`kubernetes:core/v1:Service` for a Service; the provider writes out the core group, which has no name."""
    api_version = str(manifest["apiVersion"])
    group_version = api_version if "/" in api_version else f"core/{api_version}"
    return f"kubernetes:{group_version}:{manifest['kind']}"


def namespace(
    name: str, provider: pulumi.ProviderResource, labels: Mapping[str, str] | None = None
) -> KubernetesObject:
    """A namespace that outlives the stack: other people's objects and volumes may be in it.

    It carries nothing but its name and `labels`, so that taking one that is there already changes nothing else of it.
    """
    labelled = {"labels": dict(labels)} if labels else {}
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **labelled}}
    return KubernetesObject(name, manifest, pulumi.ResourceOptions(provider=provider, retain_on_delete=True))
