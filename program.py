"""The whole program: settings and catalog in, components out, for `pulumi up`, rendering and the tests alike."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pulumi
from pulumi.runtime import config as engine_config

from catalog.adopted_settings import without_effect
from catalog.agreement import disagreements
from catalog.catalog_file import Catalog, load_catalog
from catalog.config_keys import NAMESPACE
from catalog.problems import Problem
from catalog.stack import StackSettings
from catalog.stack_file import environments_in, settings_from_config
from components import kubernetes_object
from components.adoption import adopting
from components.alert_routing import AlertRouting, AlertRoutingArgs
from components.argo_rollouts_monitoring import ArgoRolloutsMonitoring, ArgoRolloutsMonitoringArgs
from components.cluster import cluster_providers
from components.dashboards import Dashboards, DashboardsArgs
from components.live_objects import Live
from components.monitoring_stack import MonitoringStack, MonitoringStackArgs
from components.network_policy import Surroundings
from components.observable_api import ObservableApi, ObservableApiArgs
from components.referenced import Referenced
from components.shared_rules import SharedRules, SharedRulesArgs
from observability.links import Links
from observability.notifications import subscriptions

FOLDER = Path(__file__).resolve().parent
"""Where services.yaml and the stack files are."""


@dataclass(frozen=True)
class Outputs:
    """What a stack tells about itself once it is up: addresses, and what a person types while a canary runs."""

    prometheus_address: str
    services: dict[str, str] = field(default_factory=dict)
    dashboards: dict[str, str] = field(default_factory=dict)
    commands: dict[str, dict[str, str]] = field(default_factory=dict)


def look_for_garbage_seldom() -> None:
    """Once in 100,000 new objects, not in 700: nearly all that rendering makes is needed to its end.

    Measured with 100 services: a quarter less CPU time for 4 % more memory. Beside an engine no gain was seen.
    """
    gc.set_threshold(100_000)


def settings_of_the_run() -> StackSettings:
    """The settings of the stack the engine runs; raises CatalogError with every fault of its config.

    The engine's own mapping is read, not `pulumi.Config`: only that shows misspelt keys too.
    """
    config = {**engine_config.get_config_env(), **engine_config.CONFIG.get()}
    secret = [key for key in config if engine_config.is_config_secret(key)]
    return settings_from_config(config, pulumi.get_stack(), secret)


def load(settings: StackSettings) -> Catalog:
    """The services of the stack's environment; raises CatalogError with every fault of the file."""
    return load_catalog(FOLDER / settings.services_file, settings.environment, environments_in(FOLDER), settings.images)


def build(
    settings: StackSettings, catalog: Catalog, referenced: Referenced | None = None, live: Live | None = None
) -> Outputs:
    """Register every resource of the stack: namespaces, the platform, and the services that stand on it.

    `referenced` is what the cluster holds of the Secrets and ConfigMaps that services refer to; without a cluster, as
    in rendering, nothing is known of them. With `live`, what is there already is adopted.
    """
    referenced = referenced or Referenced()
    told = [*_warnings(settings), *disagreements(settings, catalog.services), *catalog.warnings, *referenced.warnings]
    for warning in told:
        pulumi.log.warn(str(warning))
    providers = cluster_providers(settings.cluster)
    on_cluster = pulumi.ResourceOptions(
        providers={"kubernetes": providers.objects},
        transformations=[*kubernetes_object.scaled(settings.time_scale), *adopting(live)],
    )
    namespaces = [
        kubernetes_object.namespace(name, providers.namespaces, labels)
        for name, labels in _namespaces(settings).items()
    ]
    links = Links(settings.grafana.url, settings.alerting.runbook_url)
    platform = _platform(settings, catalog, links, namespaces, on_cluster)
    around = Surroundings(
        {service.name: service.pod_selector for service in catalog.services}, settings.platform.monitoring.namespace
    )
    apis = {
        service.name: ObservableApi(
            service.name,
            ObservableApiArgs(
                service,
                settings.namespace,
                settings.prometheus_address,
                settings.platform.monitoring.release,
                prometheus_access=settings.prometheus.access,
                around=around,
                config_checksum=referenced.checksums.get(service.name),
                subscriptions={} if settings.platform.of_another_stack else subscriptions(service, settings.alerting),
                links=links,
                after=platform,
            ),
            on_cluster,
        )
        for service in catalog.services
    }
    return Outputs(
        settings.prometheus_address,
        {name: api.url for name, api in apis.items()},
        {name: api.dashboard for name, api in apis.items()},
        {name: api.commands for name, api in apis.items()},
    )


def _platform(
    settings: StackSettings,
    catalog: Catalog,
    links: Links,
    namespaces: Sequence[pulumi.Resource],
    on_cluster: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Register what the services stand on and are watched by; all that must be there before the first of them."""
    monitoring = MonitoringStack("monitoring", MonitoringStackArgs.of(settings, namespaces), on_cluster)
    ready = [*namespaces, *monitoring.ready]
    if not settings.platform.of_another_stack:
        of_controller = ArgoRolloutsMonitoringArgs.of(settings, len(catalog.services), ready)
        ready += ArgoRolloutsMonitoring("argo-rollouts", of_controller, on_cluster).ready
        Dashboards("dashboards", DashboardsArgs(settings.platform.monitoring.namespace, ready), on_cluster)
    AlertRouting("alert-routing", AlertRoutingArgs.of(settings, ready), on_cluster)
    SharedRules("shared-rules", SharedRulesArgs.of(settings, catalog.services, links, ready), on_cluster)
    return ready


def _warnings(settings: StackSettings) -> list[Problem]:
    """What is allowed in the stack's config, and may still not be what was meant."""
    file = f"Pulumi.{settings.stack}.yaml"
    found = [*settings.warnings, *settings.alerting.unheard, *without_effect(settings)]
    has_controller = not settings.platform.of_another_stack
    if has_controller and settings.alerting.has_channel and not ArgoRolloutsMonitoringArgs.of(settings).tells:
        found.append(("platform.argoRollouts", _OTHER_MESSAGES))
    return [Problem(file, f"config.{NAMESPACE}:{path}", message) for path, message in found]


_OTHER_MESSAGES = (
    "releases are told by the messages that the controller has, if any; for those of this program set "
    "takeOverNotifications"
)


def _namespaces(settings: StackSettings) -> dict[str, dict[str, str]]:
    """The namespaces of the services and of what this stack installs, with their labels; adopted ones are there.

    Only the services' enforces a level of pod security: charts bring pods of their own making.
    """
    level = settings.pod_security
    modes = () if level == "as it is" else ("enforce", "warn")
    enforced: dict[str, str] = {f"pod-security.kubernetes.io/{mode}": level for mode in modes}
    charts = (settings.platform.monitoring, settings.platform.argo_rollouts)
    return {settings.namespace: enforced, **{chart.namespace: {} for chart in charts if chart.install}}
