"""The `pulumi.com/waitFor` annotation: conditions and simple JSONPath expressions, one or a JSON list of them."""

import json
import re
from typing import Any

from local.plugin.errors import PluginError
from local.plugin.objects import Object, pluck
from local.plugin.readiness import READY, Judge, Verdict

_JSONPATH = re.compile(r"jsonpath=\{\s*\$?(?P<path>(?:\.[A-Za-z0-9_-]+|\[\d+\])+)\s*\}(?:=(?P<value>.+))?")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


def parse_wait_for(annotation: str) -> Judge:
    """The judge an annotation asks for; PluginError for an expression that this plugin cannot evaluate."""
    try:
        parsed = json.loads(annotation)
    except json.JSONDecodeError:
        parsed = annotation
    expressions = [str(item) for item in parsed] if isinstance(parsed, list) else [annotation]
    if not expressions:
        raise PluginError("at least one condition must be specified")
    judges = [_parse(expression) for expression in expressions]

    def judge(live: Object) -> Verdict:
        return next((verdict for verdict in (each(live) for each in judges) if not verdict.ready), READY)

    return judge


def _parse(expression: str) -> Judge:
    if expression.startswith("condition="):
        kind, _, status = expression.removeprefix("condition=").partition("=")
        return lambda live: _condition(live, kind, status or "True")
    match = _JSONPATH.fullmatch(expression)
    if match:
        steps, wanted = _STEP.findall(match["path"]), match["value"]
        return lambda live: _path(live, steps, wanted, expression)
    if expression.startswith("jsonpath="):
        raise PluginError(
            f"waitFor {expression!r}: the stand-in for the Kubernetes plugin reads only paths like "
            "jsonpath={.status.phase}=Running; the official plugin reads all of JSONPath"
        )
    raise PluginError(f'expected a "jsonpath=" or "condition=" prefix, got {expression!r}')


def _condition(live: Object, kind: str, wanted: str) -> Verdict:
    generation = pluck(live, "metadata", "generation") or 0
    for condition in pluck(live, "status", "conditions") or []:
        if str(condition.get("type")).lower() != kind.lower():
            continue
        observed = condition.get("observedGeneration", pluck(live, "status", "observedGeneration"))
        if isinstance(observed, int) and observed < generation:
            return Verdict(False, f"Generation {observed} is less than expected {generation}")
        found = str(condition.get("status"))
        if found.lower() == wanted.lower():
            return READY
        return Verdict(False, f"Resource has condition {kind}={found} (want {wanted})")
    return Verdict(False, f"Waiting for condition {kind}={wanted}")


def _path(live: Object, steps: list[tuple[str, str]], wanted: str | None, expression: str) -> Verdict:
    observed = pluck(live, "status", "observedGeneration")
    if isinstance(observed, int) and observed < (pluck(live, "metadata", "generation") or 0):
        return Verdict(False, f"Waiting for {expression}")
    node: Any = live
    for key, index in steps:
        if key:
            node = node.get(key) if isinstance(node, dict) else None
        else:
            node = node[int(index)] if isinstance(node, list) and int(index) < len(node) else None
    found = str(node).lower() if isinstance(node, bool) else str(node)
    if node is not None and wanted in (None, found):
        return READY
    return Verdict(
        False, f"Waiting for {expression} (found {found!r})" if node is not None else f"Waiting for {expression}"
    )
