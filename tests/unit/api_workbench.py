"""One service as the program registers it."""

from typing import Any

from catalog.services import Service
from cli.recording import Recording, record
from components.canary_rollout import CanaryRollout, CanaryRolloutArgs
from components.network_policy import Surroundings
from components.observable_api import ObservableApi, ObservableApiArgs

Manifest = dict[str, Any]

PLATFORM: dict[str, Any] = {
    "namespace": "apis",
    "prometheus_address": "http://prometheus:9090",
    "release": "kube-prometheus-stack",
    "around": Surroundings({"b-api": {"app": "b"}}, "monitoring"),
}
"""What a service finds; the tests say only what is other for them."""


def recorded(service: Service, preview: bool = True, **args: Any) -> Recording:
    """All that is registered for a service."""
    return built(service, preview, **args)[1]


def built(service: Service, preview: bool = True, **args: Any) -> tuple[ObservableApi, Recording]:
    """The component, and all that it registered."""
    everything = ObservableApiArgs(service, **{**PLATFORM, **args})
    return record(lambda: ObservableApi(service.name, everything), stack="dev", preview=preview)


def manifest(service: Service, kind: str, preview: bool = True, name: str | None = None, **args: Any) -> Manifest:
    """The only object of that kind, with the service's name unless another is given."""
    return recorded(service, preview, **args).one(kind, name or service.name).inputs


def pod(service: Service, preview: bool = True, config_checksum: str | None = None) -> Manifest:
    """The pod template: `metadata` and `spec`. The rest of the service is left out: there are many tests of pods."""
    args = CanaryRolloutArgs(
        service, PLATFORM["namespace"], PLATFORM["prometheus_address"], config_checksum=config_checksum
    )
    _, recording = record(lambda: CanaryRollout(service.name, args), stack="dev", preview=preview)
    template: Manifest = recording.one("Rollout", service.name).inputs["spec"]["template"]
    return template


def container(service: Service, name: str = "api", preview: bool = True) -> Manifest:
    """A container of the pod template, one that runs before the others included."""
    spec = pod(service, preview)["spec"]
    (found,) = [each for each in [*spec.get("initContainers", []), *spec["containers"]] if each["name"] == name]
    return dict(found)
