"""Policies of what watches: scrapes have limits, and alerts say how grave they are and what to do."""

from collections.abc import Iterator

from .judging import Body, at, maps

TOLD_TO_NOBODY = "none"
"""Of alerts that only inhibit, or that show alerting works: nobody reads them, and none has a runbook."""

SEVERITIES = ("critical", "warning", "info", TOLD_TO_NOBODY)
"""What routes of Alertmanager go by."""

_LIMITS = ("sampleLimit", "labelLimit", "labelValueLengthLimit")


def scrape_faults(body: Body) -> Iterator[str]:
    """Scrapes that one careless label could fill Prometheus's memory with."""
    if body.get("kind") in ("ServiceMonitor", "PodMonitor"):
        missing = [limit for limit in _LIMITS if not at(body, "spec", limit)]
        if missing:
            yield f"has no {', '.join(missing)}; set what its targets may expose at most (`metrics.sampleLimit`)"


def alert_faults(body: Body) -> Iterator[str]:
    """Alerts that nobody can route, or whose reader is left alone."""
    if body.get("kind") != "PrometheusRule":
        return
    for group in maps(at(body, "spec", "groups")):
        for rule in maps(group.get("rules")):
            if "alert" not in rule:
                continue
            severity = at(rule, "labels", "severity")
            if severity not in SEVERITIES:
                said = f"the severity {severity!r}" if severity else "no severity"
                yield f"alert {rule['alert']} has {said}; give it the label severity: {', '.join(SEVERITIES[:-1])}"
            if severity != TOLD_TO_NOBODY and not at(rule, "annotations", "runbook_url"):
                yield f"alert {rule['alert']} has no runbook; write the page, and name it in annotations.runbook_url"
