"""CanaryRollout: the Rollout of one service and the AnalysisTemplate that its steps ask."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from catalog.services import Analysis, Pause, Service, SetWeight
from components.kubernetes_object import KubernetesObject
from components.naming import CONTAINER, HTTP_PORT, object_labels
from observability import analysis, metrics


@dataclass(frozen=True)
class CanaryRolloutArgs:
    """What a canary needs to know: its service, where it runs, whom its analysis asks, and what must be there first."""

    service: Service
    namespace: str
    prometheus_address: str
    after: Sequence[pulumi.Resource] = field(default=())


class CanaryRollout(pulumi.ComponentResource):
    """A service's pods, and the steps by which a new version takes over from the one that runs."""

    def __init__(self, name: str, args: CanaryRolloutArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("api-observability:index:CanaryRollout", name, None, opts)
        self._args = args
        self.analysis_template = self._object(self._analysis_template(), args.after)
        self.rollout = self._object(self._rollout(), [*args.after, self.analysis_template])
        self.register_outputs({"rollout": self._args.service.name})

    def _object(self, manifest: dict[str, Any], after: Sequence[pulumi.Resource]) -> KubernetesObject:
        options = pulumi.ResourceOptions(parent=self, depends_on=list(after))
        return KubernetesObject(self._args.service.name, manifest, options)

    def _metadata(self) -> dict[str, Any]:
        return {
            "name": self._args.service.name,
            "namespace": self._args.namespace,
            "labels": object_labels(self._args.service),
        }

    def _analysis_template(self) -> dict[str, Any]:
        args = self._args
        address = args.service.prometheus_address or args.prometheus_address
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisTemplate",
            "metadata": self._metadata(),
            "spec": {
                "args": [{"name": analysis.CANARY_HASH_ARGUMENT}],
                "metrics": analysis.analysis_metrics(args.service, args.namespace, address),
            },
        }

    def _rollout(self) -> dict[str, Any]:
        service = self._args.service
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": self._metadata(),
            "spec": {
                "replicas": service.replicas,
                "revisionHistoryLimit": 5,
                "selector": {"matchLabels": service.pod_selector},
                "template": {
                    # Only these: with the owner's own labels on the pods, editing one would start a canary.
                    "metadata": {"labels": service.pod_selector},
                    "spec": self._pod(),
                },
                "strategy": {"canary": self._strategy()},
            },
        }

    def _pod(self) -> dict[str, Any]:
        service = self._args.service
        return {
            # No service calls the Kubernetes API, so none gets a token for it.
            "automountServiceAccountToken": False,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": CONTAINER,
                    "image": service.image,
                    "ports": [{"name": HTTP_PORT, "containerPort": service.port}],
                    "resources": service.resources.model_dump(exclude_none=True),
                    # TCP until a service names a health path: an open port is all that each of them promises.
                    "readinessProbe": {"tcpSocket": {"port": HTTP_PORT}, "periodSeconds": 5},
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                }
            ],
        }

    def _strategy(self) -> dict[str, Any]:
        strategy: dict[str, Any] = {
            "steps": [self._step(step) for step in self._args.service.canary.steps],
            # For people and dashboards; turned from canary to stable by the controller when a version is promoted.
            "canaryMetadata": {"labels": {metrics.VERSION: metrics.CANARY}},
            "stableMetadata": {"labels": {metrics.VERSION: metrics.STABLE}},
        }
        if self._args.service.traffic.router == "nginx":
            strategy |= {
                "canaryService": self._args.service.canary_service,
                "stableService": self._args.service.stable_service,
                "trafficRouting": {"nginx": {"stableIngress": self._args.service.name}},
            }
        return strategy

    def _step(self, step: SetWeight | Pause | Analysis) -> dict[str, Any]:
        match step:
            case SetWeight(set_weight=weight):
                return {"setWeight": weight}
            case Pause(pause="forever"):
                return {"pause": {}}
            case Pause(pause=duration):
                return {"pause": {"duration": str(duration)}}
            case Analysis():
                latest = {"name": analysis.CANARY_HASH_ARGUMENT, "valueFrom": {"podTemplateHashValue": "Latest"}}
                return {"analysis": {"templates": [{"templateName": self._args.service.name}], "args": [latest]}}
