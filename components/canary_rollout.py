"""CanaryRollout: the Rollout of one service and the AnalysisTemplate that its steps ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from catalog.canary import Analysis, CanaryPlan, Pause, SetCanaryScale, SetWeight, Step
from catalog.patch import patched
from catalog.services import Service
from components.kubernetes_object import KubernetesObject
from components.naming import object_metadata
from components.pod import pod_template
from components.traffic import traffic_strategy, with_tester_step
from observability import analysis, metrics
from observability.analysis import PrometheusAccess

OWNED_BY_THE_AUTOSCALER = ["spec.replicas"]
"""The number of pods starts at the autoscaler's least and is then the autoscaler's: to apply it again would be a
conflict, or would throw away most of the pods. Leaving it out is no way: the controller would write a 1 there."""


@dataclass(frozen=True)
class CanaryRolloutArgs:
    """What a canary needs to know: its service, where it runs, whom its analysis asks, and what must be there first.

    `prometheus_access` is for `prometheus_address` alone. A change of `config_checksum`, of what the cluster holds for
    the pods to read, starts a canary. `subscriptions` are annotations that tell the controller whom to notify.
    """

    service: Service
    namespace: str
    prometheus_address: str
    prometheus_access: PrometheusAccess | None = None
    config_checksum: str | None = None
    subscriptions: Mapping[str, str] = field(default_factory=dict)
    after: Sequence[pulumi.Resource] = field(default=())


class CanaryRollout(pulumi.ComponentResource):
    """A service's pods, and the steps by which a new version takes over from the one that runs."""

    def __init__(self, name: str, args: CanaryRolloutArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("api-observability:index:CanaryRollout", name, None, opts)
        self._args = args
        self.analysis_template = self._object(self._analysis_template(), args.after)
        self.rollout = self._object(
            self._rollout(),
            [*args.after, self.analysis_template],
            ignore_changes=OWNED_BY_THE_AUTOSCALER if args.service.autoscaling else None,
        )
        self.register_outputs({"rollout": args.service.name})

    def _object(
        self, manifest: dict[str, Any], after: Sequence[pulumi.Resource], ignore_changes: list[str] | None = None
    ) -> KubernetesObject:
        options = pulumi.ResourceOptions(parent=self, depends_on=list(after), ignore_changes=ignore_changes)
        return KubernetesObject(self._args.service.name, manifest, options)

    def _analysis_template(self) -> dict[str, Any]:
        service, namespace = self._args.service, self._args.namespace
        address, access = self._prometheus()
        manifest = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisTemplate",
            "metadata": object_metadata(service, namespace),
            "spec": analysis.template_spec(service, namespace, address, access),
        }
        return patched(manifest, service.patch.analysis_template)

    def _prometheus(self) -> tuple[str, PrometheusAccess | None]:
        """Whom the analysis asks, and with which credentials: a service's own Prometheus must not see the stack's."""
        own = self._args.service.prometheus_address
        return (own, None) if own else (self._args.prometheus_address, self._args.prometheus_access)

    def _rollout(self) -> dict[str, Any]:
        service = self._args.service
        manifest = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": object_metadata(service, self._args.namespace, annotations=dict(self._args.subscriptions)),
            "spec": {
                "replicas": service.fewest_replicas,
                **_progress(service.canary),
                "revisionHistoryLimit": service.canary.revision_history_limit,
                "selector": {"matchLabels": service.pod_selector},
                "template": pod_template(service, self._args.config_checksum),
                "strategy": {"canary": _strategy(service)},
            },
        }
        return patched(manifest, service.patch.rollout)


def _progress(plan: CanaryPlan) -> dict[str, Any]:
    """When a pod counts as there, when a release counts as failed, and which versions come back without steps."""
    return {
        **({"minReadySeconds": int(plan.min_ready)} if plan.min_ready else {}),
        "progressDeadlineSeconds": int(plan.progress_deadline),
        **({"progressDeadlineAbort": True} if plan.abort_at_deadline else {}),
        **({"rollbackWindow": {"revisions": plan.rollback_window}} if plan.rollback_window else {}),
    }


def _strategy(service: Service) -> dict[str, Any]:
    steps = with_tester_step(service, (_step(service, step) for step in service.canary.steps))
    return {
        "steps": steps,
        # Argo's own default lets a quarter of the pods be missing while it moves them.
        "maxUnavailable": 0,
        # For people and dashboards; turned from canary to stable by the controller when a version is promoted.
        "canaryMetadata": {"labels": {metrics.VERSION: metrics.CANARY}},
        "stableMetadata": {"labels": {metrics.VERSION: metrics.STABLE}},
        **_background(service, steps),
        **traffic_strategy(service),
        **(_scales(service.canary) if service.is_routed else {}),
    }


def _background(service: Service, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """The analysis beside the steps; it counts those of the catalog, among which the tester's may have been put."""
    background = analysis.background_analysis(service)
    if background is None:
        return {}
    start = background["startingStep"]
    added = sum("setHeaderRoute" in step for step in steps[:start])
    return {"analysis": {**background, "startingStep": start + added}}


def _scales(plan: CanaryPlan) -> dict[str, Any]:
    """How many pods there are beside those that the traffic needs."""
    delay = plan.abort_scale_down_delay
    return {
        **({"abortScaleDownDelaySeconds": int(delay)} if delay else {}),
        **({"dynamicStableScale": True} if plan.dynamic_stable_scale else {}),
    }


def _step(service: Service, step: Step) -> dict[str, Any]:
    match step:
        case SetWeight(set_weight=weight):
            return {"setWeight": weight}
        case Pause(pause="forever"):
            return {"pause": {}}
        case Pause(pause=duration):
            return {"pause": {"duration": str(duration)}}
        case Analysis():
            return {"analysis": analysis.step_analysis(service)}
        case SetCanaryScale(set_canary_scale=scale):
            return {"setCanaryScale": scale.model_dump(by_alias=True, exclude_none=True)}
