"""Settings that would shape what a stack installs, on a stack that takes it over as it is."""

from collections.abc import Iterator

from catalog.model import Model
from catalog.platform import Chart
from catalog.problems import Fault
from catalog.stack import StackSettings

_OF_A_CHART = ("chart", "version", "repository", "values")
_OF_PROMETHEUS = ("retention", "retention_size", "storage", "replicas", "remote_write", "external_labels")
_OF_GRAFANA = ("admin_secret", "persistence")


def without_effect(settings: StackSettings) -> list[Fault]:
    """A warning for each setting that somebody wrote and that nothing reads, since its part is not installed."""
    monitoring, argo_rollouts = settings.platform.monitoring, settings.platform.argo_rollouts
    return [
        *_idle(monitoring, "platform.monitoring", monitoring, (*_OF_A_CHART, "scrape_control_plane")),
        *_idle(monitoring, "prometheus", settings.prometheus, _OF_PROMETHEUS),
        *_idle(monitoring, "alerting", settings.alerting, ("replicas",)),
        *_idle(monitoring, "grafana", settings.grafana, _OF_GRAFANA),
        *_idle(argo_rollouts, "platform.argoRollouts", argo_rollouts, (*_OF_A_CHART, "replicas")),
    ]


def _idle(part: Chart, path: str, model: Model, names: tuple[str, ...]) -> Iterator[Fault]:
    if part.install:
        return
    for name in names:
        if name in model.model_fields_set:
            key = type(model).model_fields[name].alias or name
            yield (
                f"{path}.{key}",
                f"has no effect: what namespace '{part.namespace}' has is used as it is (install: false); leave it out",
            )
