"""What a check of a running Prometheus finds: whether it scrapes, records and answers all that a stack relies on.

What Prometheus says goes in, findings come out: who asks it, and shows them, is somebody else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from observability import metrics
from observability.promql import canonical

Kind = Literal["target", "rule", "metric", "label", "panel"]
Verdict = Literal["ok", "fine", "gap"]
"""There; not there, as it should be now; and not there though something is to read it."""

Answer = Mapping[str, Any]
"""An object of Prometheus's API."""


@dataclass(frozen=True)
class Finding:
    """What was looked at: `where` is a service, a job or a group of rules, empty for what is of the whole stack."""

    kind: Kind
    where: str
    what: str
    verdict: Verdict
    why: str = ""


def target_findings(namespace: str, services: Iterable[str], targets: Sequence[Answer]) -> Iterator[Finding]:
    """Whether every service and the controller have targets (`/api/v1/targets`), and whether those can be read."""
    of_services = [each for each in targets if each["labels"].get(metrics.NAMESPACE) == namespace]
    for service in services:
        found = [each for each in of_services if each["labels"].get(metrics.SERVICE) == service]
        yield from _targets(service, "is there a ServiceMonitor, and do its labels match the Service?", found)
    for job in (metrics.ARGO_ROLLOUTS_JOB, metrics.ARGO_ROLLOUTS_REQUESTS_JOB):
        found = [each for each in targets if each["labels"].get(metrics.JOB) == job]
        yield from _targets(job, "is its ServiceMonitor there, and picked up?", found)


def _targets(where: str, ask: str, found: Sequence[Answer]) -> Iterator[Finding]:
    if not found:
        yield Finding("target", where, "no target", "gap", f"Prometheus looks for no pod of it: {ask}")
    for each in found:
        name = each["labels"].get(metrics.POD) or each["labels"].get(metrics.INSTANCE, "")
        verdict = _HEALTH.get(each["health"], "gap")
        yield Finding("target", where, name, verdict, _one_line(each.get("lastError") or "has not been scraped yet"))


_HEALTH: Mapping[str, Verdict] = {"up": "ok", "unknown": "fine"}


def rule_findings(expected: Iterable[Answer], loaded: Iterable[Answer]) -> Iterator[Finding]:
    """Whether Prometheus has every rule of the groups (`spec.groups`), and evaluates it (`/api/v1/rules`)."""
    there: dict[tuple[str, str], list[Answer]] = {}
    for group in loaded:
        for rule in group["rules"]:
            there.setdefault((group["name"], rule["name"]), []).append(rule)
    for group in expected:
        for rule in group["rules"]:
            name = rule.get("record") or rule["alert"]
            yield _rule(group["name"], name, rule["expr"], there.get((group["name"], name), []))


def _rule(group: str, name: str, expression: str, namesakes: Sequence[Answer]) -> Finding:
    if not namesakes:
        return Finding("rule", group, name, "gap", "is not loaded: is the PrometheusRule there, and picked up?")
    # Another stack may have groups of the same names: its rules speak of another namespace.
    wanted = canonical(expression)
    same = [rule for rule in namesakes if canonical(rule["query"]) == wanted]
    if not same:
        return Finding("rule", group, name, "gap", "is loaded with another expression: run `make up`")
    failing = [_one_line(rule.get("lastError") or "no reason given") for rule in same if rule["health"] == "err"]
    if failing:
        return Finding("rule", group, name, "gap", f"fails: {failing[0]}")
    if same[0]["health"] != "ok":
        return Finding("rule", group, name, "fine", "is not evaluated yet")
    return Finding("rule", group, name, "ok")


def summed_up(findings: Iterable[Finding]) -> dict[tuple[Kind, Verdict], int]:
    """How many there are of each kind and verdict."""
    return Counter((each.kind, each.verdict) for each in findings)


@dataclass(frozen=True)
class Alike:
    """What has been found in the same way, for the same reason, in several places."""

    kind: Kind
    places: Sequence[str]
    about: Sequence[str]
    why: str


def alike(findings: Iterable[Finding], verdict: Verdict) -> list[Alike]:
    """Those of a verdict, each reason once: one cause takes much with it, and often in every service."""
    by_place: dict[tuple[Kind, str, str], dict[str, None]] = {}
    for each in findings:
        if each.verdict == verdict:
            by_place.setdefault((each.kind, each.where, each.why), {})[each.what] = None
    grouped: dict[tuple[Kind, tuple[str, ...], str], list[str]] = {}
    for (kind, place, why), about in by_place.items():
        grouped.setdefault((kind, tuple(about), why), []).append(place)
    return [Alike(kind, places, about, why) for (kind, about, why), places in grouped.items()]


def _one_line(text: str) -> str:
    return " ".join(text.split())
