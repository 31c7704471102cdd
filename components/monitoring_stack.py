"""MonitoringStack: kube-prometheus-stack, installed by this program or used as the cluster has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pulumi

from catalog.platform import Grafana, Monitoring
from catalog.prometheus_settings import Prometheus
from catalog.stack import StackSettings
from components import platform_chart
from components.credentials import Credentials
from components.monitoring_reliance import taken_away
from components.monitoring_values import Replicas, whole_stack
from components.monitoring_values_alertmanager import alertmanager_values
from components.monitoring_values_grafana import grafana_values
from components.monitoring_values_kube_state_metrics import kube_state_metrics_values
from components.monitoring_values_prometheus import prometheus_values

_REMOTE_WRITE = "prometheus-remote-write"
"""The Secret with the credentials of the stores that samples are sent to."""


@dataclass(frozen=True)
class MonitoringStackArgs:
    """How to have the monitoring stack, and what must be there first.

    `address` is Prometheus's; `origin` are external labels that say where samples come from. With `spread` no two
    replicas share a node.
    """

    monitoring: Monitoring
    prometheus: Prometheus
    address: str
    grafana: Grafana = field(default_factory=Grafana)
    origin: Mapping[str, str] = field(default_factory=dict)
    prometheus_replicas: int = 1
    alertmanager_replicas: int = 1
    alertmanager_url: str | None = None
    spread: bool = False
    after: Sequence[pulumi.Resource] = field(default=())

    @classmethod
    def of(cls, settings: StackSettings, after: Sequence[pulumi.Resource] = ()) -> Self:
        """What the settings of a stack say."""
        return cls(
            settings.platform.monitoring,
            settings.prometheus,
            settings.prometheus_address,
            grafana=settings.grafana,
            # The context is the name the cluster has for those who run this.
            origin={"cluster": settings.cluster.context, "environment": settings.environment},
            prometheus_replicas=settings.prometheus_replicas,
            alertmanager_replicas=settings.alertmanager_replicas,
            alertmanager_url=settings.alerting.url,
            spread=settings.is_production,
            after=after,
        )


class MonitoringStack(pulumi.ComponentResource):
    """The Prometheus Operator with Prometheus, Alertmanager and Grafana; `ready` comes before what it watches."""

    def __init__(self, name: str, args: MonitoringStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("api-observability:index:MonitoringStack", name, None, opts)
        self._args = args
        self.ready: list[pulumi.Resource] = []
        if args.monitoring.install:
            self.ready = self._installed()
        self.register_outputs({"prometheusAddress": args.address})

    def _installed(self) -> list[pulumi.Resource]:
        args = self._args
        credentials = Credentials(_REMOTE_WRITE, args.monitoring.namespace)
        values = self._values(credentials)
        platform_chart.warn("platform.monitoring", taken_away(values, args.monitoring.values), self)
        secrets = credentials.provision(pulumi.ResourceOptions(parent=self, depends_on=list(args.after)))
        return platform_chart.install(args.monitoring, values, self, [*args.after, *secrets])

    def _values(self, credentials: Credentials) -> dict[str, Any]:
        args = self._args
        return {
            **whole_stack(args.monitoring),
            "prometheus": prometheus_values(
                args.prometheus,
                args.monitoring.prometheus_account,
                Replicas(args.prometheus_replicas, args.spread),
                args.origin,
                credentials,
            ),
            "alertmanager": alertmanager_values(
                Replicas(args.alertmanager_replicas, args.spread),
                args.prometheus.storage.storage_class,
                args.alertmanager_url,
            ),
            "grafana": grafana_values(args.grafana),
            "kubeStateMetrics": {"enabled": True},
            "kube-state-metrics": kube_state_metrics_values(),
        }
