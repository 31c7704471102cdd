"""Whether the panels of the dashboards show something, for each service: which queries to run, and what comes of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from observability import checkup_absences, metrics
from observability.checkup import Answer, Finding, Verdict
from observability.checkup_series import EVERYBODY, Expression, Presence
from observability.dashboards import DASHBOARDS
from observability.dashboards.asked import Asked, queries
from observability.promql import Known, understood

SHOWN_SECONDS, STEP_SECONDS = 600, 60
"""What is asked for of a graph: ten minutes, as its end is what a reader looks at first."""

_MARKS = "marks: "
"""How the queries of a dashboard's annotations are titled: most of the time there is nothing to mark."""


@dataclass(frozen=True)
class Question:
    """A query of a panel, filled in for a service, or for all."""

    title: str
    service: str
    asked: Asked

    @property
    def expression(self) -> Expression:
        """The query as one of those whose metrics and labels are looked at."""
        return Expression(f"panel {self.title}", self.service, self.asked.expression)


def questions(namespace: str, services: Sequence[str], rate_interval: str) -> list[Question]:
    """Every query of every dashboard: those that are about a chosen service for each of them, the others once."""
    return [
        question
        for dashboard in [made() for made in DASHBOARDS.values()]
        for asked in queries(dashboard)
        for question in _of(asked, dashboard.title or "", namespace, services, rate_interval)
    ]


def _of(asked: Asked, title: str, namespace: str, services: Sequence[str], rate_interval: str) -> Iterator[Question]:
    chosen = {"version": ".*", "rollout": ".*", "__interval": "1m", "__rate_interval": rate_interval}
    one_each = f"${metrics.SERVICE}" in asked.expression
    for service in services if one_each else [EVERYBODY]:
        filled_in = asked.filled_in({**chosen, metrics.NAMESPACE: namespace, metrics.SERVICE: service})
        yield Question(f"{title}: {asked.panel}", service, filled_in)


def panel_findings(
    answered: Iterable[tuple[Question, str | None]], presence: Presence, known: Known, absences: Mapping[str, str]
) -> Iterator[Finding]:
    """Whether each query returned something: None where it did, else why not, or nothing where it was just empty."""
    for question, fault in answered:
        if fault is None:
            yield Finding("panel", question.service, question.title, "ok")
        elif fault:
            yield Finding("panel", question.service, question.title, "gap", fault)
        else:
            yield _empty(question, presence, known, absences)


def _empty(question: Question, presence: Presence, known: Known, absences: Mapping[str, str]) -> Finding:
    """An empty panel: of a metric that need not be there, of a service that nobody asks, or a gap."""
    read = understood(question.asked.expression, known).reads
    missing = [each.metric for each in read if not _is_there(each.metric, question.service, presence)]
    excused = [absences[metric] for metric in missing if metric in absences]
    verdict: Verdict = "fine"
    if missing and len(excused) == len(missing):
        why = excused[0]
    elif question.asked.panel.startswith(_MARKS):
        why = "nothing happened that would be marked"
    elif question.service in presence.idle:
        why = checkup_absences.IDLE
    elif not missing and (question.asked.dashboard, question.asked.panel) in checkup_absences.PANELS:
        why = checkup_absences.PANELS[question.asked.dashboard, question.asked.panel]
    else:
        verdict = "gap"
        why = "returns nothing, as what it reads does not exist" if missing else "returns nothing, of what exists"
    return Finding("panel", question.service, question.title, verdict, why)


def _is_there(metric: str, service: str, presence: Presence) -> bool:
    owners = presence.of.get(metric, {})
    return service in owners or EVERYBODY in owners or (service == EVERYBODY and bool(owners))


def has_numbers(answer: Iterable[Answer]) -> bool:
    """Whether any of the series that were returned has a number at any moment; NaN is none."""
    return any(value != "NaN" for each in answer for _, value in each.get("values") or [each["value"]])
