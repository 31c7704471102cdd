"""What is known about Kubernetes kinds without asking a cluster: type tokens, scope, and what forces a replacement."""

from typing import Any, NamedTuple

from local.plugin.errors import PluginError

_KNOWN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)

_CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "CSIDriver",
        "CSINode",
        "CustomResourceDefinition",
        "FlowSchema",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "RuntimeClass",
        "StorageClass",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    }
)

_NAMESPACED = frozenset(
    {
        "ConfigMap",
        "ControllerRevision",
        "CronJob",
        "CSIStorageCapacity",
        "DaemonSet",
        "Deployment",
        "Endpoints",
        "EndpointSlice",
        "Event",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Job",
        "Lease",
        "LimitRange",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "Pod",
        "PodDisruptionBudget",
        "PodTemplate",
        "ReplicaSet",
        "ReplicationController",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "Secret",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    }
)

HELM_RELEASE = "kubernetes:helm.sh/v3:Release"


class Gvk(NamedTuple):
    """Group, version and kind; the core group is the empty string."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """As Kubernetes writes it: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def known(self) -> bool:
        """Whether Kubernetes itself defines the group, as against a CustomResourceDefinition."""
        return self.group in _KNOWN_GROUPS

    @property
    def namespaced(self) -> bool | None:
        """Whether a built-in kind lives in a namespace; None for one that only the cluster can tell."""
        if not self.known or self.kind not in _NAMESPACED | _CLUSTER_SCOPED:
            return None
        return self.kind in _NAMESPACED


def urn_type(urn: str) -> str:
    """The resource's type token: `kubernetes:core/v1:Service`."""
    return urn.split("::")[2].rpartition("$")[2]


def urn_name(urn: str) -> str:
    """The resource's Pulumi name."""
    return urn.split("::", 3)[3]


def gvk_of_object(obj: dict[str, Any]) -> Gvk:
    """From `apiVersion` and `kind`; a spelled-out `core/v1` is `v1`."""
    group, slash, version = str(obj.get("apiVersion", "")).rpartition("/")
    return Gvk("" if not slash or group == "core" else group, version, str(obj.get("kind", "")))


def gvk_of_urn(urn: str) -> Gvk:
    """From the type token; PluginError where it has none, or names what this plugin cannot do."""
    token = urn_type(urn)
    package, module, kind = [*token.split(":"), "", ""][:3]
    group, slash, version = module.partition("/")
    if package != "kubernetes" or not slash or not kind:
        raise PluginError(f"unrecognized resource type: {token!r} for this provider")
    gvk = Gvk("" if group == "core" else group, version, kind)
    refuse_unsupported(token, gvk)
    return gvk


def refuse_unsupported(token: str, gvk: Gvk) -> None:
    """PluginError for what only the official plugin does, in one line that names the token."""
    if gvk.known and gvk.kind.endswith("List"):
        raise PluginError(
            "list resources exist for compatibility with YAML manifests and Helm charts, and cannot be created "
            "directly. Use the underlying resource type instead"
        )
    overlay = gvk.group in {"yaml", "kustomize"} or gvk.group == "helm.sh"
    if overlay or (gvk.known and gvk.kind.endswith("Patch")):
        raise PluginError(
            f"{token} is not supported by the stand-in for the Kubernetes plugin: use the objects themselves, "
            "or install the official plugin"
        )


def _containers(*prefixes: str) -> tuple[str, ...]:
    fields = (
        "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext "
        "stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
    )
    return tuple(f"{prefix}.{field}" for prefix in prefixes for field in fields.split())


def _specs(fields: str) -> tuple[str, ...]:
    return tuple(f"spec.{field}" for field in fields.split())


_VOLUME_SOURCES = (
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs "
    "hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume"
)
_POD_FIELDS = (
    "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork "
    "hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName "
    "readinessGates restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName "
    "shareProcessNamespace subdomain terminationGracePeriodSeconds volumes"
)
_STATEFUL_SET = _specs("podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates")

_FORCE_NEW: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): _specs("selector"),
    ("apps", "Deployment"): _specs("selector"),
    ("apps", "StatefulSet"): _STATEFUL_SET,
    ("", "PersistentVolume"): _specs(_VOLUME_SOURCES),
    ("", "PersistentVolumeClaim"): _specs("accessModes selector storageClassName volumeName"),
    ("", "Pod"): _specs(_POD_FIELDS) + _containers("spec.containers[*]", "spec.initContainers[*]"),
    ("", "ResourceQuota"): _specs("scopes"),
    ("", "Service"): _specs("clusterIP"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
    ("batch", "Job"): _specs("completions parallelism selector template"),
}


def force_new(obj: dict[str, Any], config_map_mutable: bool, secret_mutable: bool) -> tuple[str, ...]:
    """The paths whose change replaces the object; every kind is replaced when it is renamed or moved."""
    gvk = gvk_of_object(obj)
    identity = ("metadata.name", "metadata.namespace")
    immutable = obj.get("immutable") is True
    if (gvk.group, gvk.kind) == ("", "Secret"):
        frozen = not secret_mutable or immutable
        return (*identity, "type", "stringData", "data") if frozen else (*identity, "type")
    if (gvk.group, gvk.kind) == ("", "ConfigMap"):
        return (*identity, "binaryData", "data") if not config_map_mutable or immutable else identity
    return identity + _FORCE_NEW.get((gvk.group, gvk.kind), ())
