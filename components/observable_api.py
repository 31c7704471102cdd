"""ObservableApi: everything one API service needs to be reached, watched and released with a canary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pulumi

from catalog.patch import patched
from catalog.services import Service
from components.canary_rollout import CanaryRollout, CanaryRolloutArgs
from components.kubernetes_object import SKIP_AWAIT, KubernetesObject
from components.naming import HTTP_PORT, METRICS_PORT, ROOT_SERVICE, metrics_port, object_metadata
from components.network_policy import Surroundings, network_policy
from components.rules import service_rules
from components.scaling import horizontal_pod_autoscaler, pod_disruption_budget
from components.service_monitor import service_monitor
from components.traffic import traffic_objects
from observability.analysis import PrometheusAccess
from observability.links import API_DASHBOARD, Links

API_TYPE = "api-observability:index:ObservableApi"
"""The type of the component, as it stands in the URNs of it and its objects."""

OWNED_BY_THE_CONTROLLER = ["spec.selector"]
"""Argo Rollouts writes the pod-template hash into the selectors of canary and stable Services. They start with the
service's own selector and are then left alone: to apply them again would be a conflict, or would cut the hash out."""


@dataclass(frozen=True)
class ObservableApiArgs:
    """One service, the namespace it runs in, and what it needs to know of the platform.

    `release` is the value of the label by which Prometheus picks up ServiceMonitors; `around` is who may call;
    `prometheus_access` is how analyses get in at `prometheus_address`; `config_checksum` is of what the cluster holds
    for the pods to read; `subscriptions` are annotations of the Rollout that say who hears of it; `links` lead to
    dashboards and runbooks; `after` must be there first.
    """

    service: Service
    namespace: str
    prometheus_address: str
    release: str
    around: Surroundings
    prometheus_access: PrometheusAccess | None = None
    config_checksum: str | None = None
    subscriptions: Mapping[str, str] = field(default_factory=dict)
    links: Links = field(default_factory=Links)
    after: Sequence[pulumi.Resource] = field(default=())


class ObservableApi(pulumi.ComponentResource):
    """A Service, a ServiceMonitor, rules, a disruption budget and a CanaryRollout, and what else a service asks for."""

    def __init__(self, name: str, args: ObservableApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(API_TYPE, name, None, opts)
        self._args = args
        self.service = self._root_service()
        self.service_monitor = self._service_monitor()
        self.rules = self._rules()
        self.network_policy = self._network_policy()
        self.disruption_budget = self._disruption_budget()
        services = self._routed_services()
        self.traffic = [*services, *self._traffic_objects(after=[self.service, *services])]
        self.canary = self._canary()
        self.autoscaler = self._autoscaler()
        self.url = f"http://{args.service.name}.{args.namespace}:{args.service.port}"
        self.commands = rollout_commands(args.service.name, args.namespace)
        self.dashboard = args.links.of_service(API_DASHBOARD, args.namespace, args.service.name)
        self.register_outputs(
            {
                "url": self.url,
                "rollout": args.service.name,
                "dashboard": self.dashboard,
                "commands": self.commands,
            }
        )

    def _object(
        self,
        manifest: Mapping[str, Any],
        patch: Mapping[str, Any],
        *,
        ignore_changes: list[str] | None = None,
        after: Sequence[pulumi.Resource] = (),
    ) -> KubernetesObject:
        options = pulumi.ResourceOptions(
            parent=self, depends_on=[*self._args.after, *after], ignore_changes=ignore_changes
        )
        return KubernetesObject(manifest["metadata"]["name"], patched(manifest, patch), options)

    def _root_service(self) -> KubernetesObject:
        service = self._args.service
        name, number = metrics_port(service)
        metrics = [_service_port(METRICS_PORT, number)] if name == METRICS_PORT else []
        return self._object(self._service(service.name, ROOT_SERVICE, metrics), service.patch.service)

    def _routed_services(self) -> list[KubernetesObject]:
        service = self._args.service
        if not service.is_routed:
            return []
        named = [
            (service.canary_service, service.patch.canary_service),
            (service.stable_service, service.patch.stable_service),
        ]
        return [
            self._object(self._service(name), patch, ignore_changes=OWNED_BY_THE_CONTROLLER) for name, patch in named
        ]

    def _service(
        self, name: str, labels: dict[str, str] | None = None, more_ports: Sequence[dict[str, Any]] = ()
    ) -> dict[str, Any]:
        service = self._args.service
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": object_metadata(service, self._args.namespace, name, labels=labels, annotations=SKIP_AWAIT),
            "spec": {
                "selector": service.pod_selector,
                "ports": [_service_port(HTTP_PORT, service.port), *more_ports],
            },
        }

    def _service_monitor(self) -> KubernetesObject:
        args = self._args
        manifest = service_monitor(args.service, args.namespace, args.release)
        return self._object(manifest, args.service.patch.service_monitor)

    def _rules(self) -> KubernetesObject:
        args = self._args
        manifest = service_rules(args.service, args.namespace, args.release, args.links)
        return self._object(manifest, args.service.patch.prometheus_rule)

    def _network_policy(self) -> KubernetesObject | None:
        args, service = self._args, self._args.service
        if service.network is None:
            return None
        manifest = network_policy(service, args.namespace, service.network, args.around)
        return self._object(manifest, service.patch.network_policy)

    def _disruption_budget(self) -> KubernetesObject | None:
        service = self._args.service
        if service.disruption_budget is None or not service.has_disruption_budget:
            return None
        manifest = pod_disruption_budget(service, self._args.namespace, service.disruption_budget)
        return self._object(manifest, service.patch.pod_disruption_budget)

    def _traffic_objects(self, after: Sequence[pulumi.Resource]) -> list[KubernetesObject]:
        service, namespace = self._args.service, self._args.namespace
        return [
            self._object(
                each.manifest, getattr(service.patch, each.patch), ignore_changes=each.ignore_changes, after=after
            )
            for each in traffic_objects(service, namespace, partial(object_metadata, service, namespace))
        ]

    def _canary(self) -> CanaryRollout:
        args = self._args
        # Pods come last: the controller looks for the Services and routes, and a policy must be there before a caller.
        first = [self.service, *self.traffic, *([self.network_policy] if self.network_policy else [])]
        return CanaryRollout(
            args.service.name,
            CanaryRolloutArgs(
                args.service,
                args.namespace,
                args.prometheus_address,
                prometheus_access=args.prometheus_access,
                config_checksum=args.config_checksum,
                subscriptions=args.subscriptions,
                after=[*args.after, *first],
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _autoscaler(self) -> KubernetesObject | None:
        service = self._args.service
        if service.autoscaling is None:
            return None
        manifest = horizontal_pod_autoscaler(service, self._args.namespace, service.autoscaling)
        return self._object(manifest, service.patch.horizontal_pod_autoscaler, after=[self.canary.rollout])


def _service_port(name: str, number: int) -> dict[str, Any]:
    """A port of the same name in the pod, whatever its number there is."""
    return {"name": name, "port": number, "targetPort": name, "protocol": "TCP"}


def rollout_commands(rollout: str, namespace: str) -> dict[str, str]:
    """What a person types while a canary runs."""
    return {
        "watch": f"kubectl argo rollouts get rollout {rollout} -n {namespace} --watch",
        "promote": f"kubectl argo rollouts promote {rollout} -n {namespace}",
        "abort": f"kubectl argo rollouts abort {rollout} -n {namespace}",
        "retry": f"kubectl argo rollouts retry rollout {rollout} -n {namespace}",
    }
