"""Looking at a cluster on which a stack is to take over what a Helm chart has made."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import program
from catalog.catalog_file import Catalog
from catalog.config_keys import NAMESPACE
from catalog.problems import CatalogError, Problem
from catalog.services import Service
from catalog.stack import StackSettings
from cli.adopting import traffic, workloads
from cli.adopting.plan import Owner, Planned, plan
from cli.adopting.release_record import Release, strays
from cli.adopting.report import Report
from cli.diffing.fields import FieldChange, changed_fields
from cli.diffing.objects import Key, RenderedObject, parsed
from cli.recording import record
from cli.rendering import rendered_files
from components.adoption import as_it_runs, deployment_of, template_of
from components.cluster_reader import ForbiddenError
from components.field_managers import release_of
from components.kubernetes_object import Manifest
from components.live_objects import LiveObjects
from components.referenced import Referenced, look_up
from components.running import ensure_changeable, running_rollouts

_UNSEEN = ("Helm Release", "Namespace", "Secret")
"""Kinds that are not looked at: charts and namespaces are taken as they are, and a rendered Secret has no values."""


def look(settings: StackSettings, catalog: Catalog, cluster: LiveObjects) -> Report:
    """What there is, what would become of it, and what stands against that; the cluster stays as it is."""
    running = running_rollouts(settings)
    referenced = look_up(settings, catalog.services, running)
    rendered = _rendered(settings, catalog, referenced)
    objects = plan((as_it_runs(each.body, cluster.read, _left_alone(each)) for each in rendered), cluster)
    own = {each.key.name: each.body for each in rendered if each.key.kind == "Rollout"}
    looking = _Looking(settings, catalog, cluster, objects)
    refused = list(looking.refused())
    try:
        ensure_changeable(settings, catalog.services, running)
    except CatalogError as error:
        refused = [*error.problems, *refused]
    made = {each.key for each in objects}
    unread = ""
    try:
        found = list(strays(releases_of(objects), made, lambda place: cluster.listed("v1", "Secret", place)))
    except ForbiddenError as error:
        found, unread = [], str(error)
    later = {name: fields for name, body in own.items() if (fields := looking.later(name, body))}
    return Report(objects, looking.kept(), later, found, refused, unread)


def _rendered(settings: StackSettings, catalog: Catalog, referenced: Referenced) -> list[RenderedObject]:
    """The stack's objects as they are without an adoption."""
    _, recording = record(lambda: program.build(settings, catalog, referenced), stack=settings.stack)
    found = [parsed(path, content) for path, content in rendered_files(recording).items()]
    return [each for each in found if each.key.kind not in _UNSEEN]


def _left_alone(rendered: RenderedObject) -> list[str]:
    """The paths whose changes Pulumi ignores."""
    options = (option.partition(": ") for option in rendered.options)
    return next((paths.split(", ") for name, _, paths in options if name == "ignoreChanges"), [])


def releases_of(objects: Sequence[Planned]) -> list[Release]:
    """The Helm releases that the objects are of, as long as their annotations tell."""
    named = (release_of(each.live) for each in objects if each.live)
    return sorted({Release(*release) for release in named if release})


class _Looking:
    """The services of a stack beside what runs of them."""

    def __init__(
        self, settings: StackSettings, catalog: Catalog, cluster: LiveObjects, objects: Sequence[Planned]
    ) -> None:
        self._settings = settings
        self._services = catalog.services
        self._objects = objects
        self._rollouts = {each.key.name: each for each in objects if each.key.kind == "Rollout"}
        self._deployments = {name: cluster.read(deployment_of(each.wanted)) for name, each in self._rollouts.items()}
        self._pods = cluster.listed("v1", "Pod", settings.namespace)
        self._scalers = cluster.listed("autoscaling/v2", "HorizontalPodAutoscaler", settings.namespace)
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": settings.namespace}}
        self._namespace = cluster.read(namespace)

    def refused(self) -> Iterator[Problem]:
        """Everything that stands against the adoption."""
        for service in self._services:
            yield from self._of_service(service)
        for planned in self._objects:
            yield from self._of_object(planned)
        file, path = f"Pulumi.{self._settings.stack}.yaml", f"config.{NAMESPACE}:podSecurity"
        if any(self._runs(service.name) for service in self._services):
            for told in workloads.unsafe(self._settings, self._namespace):
                yield Problem(file, path, told)

    def _of_service(self, service: Service) -> Iterator[Problem]:
        planned = self._rollouts[service.name]
        adopted = planned.live if planned.is_adopted else None
        told = [(f"Rollout {service.name}", line) for line in workloads.restless(adopted)]
        if planned.live is None:
            deployment = self._deployments[service.name]
            told += [(f"Deployment {service.name}", line) for line in workloads.unlike(deployment, service)]
        if self._runs(service.name):
            told += [("HorizontalPodAutoscaler", line) for line in workloads.scaled_elsewhere(self._scalers, service)]
        for what, line in told:
            yield self._problem(service.name, f"{what} {line}")

    def _of_object(self, planned: Planned) -> Iterator[Problem]:
        lines = [f"the API server refuses it: {planned.fault}"] if planned.fault else []
        for who, fields in planned.in_the_way.items():
            lines.append(f"{who} owns {', '.join(fields)}, and would write them again; have it leave the object alone")
        service = next((each for each in self._services if planned.key.name in each.object_names), None)
        if service and self._runs(service.name) and planned.owner is not Owner.PULUMI:
            template = self._template(service.name)
            lines += traffic.moved(planned, template, self._pods)
        for line in lines:
            yield self._problem(service.name if service else "", f"{planned.key}: {line}")

    def _problem(self, service: str, told: str) -> Problem:
        return Problem(Path(self._settings.services_file).name, f"services.{service}" if service else "", told)

    def _runs(self, name: str) -> bool:
        """Whether pods of the service run that the stack has not made."""
        rollout, deployment = self._rollouts[name], self._deployments[name]
        return rollout.is_adopted or bool(rollout.live is None and deployment and deployment["spec"].get("replicas"))

    def _template(self, name: str) -> Manifest | None:
        return template_of(self._rollouts[name].live, self._deployments[name])

    def kept(self) -> dict[str, str]:
        """By service, what becomes of its pods."""
        running = [service.name for service in self._services if self._runs(service.name)]
        return {name: self._kept(name) for name in running}

    def _kept(self, name: str) -> str:
        if live := self._rollouts[name].live:
            return f"its Rollout keeps its {live['spec'].get('replicas', 1)} pods and their template"
        deployment = self._deployments[name]
        pods = deployment["spec"]["replicas"] if deployment else 0
        return f"its Deployment keeps its {pods} pods until as many of a Rollout with the same template are ready"

    def later(self, name: str, own: Manifest) -> list[FieldChange]:
        """What the service's own template changes in its pods."""
        template = self._template(name)
        if not self._runs(name) or template is None:
            return []
        key = Key(self._settings.namespace, "Rollout", name)
        before, after = ({"spec": {"template": side}} for side in (template, own["spec"]["template"]))
        return changed_fields(RenderedObject(key, before), RenderedObject(key, after))
