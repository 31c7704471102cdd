"""`api-observability check`: whether a Prometheus has all that the stack's dashboards, rules and analyses rely on."""

import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from catalog.catalog_file import Catalog
from catalog.patch import patched
from catalog.quantities import Duration
from catalog.services import Service
from catalog.stack import StackSettings
from cli.check_report import report
from cli.check_youth import Ripening, Youth, ripening, youth
from cli.local_stack import addresses
from cli.prometheus import Prometheus, RefusedError, access_headers
from cli.stacks import reachable, read
from components.cluster_reader import reader_of
from components.rules import service_rules, shared_rules
from local.errors import LocalError
from local.state import EMBEDDED_STACK, State
from observability import checkup_absences, known_series, records
from observability.analysis import checks
from observability.checkup import Answer, Finding, rule_findings, target_findings
from observability.checkup_panels import SHOWN_SECONDS, STEP_SECONDS, Question, has_numbers, panel_findings, questions
from observability.checkup_series import (
    EVERYBODY,
    Expression,
    Presence,
    Sought,
    label_findings,
    metric_findings,
    needs,
    records_of,
    rule_expressions,
    sought,
)
from observability.controller_rules import controller_groups
from observability.links import Links
from observability.platform_alerts import Releases
from observability.promql import Known
from observability.series import by, series
from observability.time_scale import faster

_AT_ONCE = 8
"""Queries that are under way at one time: Prometheus answers 20 by default (`--query.max-concurrency`)."""

TOO_YOUNG = 3
"""The exit status that says: nothing is known to be missing, and ask again."""

_SCRAPES_PER_RATE = 4
"""What Grafana makes of `$__rate_interval` at its least."""


def run(options: Namespace) -> int:
    """Check, print what was found, and answer 1 where anything is missing that should be there."""
    settings, catalog = read(options.stack)
    prometheus = Prometheus(
        options.prometheus or _address(options.stack, settings), _headers(options.stack, settings), options.ca
    )
    absences = {**checkup_absences.METRICS, **(_PLAYED if options.stack == EMBEDDED_STACK else {})}
    check = _Check(settings, catalog, prometheus, absences)
    findings = list(check.findings())
    young = [each for each in findings if check.youth.excuses(each)]
    findings = [each for each in findings if not check.youth.excuses(each)]
    print(report(findings, f"stack {options.stack} on {prometheus.url}", check.youth.told(young) if young else ""))
    if any(each.verdict == "gap" for each in findings):
        return 1
    return TOO_YOUNG if young else 0


_PLAYED = checkup_absences.PLAYED_PODS


def _address(stack: str, settings: StackSettings) -> str:
    if stack != EMBEDDED_STACK:
        return settings.prometheus_address
    found = dict(addresses(State.current())).get("Prometheus")
    if found is None:
        raise LocalError("there is no embedded cluster; `make up` starts it")
    return found


def _headers(stack: str, settings: StackSettings) -> dict[str, str]:
    """What lets us in; the cluster is asked for Secrets only where the settings name any."""
    access = settings.prometheus.access
    named = [
        access.bearer_token,
        access.oauth2,
        *(each for each in access.headers.values() if not isinstance(each, str)),
    ]

    def without_secrets(_kind: str, _namespace: str, _name: str) -> None:
        """No Secret is named, so none is asked for."""

    reader = reader_of(reachable(stack, settings)) if any(named) else without_secrets
    return access_headers(access, settings.namespace, reader)


class _Check:
    """One look at a Prometheus for a stack."""

    def __init__(
        self, settings: StackSettings, catalog: Catalog, prometheus: Prometheus, absences: Mapping[str, str]
    ) -> None:
        self._namespace, self._prometheus, self._absences = settings.namespace, prometheus, absences
        self._names = [service.name for service in catalog.services]
        self._of_services = {each.name: service_groups(each, settings) for each in catalog.services}
        self._shared = shared_groups(settings, catalog)
        self._known: Known = known_series.produced()
        # Dashboards ask for what is recorded of the controller too, though that may be another stack's to record.
        controller = controller_groups(settings.platform.argo_rollouts.namespace, _links(settings))
        of_controller: list[Answer] = [group.manifest() for group in controller]
        for groups in (*self._of_services.values(), of_controller, self._shared):
            self._known = records_of(groups, self._known)
        self._rules = [
            *rule_expressions(self._shared),
            *(each for name, groups in self._of_services.items() for each in rule_expressions(groups, name)),
            *(
                Expression(f"analysis {check.name}", service.name, check.query)
                for service in catalog.services
                for check in checks(service, settings.namespace)
            ),
        ]
        slowest = max((each.metrics.interval for each in catalog.services), default=Duration(15))
        rate_interval = Duration(max(60, _SCRAPES_PER_RATE * slowest))
        self._questions = questions(settings.namespace, self._names, str(rate_interval))
        self._ripening: Ripening = ripening(self._groups(), self._known, slowest / settings.time_scale)
        self.youth = Youth({}, self._ripening)

    def findings(self) -> Iterator[Finding]:
        """All there are; what is under way is told meanwhile."""
        _say("targets")
        targets = self._prometheus.targets()
        self.youth = youth(self._namespace, self._names, targets, self._prometheus, self._ripening)
        yield from target_findings(self._namespace, self._names, targets)
        _say("rules")
        yield from rule_findings(self._groups(), self._prometheus.rule_groups())
        expressions = [*self._rules, *(each.expression for each in self._questions)]
        presence = self._presence(sought(expressions, self._known))
        yield from metric_findings(self._needed(), presence, self._absences)
        yield from label_findings(expressions, self._known, presence)
        _say(f"{len(self._questions)} queries of panels")
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            faults = list(pool.map(self._shown, self._questions))
        answered = zip(self._questions, faults, strict=True)
        yield from panel_findings(answered, presence, self._known, self._absences)

    def _groups(self) -> list[Answer]:
        """All groups of rules that the stack provisions."""
        return [group for groups in (*self._of_services.values(), self._shared) for group in groups]

    def _needed(self) -> dict[str, dict[str, str]]:
        """What rules read and record, and what panels read; not every service records all that a panel can show."""
        needed = needs(self._rules, self._known)
        for owner, groups in (*self._of_services.items(), (EVERYBODY, self._shared)):
            for rule in (rule for group in groups for rule in group["rules"] if "record" in rule):
                needed.setdefault(owner, {}).setdefault(rule["record"], f"its rule in {owner or 'the shared rules'}")
        produced = known_series.produced()
        for owner, named in needs([each.expression for each in self._questions], self._known).items():
            for metric, origin in named.items():
                if metric in produced:
                    needed.setdefault(owner, {}).setdefault(metric, origin)
        return needed

    def _presence(self, asked: Iterable[Sought]) -> Presence:
        """Which metrics and labels there are, and which services nobody asks."""
        presence = Presence()
        pairs = [(each, label) for each in asked for label in (None, *sorted(each.labels))]
        _say(f"{len(pairs)} metrics and labels")
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = pool.map(lambda pair: self._prometheus.query(pair[0].presence(self._namespace, pair[1])), pairs)
            for (each, label), answer in zip(pairs, answers, strict=True):
                presence.add(each, label, answer)
        rate = series(records.request_rate("service", "5m"), {"namespace": self._namespace})
        idle = self._prometheus.query(f"{by('sum', ['service'], rate)} == 0")
        presence.idle = frozenset(each["metric"]["service"] for each in idle)
        return presence

    def _shown(self, question: Question) -> str | None:
        """None where a query returns something; else why not, and nothing where it is just empty."""
        asked, now = question.asked, time.time()
        try:
            if asked.instant:
                answer = self._prometheus.query(asked.expression)
            else:
                answer = self._prometheus.query_range(asked.expression, now - SHOWN_SECONDS, now, STEP_SECONDS)
        except RefusedError as error:
            return f"is refused: {error}"
        return None if has_numbers(answer) else ""


def service_groups(service: Service, settings: StackSettings) -> list[Answer]:
    """The groups of a service's rules, as they are provisioned."""
    rules = service_rules(service, settings.namespace, settings.platform.monitoring.release, _links(settings))
    return _groups(patched(rules, service.patch.prometheus_rule), settings)


def shared_groups(settings: StackSettings, catalog: Catalog) -> list[Answer]:
    """The groups of the rules that are about all services, and about releases."""
    argo_rollouts, release = settings.platform.argo_rollouts, settings.platform.monitoring.release
    releases = Releases.of(settings, catalog.services, _links(settings))
    both = shared_rules(releases, argo_rollouts.namespace, release)
    return [group for rules in both for group in _groups(rules, settings)]


def _groups(rules: Mapping[str, Any], settings: StackSettings) -> list[Answer]:
    return list(faster(rules, settings.time_scale)["spec"]["groups"])


def _links(settings: StackSettings) -> Links:
    return Links(settings.grafana.url, settings.alerting.runbook_url)


def _say(what: str) -> None:
    print(f"asking for {what} …", file=sys.stderr, flush=True)
