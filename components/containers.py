"""The containers of a service's pods: the service itself, its adapter, and what runs before them.

Fields are left out where Kubernetes would leave them out (empty lists and maps, false, the empty text): the Rollouts
controller writes the whole Rollout back, and what it drops would come back as a change at every run.
"""

import json
from typing import Any

from catalog.adapted import HEALTH_PATH, ending, most_series
from catalog.pod_checks import ADAPTER, CONTAINER
from catalog.pods import Adapter, Env, EnvReference, EnvSource, FromSecret, InitContainer, Probe, Resources, Volume
from catalog.quantities import Duration
from catalog.services import Service
from components.naming import HTTP_PORT, METRICS_PORT, UPSTREAM_PORT, metrics_port

_SCRATCH = "/tmp"
"""Where every program expects to be able to write, whatever the root file system is."""


def containers(service: Service) -> list[dict[str, Any]]:
    """What runs as long as the pod does: the service, and its adapter where it has one."""
    adapter = [_adapter(service, service.adapter)] if service.adapter else []
    return [_api(service), *adapter]


def init_containers(service: Service) -> list[dict[str, Any]]:
    """What runs before them, one after the other."""
    return [_init_container(service, each) for each in service.init_containers]


def _api(service: Service) -> dict[str, Any]:
    own_port = UPSTREAM_PORT if service.adapter else HTTP_PORT
    return {
        "name": CONTAINER,
        "image": service.image,
        **_command(service.command, service.args),
        "ports": _api_ports(service),
        **_env(service.env, service.env_from),
        **_resources(service.resources),
        **_mounts(service.volumes),
        **_probes(service, own_port),
        # All containers of a pod are told to end together: one behind an adapter is needed until that is done.
        **_lifecycle(ending(service).upstream_serves if service.adapter else int(service.shutdown.drain or 0)),
        "securityContext": _security(service),
    }


def _api_ports(service: Service) -> list[dict[str, Any]]:
    if service.adapter:
        return [_port(UPSTREAM_PORT, service.adapter.upstream_port)]
    ports = [_port(HTTP_PORT, service.serving_port)]
    name, number = metrics_port(service)
    return [*ports, _port(METRICS_PORT, number)] if name == METRICS_PORT else ports


def _adapter(service: Service, adapter: Adapter) -> dict[str, Any]:
    # It has to write somewhere, but it has no business with the service's secrets, settings and data.
    scratch = {name: volume for name, volume in service.volumes.items() if _is_scratch(volume)}
    return {
        "name": ADAPTER,
        "image": adapter.image,
        "ports": [_port(HTTP_PORT, service.serving_port)],
        **_env(_adapter_env(service, adapter), []),
        **_resources(adapter.resources),
        **_mounts(scratch),
        **_adapter_probes(service),
        **_lifecycle(ending(service).drain),
        "securityContext": _security(service),
    }


def _adapter_env(service: Service, adapter: Adapter) -> Env:
    """The adapter's settings; what the catalog does not say is the adapter's own to decide."""
    said = {
        "LEARNED_PATHS": adapter.learned_paths,
        "CONNECTIONS": adapter.connections,
        "CONNECT_TIMEOUT": _seconds(adapter.connect_timeout),
        "RESPONSE_TIMEOUT": _seconds(adapter.response_timeout),
        "CLIENT_TIMEOUT": _seconds(adapter.client_timeout),
        "KEEPALIVE_TIMEOUT": _seconds(adapter.keepalive_timeout),
        "MAX_BODY": None if adapter.max_body is None else int(adapter.max_body),
        "LOG_LEVEL": adapter.log_level,
    }
    values = {
        "PORT": service.serving_port,
        "UPSTREAM": f"http://127.0.0.1:{adapter.upstream_port}",
        "SERVICE": service.name,
        "ROUTES": json.dumps(adapter.routes, ensure_ascii=False),
        "BUCKETS": json.dumps(sorted({float(bound) for bound in service.metrics.buckets})),
        "MAX_SERIES": most_series(service),
        "SHUTDOWN_TIMEOUT": ending(service).finish,
        **{name: value for name, value in said.items() if value is not None},
    }
    return {f"ADAPTER_{name}": str(value) for name, value in values.items()}


def _seconds(duration: Duration | None) -> int | None:
    return None if duration is None else int(duration)


def _is_scratch(volume: Volume) -> bool:
    return volume.mount_path.rstrip("/") == _SCRATCH and not (volume.secret or volume.config_map or volume.claim)


def _init_container(service: Service, container: InitContainer) -> dict[str, Any]:
    return {
        "name": container.name,
        "image": container.image,
        **_command(container.command, container.args),
        **_env(container.env, []),
        **_resources(container.resources or service.resources),
        # A migration needs the service's settings and secrets; others prepare files for it.
        **_mounts(service.volumes),
        "securityContext": _security(service),
    }


def _port(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "containerPort": number, "protocol": "TCP"}


def _command(command: list[str], args: list[str]) -> dict[str, Any]:
    return {**({"command": command} if command else {}), **({"args": args} if args else {})}


def _env(env: Env, sources: list[EnvSource]) -> dict[str, Any]:
    """In the order of the file: a value may use those before it, as `$(NAME)`."""
    variables = [_variable(name, value) for name, value in env.items()]
    whole = [_source(each) for each in sources]
    return {**({"env": variables} if variables else {}), **({"envFrom": whole} if whole else {})}


def _variable(name: str, value: str | EnvReference) -> dict[str, Any]:
    if isinstance(value, str):
        return {"name": name, **({"value": value} if value else {})}
    if value.field:
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": value.field}}}
    kind, holder = ("secretKeyRef", value.secret) if value.secret else ("configMapKeyRef", value.config_map)
    return {"name": name, "valueFrom": {kind: {"name": holder, "key": value.key}}}


def _source(source: EnvSource) -> dict[str, Any]:
    if isinstance(source, FromSecret):
        return {"secretRef": {"name": source.secret}}
    return {"configMapRef": {"name": source.config_map}}


def _resources(resources: Resources) -> dict[str, Any]:
    both = resources.model_dump(exclude_none=True)
    said = {kind: amounts for kind, amounts in both.items() if amounts}
    return {"resources": said} if said else {}


def _mounts(volumes: dict[str, Volume]) -> dict[str, Any]:
    """In the order of their names: where a volume stands in the file is nothing that pods should be replaced for."""
    mounts = [
        {"name": name, "mountPath": volume.mount_path, **({"readOnly": True} if volume.read_only else {})}
        for name, volume in sorted(volumes.items())
    ]
    return {"volumeMounts": mounts} if mounts else {}


def _probes(service: Service, own_port: str) -> dict[str, Any]:
    return {f"{name}Probe": _probe(probe, own_port) for name, probe in service.probes if probe}


def _adapter_probes(service: Service) -> dict[str, Any]:
    """As often and as patiently as the service is asked, at the adapter's own path: the service's are the service's."""
    return {
        f"{name}Probe": _probe(probe.model_copy(update={"path": HEALTH_PATH, "port": None}), HTTP_PORT)
        for name, probe in service.probes
        if probe
    }


def _probe(probe: Probe, own_port: str) -> dict[str, Any]:
    port = probe.port or own_port
    question = {"httpGet": {"path": probe.path, "port": port}} if probe.path else {"tcpSocket": {"port": port}}
    return {
        **question,
        "periodSeconds": int(probe.period),
        "timeoutSeconds": int(probe.timeout),
        "failureThreshold": probe.failures,
    }


def _lifecycle(serves: int) -> dict[str, Any]:
    """Before it is told to end, a container still serves for so many seconds: routers learn late that its pod is going.

    The kubelet itself does the waiting, so no shell is needed in the image (feature PodLifecycleSleepAction: on by
    default since Kubernetes 1.30, stable in 1.34).
    """
    return {"lifecycle": {"preStop": {"sleep": {"seconds": serves}}}} if serves else {}


def _security(service: Service) -> dict[str, Any]:
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": service.read_only_root,
    }
