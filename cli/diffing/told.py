"""The rows that tell how one object changes: the facts of its kind, and the fields that no fact speaks of."""

import re
from collections.abc import Iterator, Mapping, Sequence

from cli.diffing import watching_facts, workload_facts
from cli.diffing.fields import FieldChange
from cli.diffing.objects import RenderedObject
from cli.diffing.rows import Facts, Row, called, rows_of

_FACTS: Mapping[str, Facts] = {
    "Rollout": workload_facts.rollout,
    "AnalysisTemplate": workload_facts.analysis_template,
    "Service": workload_facts.service,
    "ServiceMonitor": workload_facts.service_monitor,
    "HorizontalPodAutoscaler": workload_facts.autoscaler,
    "PodDisruptionBudget": workload_facts.disruption_budget,
    "Ingress": workload_facts.route,
    "HTTPRoute": workload_facts.route,
    "VirtualService": workload_facts.route,
}

_TOLD_BY_FACTS: Mapping[str, str] = {
    "Rollout": r"metadata\.namespace|spec\.replicas|spec\.strategy\.canary\.(steps|trafficRouting$|analysis$)"
    r"|spec\.template\.spec\.(initC|c)ontainers\[[^]]+\](\.(image|resources\.(requests|limits)|ports|env)\b|$)",
    "AnalysisTemplate": r"spec\.args\[(count|interval)\]|spec\.metrics\[[^]]+\](\.(successCondition|failureCondition"
    r"|interval|count|failureLimit|provider\.prometheus\.query)|$)",
    "Service": r"spec\.(type|ports)",
    "ServiceMonitor": r"spec\.(endpoints\[[^]]+\]\.(path|interval)|sampleLimit|labelLimit)",
    "HorizontalPodAutoscaler": r"spec\.(min|max)Replicas",
    "PodDisruptionBudget": r"spec\.(maxUn|minA)vailable",
    "Ingress": r"spec\.rules\[[^]]+\]\.host",
    "HTTPRoute": r"spec\.hostnames",
    "VirtualService": r"spec\.hosts",
    "PrometheusRule": r"spec\.groups",
}
"""The fields whose change shows in a row of facts; all others are named in a row of their own."""

_MOST_NAMED = 3


def rows(before: RenderedObject | None, after: RenderedObject | None, fields: Sequence[FieldChange]) -> list[Row]:
    """What to tell of an object that is changed, new or gone; `fields` are those that differ."""
    entry = after or before
    if entry is None:
        return []
    kind = entry.key.kind
    bodies = [None if side is None else side.body for side in (before, after)]
    found: list[Row] = []
    if kind == "PrometheusRule":
        found = list(watching_facts.rule_rows(*bodies))
    elif kind in _FACTS:
        found = list(rows_of(_FACTS[kind], *bodies))
    elif watching_facts.dashboards_of(entry):
        found = list(watching_facts.dashboard_rows(before, after))
        return found or [Row(str(entry.key), "", f"{len(fields)} fields beside its panels, or where they stand")]
    elif before and after and kind == "Helm Release":
        return list(_helm_rows(entry, fields))
    if before is None or after is None:
        found = [row for row in found if not row.what.startswith("query of ")]  # nobody reads a whole query here
        return found or [Row(str(entry.key), *(None if side is None else "there" for side in (before, after)))]
    return [*found, *_others(entry, fields)]


def _helm_rows(entry: RenderedObject, fields: Sequence[FieldChange], most: int = 15) -> Iterator[Row]:
    """A Helm release is told by its values: those are what its user set."""
    for change in fields[:most]:
        yield Row(f"Helm release {entry.key.name}: {change.path.removeprefix('values.')}", change.before, change.after)
    if len(fields) > most:
        yield Row(f"Helm release {entry.key.name}", "", f"{len(fields) - most} more fields")


def _others(entry: RenderedObject, fields: Sequence[FieldChange]) -> Iterator[Row]:
    """The fields that no fact speaks of, so that nothing changes unseen."""
    told = re.compile(_TOLD_BY_FACTS.get(entry.key.kind, r"(?!)"))
    paths = [change.path for change in fields if not told.match(change.path)]
    if paths:
        more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
        names = ", ".join(paths[:_MOST_NAMED])
        yield Row(f"other fields of {called(entry.body)}", "", f"{len(paths)}: {names}{more}")
