"""SharedRules: what is recorded and watched of all services together, and of the controller that releases them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pulumi

from catalog.services import Service
from catalog.stack import StackSettings
from components.kubernetes_object import KubernetesObject
from components.rules import shared_rules
from observability.links import Links
from observability.platform_alerts import Releases


@dataclass(frozen=True)
class SharedRulesArgs:
    """The services that run in the namespace of `releases`, where their controller runs, and who reads the rules.

    `release` is the value of the label by which Prometheus picks them up; `after` must be there first.
    """

    releases: Releases
    controller_namespace: str
    release: str
    after: Sequence[pulumi.Resource] = field(default=())

    @classmethod
    def of(
        cls, settings: StackSettings, services: Sequence[Service], links: Links, after: Sequence[pulumi.Resource] = ()
    ) -> Self:
        """What the settings of a stack say."""
        platform = settings.platform
        releases = Releases.of(settings, services, links)
        return cls(releases, platform.argo_rollouts.namespace, platform.monitoring.release, after)


class SharedRules(pulumi.ComponentResource):
    """A PrometheusRule of the fleet, in the services' namespace, and one of releases, in the controller's.

    Where the controller is another stack's, the one of releases is in the services' namespace too.
    """

    def __init__(self, name: str, args: SharedRulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("api-observability:index:SharedRules", name, None, opts)
        self._args = args
        manifests = shared_rules(args.releases, args.controller_namespace, args.release)
        self.fleet, self.releases = map(self._object, manifests)
        self.register_outputs({})

    def _object(self, manifest: dict[str, Any]) -> KubernetesObject:
        options = pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after))
        return KubernetesObject(manifest["metadata"]["name"], manifest, options)
