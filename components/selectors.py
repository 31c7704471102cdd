"""A Rollout's selector cannot be changed: a new one means a new Rollout, and no pods in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from catalog.config_keys import config_set
from catalog.problems import CatalogError, Problem
from catalog.services import Service
from catalog.stack import StackSettings
from components.cluster import connect, told_in_one_line

Selectors = Mapping[str, Mapping[str, str]]
"""By the name of a Rollout, the labels by which it chooses its pods."""


def ensure_selectors(
    settings: StackSettings, services: Iterable[Service], read: Callable[[StackSettings], Selectors] | None = None
) -> None:
    """Refuse in production what would delete a running Rollout with all of its pods before the new one is there.

    Raises CatalogError with every service whose selector differs from that of its Rollout on the cluster, and which the
    stack does not name in `mayReplace`; ClusterError where the cluster does not answer.
    """
    if not settings.is_production:
        return
    running = (read or _running)(settings)
    changed = [
        Problem(
            Path(settings.services_file).name,
            f"services.{service.name}.selectorLabels",
            f"would become {_labels(service.pod_selector)}, but the Rollout that runs has {_labels(found)}: it would "
            "be deleted before the new one is there, an outage; keep the labels, or accept it: "
            f"{config_set(f'mayReplace[{len(settings.may_replace)}]', settings.stack, service.name)}",
        )
        for service in services
        if (found := running.get(service.name)) is not None
        and found != service.pod_selector
        and service.name not in settings.may_replace
    ]
    if changed:
        raise CatalogError(changed)


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _running(settings: StackSettings) -> Selectors:
    """The selectors on the stack's cluster; none where it knows no Rollouts yet."""
    from lightkube.core.exceptions import ApiError  # noqa: PLC0415  # only a real run talks to a cluster
    from lightkube.generic_resource import create_namespaced_resource  # noqa: PLC0415

    rollout = create_namespaced_resource("argoproj.io", "v1alpha1", "Rollout", "rollouts")
    client = connect(settings.cluster)
    with told_in_one_line(settings.cluster):
        try:
            found = [dict(each) for each in client.list(rollout, namespace=settings.namespace)]
        except ApiError as error:
            if error.status.code == 404:
                return {}
            raise
    return {each["metadata"]["name"]: each["spec"].get("selector", {}).get("matchLabels", {}) for each in found}
