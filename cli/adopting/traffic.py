"""Whether requests would go another way once an object is as the stack has it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.adopting.plan import Planned, shown

LEADING = ("Ingress", "HTTPRoute", "VirtualService", "NetworkPolicy")
"""The kinds that lead requests somewhere, or stop them."""

_OF_TOOLS = ("meta.helm.sh/", "pulumi.com/", "kubectl.kubernetes.io/", "prometheus.io/", "argo-rollouts.argoproj.io/")
"""Annotations that no router reads."""

_ROUTING = ("trafficRouting", "stableService", "canaryService")

Pods = Sequence[Mapping[str, Any]]


def moved(planned: Planned, template: Mapping[str, Any] | None, pods: Pods) -> Iterator[str]:
    """What would move requests; `template` is that of the service's pods, where it has any."""
    kind, live, after = planned.key.kind, planned.live, planned.after
    if kind in LEADING and live is None:
        yield "is not there yet, and would lead or stop requests; leave it out of the stack until the adoption is over"
    if live is None or after is None:
        return
    if kind in LEADING:
        before, then = _read_by_routers(live), _read_by_routers(after)
        if changed := [name for name in before if before[name] != then[name]]:
            yield f"would lead requests otherwise ({', '.join(changed)}); make them alike in services.yaml or `patch`"
    if kind == "Service":
        before, then = (_read_by_routers(body)["metadata.annotations"] for body in (live, after))
        if lost := sorted(name for name, value in before.items() if then.get(name) != value):
            told = f"would lose or change the annotations {', '.join(lost)}, which load balancers and DNS may go by"
            yield f"{told}; keep them with patch: {{service: {{metadata: {{annotations: …}}}}}}"
        yield from _service(live["spec"], after["spec"], template, pods)
    if kind == "Rollout":
        yield from _strategy(live["spec"].get("strategy") or {}, after["spec"].get("strategy") or {})


def _read_by_routers(body: Mapping[str, Any]) -> dict[str, Any]:
    annotations = shown(body)["metadata"].get("annotations") or {}
    told = {key: value for key, value in annotations.items() if not key.startswith(_OF_TOOLS)}
    return {"spec": body.get("spec"), "metadata.annotations": told}


def _service(
    before: Mapping[str, Any], after: Mapping[str, Any], template: Mapping[str, Any] | None, pods: Pods
) -> Iterator[str]:
    for name in sorted((before.keys() | after.keys()) - {"ports", "selector"}):
        if before.get(name) != after.get(name):
            told = f"spec.{name} would become {after.get(name)!r} instead of {before.get(name)!r}"
            yield f"{told}; keep it with patch: {{service: {{spec: {{{name}: …}}}}}}"
    chosen = [_chosen(side.get("selector") or {}, pods) for side in (before, after)]
    if chosen[0] != chosen[1]:
        yield (
            f"would choose {len(chosen[1])} pods instead of {len(chosen[0])}, or others; make selectorLabels those of "
            "the pods"
        )
    new = {(port["port"], port.get("protocol", "TCP")): port for port in after.get("ports") or []}
    for port in before.get("ports") or []:
        number = port["port"]
        other = new.get((number, port.get("protocol", "TCP")))
        if other is None:
            yield f"would have no port {number} any more; keep it with patch: {{service: {{spec: {{ports: …}}}}}}"
            continue
        for name in ("name", "appProtocol"):
            if port.get(name) not in (None, other.get(name)):
                told = f"port {number} would have the {name} {other.get(name)!r} instead of {port[name]!r}"
                yield f"{told}, by which others may know it; keep it with patch: {{service: {{spec: {{ports: …}}}}}}"
        if template and (found := _target(other, template)) != (known := _target(port, template)):
            lead = f"port {number} would lead to {found or other.get('targetPort')} in the pods that run"
            known_as = f"instead of {known}"
            yield f"{lead} {known_as}; keep it with patch: {{service: {{spec: {{ports: …}}}}}}"


def _chosen(selector: Mapping[str, str], pods: Pods) -> set[str]:
    return {
        str(pod["metadata"]["name"])
        for pod in pods
        if selector and selector.items() <= (pod["metadata"].get("labels") or {}).items()
    }


def _target(port: Mapping[str, Any], template: Mapping[str, Any]) -> int | None:
    """The number of the port in the pods; None where they have none of that name."""
    wanted = port.get("targetPort", port["port"])
    if isinstance(wanted, int):
        return wanted
    named = (
        each["containerPort"]
        for container in template["spec"]["containers"]
        for each in container.get("ports") or []
        if each.get("name") == wanted
    )
    return next(named, None)


def _strategy(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if "canary" not in before:
        yield f"has the strategy {', '.join(before) or 'none'}, and would have another; only canaries can be adopted"
        return
    old, new = ({key: side["canary"].get(key) for key in _ROUTING} for side in (before, after))
    for key in _ROUTING:
        if old[key] != new[key]:
            told = f"spec.strategy.canary.{key} would become {new[key]!r} instead of {old[key]!r}"
            yield f"{told}; split the traffic as the chart does until the adoption is over"
