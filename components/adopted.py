"""What a stack takes over from its cluster instead of installing it: whether its kinds and names are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from catalog.config_keys import NAMESPACE, config_set
from catalog.problems import Problem
from catalog.stack import StackSettings
from components.argo_rollouts_scraping import METRICS_SERVICE
from components.cluster import ClusterError, connect
from components.cluster_reader import ForbiddenError, Reader, UnknownError, answering, reader_of
from components.dashboards import CONTROLLER_DASHBOARD
from components.secret_lookup import is_there


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


def ensure_adopted(settings: StackSettings, serves: Serves | None = None, read: Reader | None = None) -> list[Problem]:
    """Make sure that the cluster has what the stack does not install; ClusterError with a line for each part it lacks.

    Without this a preview promises objects that no cluster knows, and the update fails halfway. What is returned is to
    be told: names that lead nowhere, with which an update comes through and canaries cannot be judged. Where everything
    is installed nothing is asked.
    """
    platform = settings.platform
    parts = {
        "platform.monitoring": (platform.monitoring, "Prometheus Operator", _MONITORING),
        "platform.argoRollouts": (platform.argo_rollouts, "Argo Rollouts", _ARGO_ROLLOUTS),
    }
    adopted = {path: (what, kinds) for path, (part, what, kinds) in parts.items() if not part.install}
    if not adopted:
        return []
    serves = serves or served_by(settings)
    read = read or reader_of(settings)
    if platform.of_another_stack:
        _ensure_anothers(settings, serves, read)
        return []
    lines = [line for path, (what, kinds) in adopted.items() for line in _lacking(settings, path, what, kinds, serves)]
    named = not platform.monitoring.install
    if named and not is_there(read, platform.monitoring.namespace):
        lines.append(_nowhere(settings))
    if lines:
        raise ClusterError("\n".join(lines))
    misnamed = _misnamed(settings, read) if named else ()
    return [*misnamed, *_unread(settings, read)]


def _ensure_anothers(settings: StackSettings, serves: Serves, read: Reader) -> None:
    """Make sure that another stack has the platform: what watches releases comes with it, and nobody else misses it."""
    monitoring = settings.platform.monitoring
    missing = _unknown((*_MONITORING, *_ARGO_ROLLOUTS), serves)
    lacks = partial(_lacks, read, monitoring.namespace)
    named = {"ConfigMap": CONTROLLER_DASHBOARD}
    if not settings.prometheus.address:
        named["Service"] = monitoring.prometheus_service
    missing += [
        f"{kind} '{name}' in namespace '{monitoring.namespace}'" for kind, name in named.items() if lacks(kind, name)
    ]
    if missing:
        raise ClusterError(
            f"context '{settings.cluster.context}': the platform is another stack's (platform.ofAnotherStack), and the "
            f"cluster has no {', no '.join(missing)}; bring that stack up first, and say here what is called otherwise "
            "there: platform.monitoring.namespace, platform.monitoring.release, prometheus.address"
        )


def _lacking(
    settings: StackSettings, path: str, what: str, kinds: tuple[Definition, ...], serves: Serves
) -> Iterator[str]:
    if missing := _unknown(kinds, serves):
        yield (
            f"context '{settings.cluster.context}': {path}.install is false, and the cluster has no "
            f"{', '.join(missing)}; install {what} there, or have it installed: "
            f"{config_set(f'{path}.install', settings.stack, 'true')}"
        )


def _unknown(kinds: tuple[Definition, ...], serves: Serves) -> list[str]:
    return [f"{kind.plural}.{kind.group}/{kind.version}" for kind in kinds if not serves(kind)]


def _nowhere(settings: StackSettings) -> str:
    return (
        f"context '{settings.cluster.context}': platform.monitoring.install is false, and the cluster has no namespace "
        f"'{settings.platform.monitoring.namespace}', where the dashboards are to go; name that of its monitoring "
        f"stack: {config_set('platform.monitoring.namespace', settings.stack, 'NAMESPACE')}"
    )


def _misnamed(settings: StackSettings, read: Reader) -> Iterator[Problem]:
    """The Service and the ServiceAccount of Prometheus that are not there; those we may not read are passed over."""
    monitoring = settings.platform.monitoring
    lacks, problem = partial(_lacks, read, monitoring.namespace), partial(_problem, settings)
    inside = f"in namespace '{monitoring.namespace}' of the cluster"
    service, account = monitoring.prometheus_service, monitoring.prometheus_account
    if not settings.prometheus.address and lacks("Service", service):
        told = f"is derived, and there is no Service '{service}' {inside}: no canary could be judged"
        yield problem("prometheus.address", f"{told}; say where Prometheus is", "URL")
    if lacks("ServiceAccount", account):
        told = f"there is no ServiceAccount '{account}' {inside}, and Prometheus gets no permission to read Rollouts"
        yield problem("platform.monitoring.serviceAccount", f"{told}; name the one it runs as", "NAME")


def _unread(settings: StackSettings, read: Reader) -> Iterator[Problem]:
    """A controller that is there without the Service by which Prometheus finds it."""
    argo_rollouts = settings.platform.argo_rollouts
    if argo_rollouts.install or argo_rollouts.create_metrics_service:
        return
    if _lacks(read, argo_rollouts.namespace, "Service", METRICS_SERVICE):
        told = (
            f"there is no Service '{METRICS_SERVICE}' in namespace '{argo_rollouts.namespace}' of the cluster; where "
            "none of another name leads to the controller's metrics, have it made"
        )
        yield _problem(settings, "platform.argoRollouts.createMetricsService", told, "true")


def _lacks(read: Reader, namespace: str, kind: str, name: str) -> bool:
    try:
        return read(kind, namespace, name) is None
    except ForbiddenError:
        return False


def _problem(settings: StackSettings, path: str, told: str, value: str) -> Problem:
    command = config_set(path, settings.stack, value)
    return Problem(f"Pulumi.{settings.stack}.yaml", f"config.{NAMESPACE}:{path}", f"{told}: {command}")


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
