"""MonitoringStack: kube-prometheus-stack, installed by this program or used as the cluster has it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from catalog.platform import Monitoring
from catalog.prometheus_settings import Prometheus
from components import platform_chart


@dataclass(frozen=True)
class MonitoringStackArgs:
    """How to have the monitoring stack, how long its Prometheus keeps samples, and what must be there first."""

    monitoring: Monitoring
    prometheus: Prometheus
    address: str
    after: Sequence[pulumi.Resource] = field(default=())


class MonitoringStack(pulumi.ComponentResource):
    """The Prometheus Operator with Prometheus, Alertmanager and Grafana; `ready` comes before what it watches."""

    def __init__(self, name: str, args: MonitoringStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("api-observability:index:MonitoringStack", name, None, opts)
        self._args = args
        self.ready = platform_chart.install(args.monitoring, self._values(), self, args.after)
        self.register_outputs({"prometheusAddress": args.address})

    def _values(self) -> dict[str, Any]:
        return {
            # Names that do not depend on how the release came to be: the Prometheus address is derived from this one.
            "fullnameOverride": self._args.monitoring.release,
            "prometheus": {
                "prometheusSpec": {
                    "retention": self._args.prometheus.retention,
                    "retentionSize": self._args.prometheus.retention_size.prometheus,
                }
            },
        }
