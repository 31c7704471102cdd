"""AlertRouting: who is told of which alert, on a monitoring stack that we install as on one that was there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pulumi

from catalog.alerting import Alerting
from catalog.platform import Monitoring
from catalog.stack import StackSettings
from components.alert_inhibition import inhibit_rules
from components.alert_receivers import receivers
from components.alert_routes import WATCHDOG, Scope, route
from components.credentials import Credentials
from components.kubernetes_object import MANAGED_BY, KubernetesObject
from observability.metrics import NAMESPACE, SEVERITY
from observability.records import INTERVAL

NAME = "alert-routing"
"""Of the AlertmanagerConfigs, and of the Secrets beside them."""


@dataclass(frozen=True)
class AlertRoutingArgs:
    """The channels, the namespaces whose alerts are ours, and what must be there first.

    `namespaces` are those of the services and of Argo Rollouts, the services' one first; the alerts of `other_stacks`
    are theirs to tell; `environment` is named in each message.
    """

    alerting: Alerting
    monitoring: Monitoring
    environment: str
    namespaces: Sequence[str]
    after: Sequence[pulumi.Resource] = field(default=())
    other_stacks: Sequence[str] = ()

    @classmethod
    def of(cls, settings: StackSettings, after: Sequence[pulumi.Resource] = ()) -> Self:
        """What the settings of a stack say."""
        platform, alerting = settings.platform, settings.alerting
        # What is told of a controller that is another stack's, that stack tells.
        controller = [] if platform.of_another_stack else [platform.argo_rollouts.namespace]
        namespaces = [settings.namespace, *controller]
        return cls(alerting, platform.monitoring, settings.environment, namespaces, after, platform.other_stacks)

    @property
    def scopes(self) -> list[Scope]:
        """The AlertmanagerConfigs there are to be; none where there is nobody to tell.

        Each namespace has its own, as the operator by default lets one route the alerts of its own namespace alone.
        Where the stack installs Alertmanager, a further one beside it has all others (of nodes, of pods anywhere, those
        without a namespace), for which MonitoringStack exempts that namespace from the rule; on an adopted stack they
        are not ours.

        The heartbeat follows from Watchdog, which has no namespace: from the one that comes with an installed stack, or
        from one of our own where that could not reach us.
        """
        if not self.alerting.has_channel and not self.alerting.heartbeat:
            return []
        beats = self.alerting.heartbeat is not None
        own = list(dict.fromkeys(self.namespaces))
        if not self.monitoring.install:
            return [Scope(name, heartbeat=beats and name == own[0]) for name in own]
        beside = self.monitoring.namespace
        others = [name for name in own if name != beside]
        return [*map(Scope, others), Scope(beside, all_but=(*others, *self.other_stacks), heartbeat=beats)]


class AlertRouting(pulumi.ComponentResource):
    """An AlertmanagerConfig and a Secret in each namespace whose alerts are ours, and a Watchdog where none is."""

    def __init__(self, name: str, args: AlertRoutingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("api-observability:index:AlertRouting", name, None, opts)
        self._args = args
        self.objects = [each for scope in args.scopes for each in self._routing(scope)]
        self.watchdog = self._watchdog()
        self.register_outputs({"namespaces": [scope.namespace for scope in args.scopes]})

    def _routing(self, scope: Scope) -> Iterator[KubernetesObject]:
        """The Secret before what refers to it: the operator leaves out a configuration whose Secret is not there."""
        credentials = Credentials(NAME, scope.namespace)
        manifest = self._alertmanager_config(scope, credentials)
        secret = credentials.provision(self._options(), f"{scope.namespace}-{NAME}")
        yield from secret
        yield KubernetesObject(f"{scope.namespace}-{NAME}", manifest, self._options(secret))

    def _alertmanager_config(self, scope: Scope, credentials: Credentials) -> dict[str, Any]:
        args, inhibited = self._args, inhibit_rules(scope)
        return {
            # v1beta1 is served only where the conversion webhook of the operator runs.
            "apiVersion": "monitoring.coreos.com/v1alpha1",
            "kind": "AlertmanagerConfig",
            "metadata": self._metadata(NAME, scope.namespace, args.alerting.labels),
            "spec": {
                "route": route(args.alerting, scope),
                **({"inhibitRules": inhibited} if inhibited else {}),
                "receivers": receivers(
                    args.alerting, args.environment, credentials.reference, heartbeat=scope.heartbeat
                ),
            },
        }

    def _watchdog(self) -> KubernetesObject | None:
        """Fires as long as Prometheus evaluates our rules, in a namespace whose alerts reach us."""
        args = self._args
        if args.monitoring.install or not args.alerting.heartbeat:
            return None
        namespace = args.namespaces[0]
        alert = {
            # By this name the stacks that are there know what to do with it, and tell nobody.
            "alert": WATCHDOG,
            "expr": "vector(1)",
            "labels": {SEVERITY: "none", NAMESPACE: namespace},
            "annotations": {
                "summary": "Alerting works",
                "description": "Fires always. Who waits for the heartbeat that follows from it knows once it stops.",
            },
        }
        manifest = {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": self._metadata("watchdog", namespace),
            "spec": {"groups": [{"name": "watchdog", "interval": str(INTERVAL), "rules": [alert]}]},
        }
        return KubernetesObject("watchdog", manifest, self._options())

    def _metadata(self, name: str, namespace: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
        """With the label by which the stack's Prometheus, and often its Alertmanager, picks what is for it."""
        own = {**MANAGED_BY, "release": self._args.monitoring.release, **(labels or {})}
        return {"name": name, "namespace": namespace, "labels": own}

    def _options(self, after: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*self._args.after, *after])
