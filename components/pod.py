"""The pods of a service: one template, which the pod security level `restricted` admits as it is.

Every label and annotation in it is part of what a canary is made of: a change of one starts a canary. So only those
are here that the owner asked for on pods, never those of the service's other objects.
"""

from typing import Any

from catalog.pods import Toleration, Volume
from catalog.services import Service
from components.containers import containers, init_containers
from observability import metrics

CONFIG_CHECKSUM = "api-observability/config-checksum"
"""The annotation by which a change in a Secret or ConfigMap that the pods use starts a canary like any other change."""

_TOPOLOGIES = (("zone", "topology.kubernetes.io/zone"), ("node", "kubernetes.io/hostname"))
_UNSATISFIABLE = {"preferred": "ScheduleAnyway", "required": "DoNotSchedule"}


def pod_template(service: Service, config_checksum: str | None = None) -> dict[str, Any]:
    """The `spec.template` of the service's Rollout; `config_checksum` is of the content that its pods refer to."""
    return {"metadata": _metadata(service, config_checksum), "spec": _spec(service)}


def _metadata(service: Service, config_checksum: str | None) -> dict[str, Any]:
    annotations = {**service.pod_annotations, **({CONFIG_CHECKSUM: config_checksum} if config_checksum else {})}
    return {
        "labels": {**service.pod_labels, **service.pod_selector},
        **({"annotations": annotations} if annotations else {}),
    }


def _spec(service: Service) -> dict[str, Any]:
    optional = {
        "initContainers": init_containers(service),
        "volumes": [_volume(name, volume) for name, volume in sorted(service.volumes.items())],
        "imagePullSecrets": [{"name": name} for name in service.image_pull_secrets],
        "nodeSelector": service.node_selector,
        "tolerations": [_toleration(each) for each in service.tolerations],
        "topologySpreadConstraints": _topology_spread(service),
    }
    return {
        "containers": containers(service),
        **{field: value for field, value in optional.items() if value},
        **_service_account(service),
        "securityContext": _security(service),
        "terminationGracePeriodSeconds": int(service.shutdown.grace),
    }


def _volume(name: str, volume: Volume) -> dict[str, Any]:
    if volume.secret:
        return {"name": name, "secret": {"secretName": volume.secret}}
    if volume.config_map:
        return {"name": name, "configMap": {"name": volume.config_map}}
    if volume.claim:
        return {"name": name, "persistentVolumeClaim": {"claimName": volume.claim}}
    medium = {"medium": "Memory"} if volume.memory else {}
    size = {"sizeLimit": str(volume.size)} if volume.size else {}
    return {"name": name, "emptyDir": {**medium, **size}}


def _toleration(toleration: Toleration) -> dict[str, Any]:
    return toleration.model_dump(by_alias=True, exclude_none=True)


def _topology_spread(service: Service) -> list[dict[str, Any]]:
    """Canary and stable pods are spread each by themselves.

    Counted together, the few canary pods would have to go where stable ones happen to be missing. The key is that of a
    label that the controller gives to the pods of each revision; a key that pods do not have would count for nothing.
    """
    wanted = [(key, getattr(service.topology_spread, topology)) for topology, key in _TOPOLOGIES]
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": _UNSATISFIABLE[spread],
            "labelSelector": {"matchLabels": service.pod_selector},
            "matchLabelKeys": [metrics.POD_HASH_LABEL],
        }
        for key, spread in wanted
        if spread != "none"
    ]


def _service_account(service: Service) -> dict[str, Any]:
    account = service.service_account
    return {
        **({"serviceAccountName": account.name} if account else {}),
        # Whoever breaks into a pod that has a token may ask the Kubernetes API; hardly any service needs to.
        "automountServiceAccountToken": account.token if account else False,
    }


def _security(service: Service) -> dict[str, Any]:
    """As the one user that its files belong to; big volumes are not gone through at every start."""
    return {
        "runAsNonRoot": True,
        "runAsUser": service.user_id,
        "runAsGroup": service.user_id,
        "fsGroup": service.user_id,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
