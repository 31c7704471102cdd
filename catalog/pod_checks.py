"""What lies between the values of a service's pods: references, files, sizes, ports."""

import re
from collections.abc import Iterator, Mapping

from catalog import adapted
from catalog.pods import EnvReference, EnvValue, Resources, Volume
from catalog.problems import Fault
from catalog.services import RESERVED_LABELS, RESERVED_ON_PODS, Service

CONTAINER, ADAPTER = "api", "adapter"
"""The names of the containers of every pod."""


def faults(service: Service) -> Iterator[Fault]:
    """Every contradiction in what is said of the pods of `service`."""
    yield from _env(service.env, "env")
    for index, name in enumerate(service.image_pull_secrets):
        if name in service.image_pull_secrets[:index]:
            yield f"imagePullSecrets[{index}]", f"'{name}' stands here twice"
    yield from _volumes(service)
    yield from _resources(service.resources, "resources")
    yield from _containers(service)
    yield from _scaling(service)
    yield from _labels(service)
    if service.shutdown.drain and service.shutdown.drain >= service.shutdown.grace:
        yield (
            "shutdown.grace",
            f"{service.shutdown.grace} is over before shutdown.drain {service.shutdown.drain} is: requests would be "
            "cut off; make it longer",
        )


def images(service: Service) -> Iterator[Fault]:
    """Images that may be another one tomorrow: the pods would change without a canary, and a rollback find nothing."""
    named = [("image", service.image)]
    named += [(f"initContainers[{index}].image", each.image) for index, each in enumerate(service.init_containers)]
    named += [("adapter.image", service.adapter.image)] if service.adapter else []
    for path, image in named:
        tag = re.fullmatch(r".+?(?::([^/:@]+))?(@sha256:.+)?", image)
        assert tag, f"{image!r} is no image reference"
        if not tag[2] and tag[1] in (None, "latest"):
            found = "has the tag 'latest'" if tag[1] else "has no tag, which means 'latest'"
            yield path, f"{image} {found}: what runs would change without a canary; name a version or a digest"


def _env(env: Mapping[str, EnvValue], path: str) -> Iterator[Fault]:
    for name, value in env.items():
        if not isinstance(value, EnvReference):
            continue
        said = [key for key in ("secret", "config_map", "field") if getattr(value, key) is not None]
        if len(said) != 1:
            yield f"{path}.{name}", "needs exactly one of secret, configMap and field"
        elif said == ["field"] and value.key is not None:
            yield f"{path}.{name}.key", "a field has no keys; leave it out"
        elif said != ["field"] and value.key is None:
            yield f"{path}.{name}.key", "is missing: which key of it holds the value?"


def _volumes(service: Service) -> Iterator[Fault]:
    places: dict[str, str] = {}
    for name, volume in service.volumes.items():
        path = f"volumes.{name}"
        if len(_sources(volume)) > 1:
            yield path, f"is {' and '.join(_sources(volume))} at once; choose one"
        if _sources(volume) and (volume.size or volume.memory):
            yield path, "size and memory are those of an empty volume; leave them out"
        place = volume.mount_path.rstrip("/")
        if not place:
            yield f"{path}.mountPath", "'/' is the image itself; choose a folder below it"
        if place in places:
            yield f"{path}.mountPath", f"{volume.mount_path} is where volume '{places[place]}' is mounted already"
        places.setdefault(place, name)


def _sources(volume: Volume) -> list[str]:
    said = {"secret": volume.secret, "configMap": volume.config_map, "claim": volume.claim}
    return [key for key, value in said.items() if value]


def _resources(resources: Resources, path: str) -> Iterator[Fault]:
    for name in ("cpu", "memory"):
        request, limit = getattr(resources.requests, name), getattr(resources.limits, name)
        if request and limit and request.number > limit.number:
            yield f"{path}.limits.{name}", f"{limit} is less than the {request} requested; raise it, or request less"


def _containers(service: Service) -> Iterator[Fault]:
    names = {CONTAINER: "the service's own container", ADAPTER: "the adapter's container"}
    for index, each in enumerate(service.init_containers):
        path = f"initContainers[{index}]"
        if each.name in names:
            yield f"{path}.name", f"'{each.name}' is {names[each.name]} already; choose another"
        names.setdefault(each.name, path)
        yield from _env(each.env, f"{path}.env")
        yield from _resources(each.resources or service.resources, f"{path}.resources")
    if service.adapter:
        yield from _resources(service.adapter.resources, "adapter.resources")
        yield from adapted.faults(service)
    elif service.metrics.port == service.port != service.serving_port:
        yield (
            "metrics.port",
            f"{service.port} is the port of the Service, which leads to the container's {service.serving_port}; "
            "choose another port for one of the two",
        )


def _scaling(service: Service) -> Iterator[Fault]:
    scaling = service.autoscaling
    if scaling is None:
        return
    if scaling.min > scaling.max:
        yield "autoscaling.max", f"{scaling.max} is less than min {scaling.min}; raise it"
    if scaling.cpu is None and scaling.memory is None and scaling.external is None:
        yield "autoscaling", "has nothing to scale by; give at least one of cpu (such as 70%), memory and external"
    for name in ("cpu", "memory"):
        share = getattr(scaling, name)
        if share is None:
            continue
        if share < _LEAST_SHARE:
            yield f"autoscaling.{name}", f"{share} of what is requested can never be held; at least {_LEAST_SHARE:.0%}"
        if getattr(service.resources.requests, name) is None:
            yield (
                f"autoscaling.{name}",
                f"is a share of resources.requests.{name}, which is not given; give it, or scale by something else",
            )


_LEAST_SHARE = 0.01
"""An HPA counts in whole percent."""


def _labels(service: Service) -> Iterator[Fault]:
    places = (
        ("labels", service.labels),
        ("podLabels", service.pod_labels),
        ("metrics.labels", service.metrics.labels),
    )
    for path, labels in places:
        for key in labels:
            if key in RESERVED_LABELS:
                yield f"{path}.{key}", "is set by the program and tells its objects apart; choose another key"
    for key in service.pod_labels:
        if key in service.pod_selector and key not in RESERVED_LABELS:
            yield f"podLabels.{key}", "is one of selectorLabels, which are on the pods anyway; leave it out"
    for path, labels in (("selectorLabels", service.selector_labels), ("podLabels", service.pod_labels)):
        for key in labels:
            if key in RESERVED_ON_PODS:
                yield f"{path}.{key}", "is written, and changed, by Argo Rollouts while a canary runs; leave it out"
