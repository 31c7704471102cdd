"""What a service refers to and does not make itself: existing Secrets and ConfigMaps of its namespace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from catalog.pods import EnvReference, EnvValue, FromSecret
from catalog.prometheus_settings import Access
from catalog.services import Service

Kind = Literal["Secret", "ConfigMap"]


@dataclass(frozen=True)
class Reference:
    """One mention of a Secret or ConfigMap: of all of it, or of one `key`; `path` is where the service says it.

    What is `read_by_pods` is part of the service: new content is a new version of it, and starts a canary.
    """

    kind: Kind
    name: str
    key: str | None
    path: str
    read_by_pods: bool


def references(service: Service) -> list[Reference]:
    """All that `service` refers to, in the order of its keys."""
    return [
        *_of_env(service.env, "env"),
        *_of_env_from(service),
        *_of_volumes(service),
        *_of_init_containers(service),
        *(
            Reference("Secret", name, None, f"imagePullSecrets[{index}]", read_by_pods=False)
            for index, name in enumerate(service.image_pull_secrets)
        ),
        # What an issuer fills need not be there yet.
        *(
            [Reference("Secret", service.tls.secret, None, "tls.secret", read_by_pods=False)]
            if service.tls and not service.tls.issuer
            else []
        ),
    ]


def analysis_secrets(access: Access) -> list[Reference]:
    """The Secrets by which analyses get in at Prometheus; paths are below `prometheus.access`."""
    headers = {f"headers.{name}": value for name, value in access.headers.items() if not isinstance(value, str)}
    oauth2 = access.oauth2
    named = {
        **headers,
        **({"bearerToken": access.bearer_token} if access.bearer_token else {}),
        **({"oauth2.clientId": oauth2.client_id, "oauth2.clientSecret": oauth2.client_secret} if oauth2 else {}),
    }
    return [Reference("Secret", value.secret, value.key, path, read_by_pods=False) for path, value in named.items()]


def _of_env(env: Mapping[str, EnvValue], path: str) -> Iterator[Reference]:
    for name, value in env.items():
        if isinstance(value, EnvReference) and value.secret:
            yield Reference("Secret", value.secret, value.key, f"{path}.{name}", read_by_pods=True)
        elif isinstance(value, EnvReference) and value.config_map:
            yield Reference("ConfigMap", value.config_map, value.key, f"{path}.{name}", read_by_pods=True)


def _of_env_from(service: Service) -> Iterator[Reference]:
    for index, source in enumerate(service.env_from):
        if isinstance(source, FromSecret):
            yield Reference("Secret", source.secret, None, f"envFrom[{index}]", read_by_pods=True)
        else:
            yield Reference("ConfigMap", source.config_map, None, f"envFrom[{index}]", read_by_pods=True)


def _of_volumes(service: Service) -> Iterator[Reference]:
    for name, volume in service.volumes.items():
        if volume.secret:
            yield Reference("Secret", volume.secret, None, f"volumes.{name}", read_by_pods=True)
        if volume.config_map:
            yield Reference("ConfigMap", volume.config_map, None, f"volumes.{name}", read_by_pods=True)


def _of_init_containers(service: Service) -> Iterator[Reference]:
    for index, container in enumerate(service.init_containers):
        yield from _of_env(container.env, f"initContainers[{index}].env")
