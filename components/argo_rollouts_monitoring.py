"""ArgoRolloutsMonitoring: the Argo Rollouts controller, and what Prometheus needs to see it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pulumi

from catalog.alerting import Alerting
from catalog.platform import ArgoRollouts, Monitoring
from catalog.stack import StackSettings
from components import platform_chart
from components.argo_rollouts_notifications import notification_config_map, notification_secret
from components.argo_rollouts_scraping import controller_monitor, metrics_service, requests_monitor
from components.argo_rollouts_values import RELIED_ON, argo_rollouts_values
from components.kubernetes_object import MANAGED_BY, KubernetesObject
from components.overridden_values import undone
from observability.metrics import ARGO_ROLLOUTS_JOB
from observability.notifications import NotificationConfig, notification_config


@dataclass(frozen=True)
class ArgoRolloutsMonitoringArgs:
    """How to have Argo Rollouts, which monitoring stack watches it, and what must be there first.

    An installed controller is made large enough for so many `services`.
    `alerting` has the channels that hear of releases, and `grafana` is the address that messages link to. A controller
    that is there already has a configuration of its messages too: with `take_over_notifications` it gets this one.
    """

    argo_rollouts: ArgoRollouts
    monitoring: Monitoring
    replicas: int = 1
    services: int = 0
    alerting: Alerting = field(default_factory=Alerting)
    grafana: str | None = None
    take_over_notifications: bool = False
    after: Sequence[pulumi.Resource] = field(default=())

    @classmethod
    def of(cls, settings: StackSettings, services: int = 0, after: Sequence[pulumi.Resource] = ()) -> Self:
        """What the settings of a stack with so many services say."""
        return cls(
            settings.platform.argo_rollouts,
            settings.platform.monitoring,
            replicas=settings.argo_rollouts_replicas,
            services=services,
            alerting=settings.alerting,
            grafana=settings.grafana.url,
            take_over_notifications=settings.platform.argo_rollouts.take_over_notifications,
            after=after,
        )

    @property
    def tells(self) -> bool:
        """Whether the controller's configuration of messages is this program's."""
        return self.argo_rollouts.install or self.take_over_notifications


class ArgoRolloutsMonitoring(pulumi.ComponentResource):
    """The controller, installed or adopted; how Prometheus reads it; and what it says of releases, to whom.

    `ready` comes before Rollouts do.
    """

    def __init__(self, name: str, args: ArgoRolloutsMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("api-observability:index:ArgoRolloutsMonitoring", name, None, opts)
        self._args = args
        messages = notification_config(args.alerting, args.grafana)
        self.notifications = self._notifications(messages)
        self.controller = self._controller(messages)
        self.ready = [*self.notifications, *self.controller]
        after = [*args.after, *self.ready]
        create = args.argo_rollouts.create_metrics_service and not args.argo_rollouts.install
        self.metrics_service = self._object(metrics_service(args.argo_rollouts), after) if create else None
        self.service_monitor = self._object(controller_monitor(args.argo_rollouts, args.monitoring), after)
        self.requests_monitor = self._object(requests_monitor(args.argo_rollouts, args.monitoring), after)
        self.reader_role = self._object(self._reader_role(), after)
        self.reader_binding = self._object(self._reader_binding(), [self.reader_role, *after])
        self.register_outputs({"job": ARGO_ROLLOUTS_JOB})

    def _object(self, manifest: dict[str, Any], after: Sequence[pulumi.Resource]) -> KubernetesObject:
        return KubernetesObject(manifest["metadata"]["name"], manifest, self._options(after))

    def _options(self, after: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))

    def _notifications(self, messages: NotificationConfig) -> list[pulumi.Resource]:
        """The Secret; and the ConfigMap where no chart makes it. Without channels there is neither."""
        args = self._args
        if not args.tells or not messages.data:
            return []
        namespace = args.argo_rollouts.namespace
        made: list[pulumi.Resource] = []
        made += notification_secret(args.alerting, namespace).provision(self._options(args.after))
        if not args.argo_rollouts.install:
            made.append(self._object(notification_config_map(messages, namespace), [*args.after, *made]))
        return made

    def _controller(self, messages: NotificationConfig) -> list[pulumi.Resource]:
        """The Release; nothing where the cluster has a controller."""
        args = self._args
        if not args.argo_rollouts.install:
            return []
        values = argo_rollouts_values(args.replicas, args.services, messages)
        platform_chart.warn("platform.argoRollouts", undone(RELIED_ON, values, args.argo_rollouts.values), self)
        return platform_chart.install(args.argo_rollouts, values, self, [*args.after, *self.notifications])

    def _reader_role(self) -> dict[str, Any]:
        """What Prometheus may do with Rollouts and AnalysisRuns; other Argo projects have kinds in that group too."""
        return {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": self._reader_name, "labels": MANAGED_BY},
            "rules": [{"apiGroups": ["argoproj.io"], "resources": ["*"], "verbs": ["get", "list", "watch"]}],
        }

    def _reader_binding(self) -> dict[str, Any]:
        monitoring = self._args.monitoring
        account = {
            "kind": "ServiceAccount",
            "name": monitoring.prometheus_account,
            "namespace": monitoring.namespace,
        }
        return {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": self._reader_name, "labels": MANAGED_BY},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": self._reader_name},
            "subjects": [account],
        }

    @property
    def _reader_name(self) -> str:
        return f"{self._args.monitoring.prometheus_service}-argo-rollouts"
