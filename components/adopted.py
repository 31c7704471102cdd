"""What a stack takes over from its cluster instead of installing it: whether its kinds of objects are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from catalog.config_keys import config_set
from catalog.stack import StackSettings
from components.cluster import ClusterError, connect
from components.cluster_reader import ForbiddenError, UnknownError, answering


@dataclass(frozen=True)
class Definition:
    """A kind of objects that somebody else has defined: its group, version, kind, and its plural in addresses."""

    group: str
    version: str
    kind: str
    plural: str


_MONITORING = (
    Definition("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
    Definition("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
    Definition("monitoring.coreos.com", "v1alpha1", "AlertmanagerConfig", "alertmanagerconfigs"),
)
_ARGO_ROLLOUTS = (
    Definition("argoproj.io", "v1alpha1", "Rollout", "rollouts"),
    Definition("argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates"),
)

Serves = Callable[[Definition], bool]
"""Whether the cluster knows a kind."""


def ensure_adopted(settings: StackSettings, serves: Serves | None = None) -> None:
    """Make sure that the cluster has what the stack does not install; ClusterError with a line for each part it lacks.

    Without this a preview promises objects that no cluster knows, and the update fails halfway. Where everything is
    installed nothing is asked.
    """
    platform = settings.platform
    parts = {
        "platform.monitoring": (platform.monitoring, "Prometheus Operator", _MONITORING),
        "platform.argoRollouts": (platform.argo_rollouts, "Argo Rollouts", _ARGO_ROLLOUTS),
    }
    adopted = {path: (what, kinds) for path, (part, what, kinds) in parts.items() if not part.install}
    if not adopted:
        return
    serves = serves or served_by(settings)
    lines = [line for path, (what, kinds) in adopted.items() for line in _lacking(settings, path, what, kinds, serves)]
    if lines:
        raise ClusterError("\n".join(lines))


def _lacking(
    settings: StackSettings, path: str, what: str, kinds: tuple[Definition, ...], serves: Serves
) -> Iterator[str]:
    missing = [f"{kind.plural}.{kind.group}/{kind.version}" for kind in kinds if not serves(kind)]
    if missing:
        yield (
            f"context '{settings.cluster.context}': {path}.install is false, and the cluster has no "
            f"{', '.join(missing)}; install {what} there, or have it installed: "
            f"{config_set(f'{path}.install', settings.stack, 'true')}"
        )


def served_by(settings: StackSettings) -> Serves:
    """Ask the stack's cluster for one object of the kind, in the namespace that we are to work in: few rights will do.

    Who may not even list them is taken to have them: the API server says more when they are made.
    """
    from lightkube.generic_resource import create_namespaced_resource  # noqa: PLC0415

    client = connect(settings.cluster)

    def serves(kind: Definition) -> bool:
        resource = create_namespaced_resource(kind.group, kind.version, kind.kind, kind.plural)
        try:
            with answering(settings):
                next(iter(client.list(resource, namespace=settings.namespace, chunk_size=1)), None)
        except UnknownError:
            return False
        except ForbiddenError:
            return True
        return True

    return serves
