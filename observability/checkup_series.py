"""Which metrics and labels a stack's queries name, whose series they are, and whether a Prometheus has them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from observability import checkup_absences, known_series, metrics
from observability.checkup import Answer, Finding
from observability.promql import Known, Labels, understood
from observability.series import by, series

EVERYBODY = ""
"""Whose the series are that are not of one service."""

_OF_ROLLOUTS = {
    *(metrics.ROLLOUT_INFO, metrics.ROLLOUT_INFO_AVAILABLE, metrics.ROLLOUT_INFO_DESIRED),
    *(metrics.ROLLOUT_INFO_UPDATED, metrics.ROLLOUT_INFO_UNAVAILABLE),
    *known_series.ROLLOUT_STATE.own,
}
"""Metrics that each Rollout has series of, by its name, which is that of its service."""

_OF_THE_NAMESPACE = {*known_series.APPLICATIONS.own, *known_series.PROMETHEUS.own, *known_series.PODS.own}


@dataclass(frozen=True)
class Expression:
    """A query, who has it, and the service it is about, or everybody."""

    origin: str
    service: str
    text: str


@dataclass(frozen=True)
class Sought:
    """A metric that is asked for, the labels it may have, and the label that tells whose a series is, if any does."""

    metric: str
    labels: Labels
    owner: str | None

    def presence(self, namespace: str, label: str | None = None) -> str:
        """The query that answers, by owner, with how many series there are; with that label, if one is named."""
        of_others = self.metric in known_series.ARGO_ROLLOUTS.own and self.owner is None
        labels = {} if of_others or metrics.NAMESPACE not in self.labels else {metrics.NAMESPACE: namespace}
        found = series(self.metric, labels, *([f'{label}!=""'] if label else []))
        return by("count", [self.owner], found) if self.owner else f"count({found})"


@dataclass
class Presence:
    """What there is: the labels of each metric by whose it is; a metric that is missing has no entry."""

    of: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    idle: frozenset[str] = frozenset()

    def has(self, metric: str, owner: str) -> bool:
        """Whether there are series of the metric."""
        return owner in self.of.get(metric, {})

    def add(self, sought: Sought, label: str | None, answer: Iterable[Answer]) -> None:
        """Keep what was answered to `sought.presence`."""
        for each in answer:
            owner = each["metric"].get(sought.owner, "") if sought.owner else EVERYBODY
            found = self.of.setdefault(sought.metric, {}).setdefault(owner, set())
            found |= {label} if label else set()


def records_of(groups: Iterable[Answer], known: Known) -> Known:
    """The records of the groups, with their labels, besides what is known."""
    found = dict(known)
    for rule in (rule for group in groups for rule in group["rules"] if "record" in rule):
        labels = frozenset(rule.get("labels") or ()) | (understood(rule["expr"], found).labels or frozenset())
        found[rule["record"]] = found.get(rule["record"], frozenset()) | labels
    return found


def rule_expressions(groups: Iterable[Answer], service: str = EVERYBODY) -> Iterator[Expression]:
    """The queries of rules."""
    for group in groups:
        for rule in group["rules"]:
            name = f"record {rule['record']}" if "record" in rule else f"alert {rule['alert']}"
            yield Expression(name, service, rule["expr"])


def sought(expressions: Iterable[Expression], known: Known) -> list[Sought]:
    """Every metric that the queries name, and every record, be it read or not."""
    named = {read.metric for each in expressions for read in understood(each.text, known).reads}
    recorded = known.keys() - known_series.produced().keys()
    return [Sought(metric, known[metric], _owner(metric, known[metric])) for metric in sorted(named | recorded)]


def metric_findings(
    needed: Mapping[str, Mapping[str, str]], presence: Presence, absences: Mapping[str, str]
) -> Iterator[Finding]:
    """Whether the metrics are there that are `needed`, by service (or everybody) and metric, with who names them."""
    for owner, named in needed.items():
        for metric, origin in named.items():
            if presence.has(metric, owner):
                yield Finding("metric", owner, metric, "ok")
            elif metric in absences:
                yield Finding("metric", owner, metric, "fine", absences[metric])
            elif owner in presence.idle and metric not in known_series.produced():
                yield Finding("metric", owner, metric, "fine", checkup_absences.IDLE)
            elif metric in known_series.produced():
                yield Finding("metric", owner, metric, "gap", f"does not exist; named by {origin}")
            else:
                yield Finding("metric", owner, metric, "gap", "does not exist: its rule records nothing")


def needs(expressions: Iterable[Expression], known: Known) -> dict[str, dict[str, str]]:
    """Which metrics are needed of whom, and who names each of them first."""
    found: dict[str, dict[str, str]] = {}
    for each in expressions:
        for read in understood(each.text, known).reads:
            owner = each.service if _owner(read.metric, known[read.metric]) else EVERYBODY
            if owner != EVERYBODY or _owner(read.metric, known[read.metric]) is None:
                found.setdefault(owner, {}).setdefault(read.metric, each.origin)
    return found


def label_findings(expressions: Sequence[Expression], known: Known, presence: Presence) -> Iterator[Finding]:
    """Whether the labels are there that the queries name: none can match, or aggregate, what no series has."""
    told: set[tuple[str, str]] = set()
    actual: dict[str, Known] = {}
    for each in expressions:
        if each.service not in actual:
            actual[each.service] = _actual(each.service, known, presence)
        faults = understood(each.text, actual[each.service]).faults
        for fault in faults:
            if (each.service, fault) not in told:
                told.add((each.service, fault))
                yield Finding("label", each.service, fault, "gap", f"named by {each.origin}")
        if not faults:
            yield Finding("label", each.service, each.origin, "ok")


def _actual(service: str, known: Known, presence: Presence) -> Known:
    """The labels that there are, for one service; what is missing as a whole is told as a metric, not by its labels."""

    def labels(metric: str) -> Labels:
        owners = presence.of.get(metric, {})
        if service == EVERYBODY:
            found: set[str] | None = set().union(*owners.values()) if owners else None
        else:
            found = owners.get(service if _owner(metric, known[metric]) else EVERYBODY)
        if found is None or metric == metrics.ALERTS:
            # What labels alerts have is written in their rules: there are series only of those that fire, as Watchdog.
            return known[metric]
        return known[metric] & (found | checkup_absences.LABELS)

    return {metric: labels(metric) for metric in known}


def _owner(metric: str, labels: Labels) -> str | None:
    if metric in _OF_ROLLOUTS:
        return metrics.NAME
    produced = metric in known_series.produced()
    in_namespace = metric in _OF_THE_NAMESPACE and metric not in (metrics.ALERTS, *known_series.PODS.own)
    return metrics.SERVICE if metrics.SERVICE in labels and (in_namespace or not produced) else None
