"""Services that only got another name; Kubernetes knows no renames, so that to it one is gone and another is new."""

from collections.abc import Iterator, Mapping

from cli.diffing.objects import Key, RenderedObject
from cli.diffing.rows import at


def renamed(gone: Mapping[Key, RenderedObject], fresh: Mapping[Key, RenderedObject]) -> dict[str, str]:
    """The old name of each service that goes on under another, and the new one.

    It is taken for the same where the image comes from the same repository, or where project and port are the same:
    the shape of their objects says nothing, since all services have the same.
    """
    found: dict[str, str] = {}
    for old in _rollouts(gone):
        for new in _rollouts(fresh):
            if new.key.name not in found.values() and _is_same(old, new):
                found[old.key.name] = new.key.name
                break
    return found


def _rollouts(objects: Mapping[Key, RenderedObject]) -> Iterator[RenderedObject]:
    return (entry for key, entry in sorted(objects.items()) if key.kind == "Rollout")


def _is_same(old: RenderedObject, new: RenderedObject) -> bool:
    repositories, projects, ports = ([each(entry) for entry in (old, new)] for each in (_repository, _project, _port))
    return repositories[0] == repositories[1] or (projects[0] == projects[1] and ports[0] == ports[1])


def _repository(entry: RenderedObject) -> str:
    image = str(at(entry.spec, "template", "spec", "containers", 0, "image"))
    path, _, tag = image.partition("@")[0].rpartition(":")
    return path if path and "/" not in tag else image


def _project(entry: RenderedObject) -> str:
    return str(entry.labels.get("app.kubernetes.io/part-of"))


def _port(entry: RenderedObject) -> str:
    return str(at(entry.spec, "template", "spec", "containers", 0, "ports", 0, "containerPort"))
