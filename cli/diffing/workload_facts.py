"""What is told of the objects that run a service: image, replicas, steps, checks, resources, addresses."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cli.diffing.rows import Body, at, called, items, told

_LIMIT = re.compile(r"result\[0\] (<=?|>=?|==) (-?[\d.]+(?:e-?\d+)?)")
_FEWEST = re.compile(r"\* [\d.]+\) >= (\d+)")


def rollout(body: Body) -> dict[str, str]:
    """A Rollout: what it runs, how often, and how a new version comes in."""
    spec = at(body, "spec")
    facts = {"namespace": str(at(body, "metadata", "namespace")), **dict(_containers(body))}
    if at(spec, "replicas") is not None:
        facts["replicas"] = str(at(spec, "replicas"))
    canary = at(spec, "strategy", "canary")
    if isinstance(canary, Mapping):
        facts["canary steps"] = ", ".join(map(_step, items(canary, "steps"))) or "none: all at once"
        facts["traffic split"] = ", ".join(sorted(at(canary, "trafficRouting") or {})) or "by the number of pods"
        background = at(canary, "analysis")
        facts["background analysis"] = f"from step {at(background, 'startingStep') or 0}" if background else "none"
    return facts


def _containers(body: Body) -> Iterator[tuple[str, str]]:
    pod = ("spec", "template", "spec")
    for group in ("initContainers", "containers"):
        for index, container in enumerate(items(body, *pod, group)):
            of = "" if (group, index) == ("containers", 0) else f" of {container.get('name')}"
            yield f"image{of}", str(container.get("image"))
            for part in ("requests", "limits"):
                sizes = at(container, "resources", part)
                if sizes:
                    yield f"resource {part}{of}", ", ".join(f"{key} {size}" for key, size in sorted(sizes.items()))
            for port in items(container, "ports"):
                yield f"port {port.get('name')}{of}", str(port.get("containerPort"))
            for variable in items(container, "env"):
                name = str(variable.get("name"))
                value = variable.get("value", variable.get("valueFrom"))
                yield f"variable {name}{of}", told(name, value)


def _step(step: Mapping[str, Any]) -> str:
    match dict(step):
        case {"setWeight": weight}:
            return f"{weight} %"
        case {"pause": {"duration": duration}}:
            return f"pause {duration}"
        case {"pause": _}:
            return "pause for a person"
        case {"analysis": _}:
            return "analysis"
        case other:
            return told("step", other)


def analysis_template(body: Body) -> dict[str, str]:
    """An AnalysisTemplate: what each check demands, how often it looks, and what it takes to roll back."""
    arguments = {f"{{{{args.{each.get('name')}}}}}": each.get("value") for each in items(body, "spec", "args")}
    facts: dict[str, str] = {}
    for metric in items(body, "spec", "metrics"):
        name = str(metric.get("name"))
        condition = str(metric.get("successCondition", ""))
        limit = _LIMIT.search(condition)
        facts[f"check {name}"] = _demand(name, limit[1], float(limit[2])) if limit else condition or "any value"
        count, interval, failures = (
            arguments.get(str(metric.get(key)), metric.get(key)) for key in ("count", "interval", "failureLimit")
        )
        facts[f"measurements of {name}"] = f"{count or 1}, every {interval}" if interval else "1"
        # A limit is how many failures are borne: the next one rolls back.
        rolls_back = str(int(failures or 0) + 1) if str(failures or 0).isdigit() else f"more than {failures}"
        facts[f"failures that roll back on {name}"] = rolls_back
        query = str(at(metric, "provider", "prometheus", "query") or "none")
        if fewest := _FEWEST.search(query):
            facts[f"fewest requests for {name}"] = fewest[1]
        facts[f"query of {name}"] = query
    return facts


def _demand(name: str, comparison: str, limit: float) -> str:
    if "against-stable" in name:
        return "not worse than stable allows"
    if name.endswith("-rate"):
        return f"{comparison} {limit * 100:g} %"
    if name.endswith("-latency"):
        return f"{comparison} {limit * 1000:g} ms"
    return f"{comparison} {limit:g}"


def service(body: Body) -> dict[str, str]:
    """A Service: its type, and its ports."""
    name = called(body)
    ports = ", ".join(f"{port.get('port')} to {port.get('targetPort')}" for port in items(body, "spec", "ports"))
    return {f"type of {name}": str(at(body, "spec", "type") or "ClusterIP"), f"ports of {name}": ports}


def service_monitor(body: Body) -> dict[str, str]:
    """A ServiceMonitor: what is scraped, how often, and how much of it."""
    facts: dict[str, str] = {}
    for index, endpoint in enumerate(items(body, "spec", "endpoints")):
        which = f" {index + 1}" if index else ""
        facts[f"scrape{which}"] = f"{endpoint.get('path', '/metrics')} every {endpoint.get('interval', 'default')}"
    for key, what in (("sampleLimit", "samples of a scrape"), ("labelLimit", "labels of a sample")):
        facts[f"most {what}"] = str(at(body, "spec", key) or "no limit")
    return facts


def autoscaler(body: Body) -> dict[str, str]:
    """A HorizontalPodAutoscaler: between how many pods."""
    return {"autoscaled replicas": f"{at(body, 'spec', 'minReplicas') or 1} to {at(body, 'spec', 'maxReplicas')}"}


def disruption_budget(body: Body) -> dict[str, str]:
    """A PodDisruptionBudget: how many pods a drain may take."""
    spec = at(body, "spec") or {}
    return {f"drains: {key}": str(spec[key]) for key in ("maxUnavailable", "minAvailable") if key in spec}


def route(body: Body) -> dict[str, str]:
    """An Ingress, HTTPRoute or VirtualService: the hosts it serves."""
    spec = at(body, "spec")
    hosts = at(spec, "hosts") or at(spec, "hostnames") or [rule.get("host", "*") for rule in items(spec, "rules")]
    return {f"hosts of {called(body)}": ", ".join(map(str, hosts))}
