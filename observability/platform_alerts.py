"""Alerts about releases: what Argo Rollouts tells of every Rollout in the cluster.

A Rollout is named as its service, and its alerts carry that name as `service`, so that they are routed and inhibited
with those of the service; their `namespace` is the Rollout's own. What is usual for a Rollout is widened for services
whose plan takes longer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from catalog.quantities import Duration
from catalog.services import Service
from catalog.stack import StackSettings
from observability import metrics
from observability.links import ARGO_ROLLOUTS_DASHBOARD, CANARY_DASHBOARD, Links
from observability.queries import number
from observability.release_scopes import GAP, Scope, a_pause, a_release, an_analysis, scopes, without_a_new_pod
from observability.rule import Alert, RuleGroup, Severity
from observability.series import by, one_of, series

_ERRORS = 10
"""In ten minutes. A Rollout that always fails is tried every 10 seconds at last, but less often to begin with."""

_NAMESPACE, _NAME = "{{ $labels.namespace }}", "{{ $labels.name }}"
"""What Prometheus fills in: the namespace and the name of the Rollout."""

STANDS_STILL = FAILED, PAUSED_TOO_LONG = "RolloutFailed", "RolloutPausedTooLong"
"""The alerts that say why a release does not come to its end, whatever their severity."""

_OF_A_TARGET = (metrics.JOB, metrics.INSTANCE, metrics.SERVICE, metrics.POD)
"""What tells targets apart: two Services, or two jobs, may have Prometheus read one controller twice."""

_STEP = Duration.parse("15s")
"""How exactly it is found out what was there first: no scrape of the controller is more frequent."""

_AFTER = "after"
"""The label that says how long a state lasted, and so tells rules of one alert apart."""

_ROLLOUT = "rollout"
"""The label for the Rollout of an AnalysisRun, within an expression."""

_STEP_RUN = r"(.+)-[2-9b-z]+-[0-9]+-[0-9]+(?:\\.[0-9]+)?"
"""The name of a step's AnalysisRun: rollout, hash, revision, step, and a number where there is one of that name.

The background's has no step (rollout/analysis.go, `newAnalysisRunFromRollout`)."""


@dataclass(frozen=True)
class Releases:
    """The services whose Rollouts are in `namespace`, and the addresses to tell.

    `run_metrics` says whether Prometheus keeps the series of each AnalysisRun. Every other Rollout in the cluster is
    looked at too, but for those in namespaces of `other_stacks`; with `only_own` none is.
    """

    services: Sequence[Service]
    namespace: str
    links: Links
    run_metrics: bool = True
    only_own: bool = False
    other_stacks: Sequence[str] = ()

    @classmethod
    def of(cls, settings: StackSettings, services: Sequence[Service], links: Links) -> Self:
        """What the settings of a stack say."""
        platform = settings.platform
        return cls(
            services,
            settings.namespace,
            links,
            run_metrics=platform.argo_rollouts.run_metrics,
            only_own=platform.of_another_stack,
            other_stacks=platform.other_stacks,
        )

    def scopes(self, usual: str, *needs: Callable[[Service], float]) -> Iterator[Scope]:
        """Which Rollouts may be in a state for the usual time, and which for longer."""
        return scopes(self.services, self.namespace, Duration.parse(usual), *needs, among=self._among)

    @property
    def _among(self) -> list[str]:
        """The matchers of all Rollouts that are looked at."""
        if self.only_own:
            return [f'{metrics.NAMESPACE}="{self.namespace}"']
        return [f'{metrics.NAMESPACE}!~"{"|".join(self.other_stacks)}"'] if self.other_stacks else []

    def alert(
        self,
        scope: Scope,
        name: str,
        severity: Severity,
        expression: str,
        texts: tuple[str, str],
        *,
        held: Duration | None = None,
        dashboard: str = CANARY_DASHBOARD,
        labels: Mapping[str, str] | None = None,
    ) -> Alert:
        """An alert about Rollouts, by the labels `namespace` and `name` of what the expression answers.

        `texts` are its summary and its description.
        """
        service = f'label_replace({expression}, "{metrics.SERVICE}", "$1", "{metrics.NAME}", "(.+)")'
        team = {metrics.TEAM: scope.team} if scope.team else {}
        to = self.links.of_service(dashboard, _NAMESPACE, _NAME), self.links.runbook(name)
        return Alert(name, severity, service, {**team, **(labels or {})}, *texts, *to, held)


def release_alerts(releases: Releases) -> RuleGroup:
    """The alerts about every Rollout that is looked at."""
    alerts = [*_failed(releases), *_stuck(releases), *_paused(releases), *_work(releases), *_analyses(releases)]
    return RuleGroup("argo-rollouts.releases", alerts)


def _failed(releases: Releases) -> Iterator[Alert]:
    for scope in releases.scopes("5m"):
        yield releases.alert(
            scope,
            FAILED,
            "critical",
            scope.in_phase(one_of(metrics.PHASE, metrics.FAILED_PHASES)),
            (
                f"The release of {_NAME} failed",
                f"The Rollout {_NAME} in {_NAMESPACE} has been aborted, out of time or in error for {scope.held}. "
                "Where a version was stable before, it serves alone again; the new one waits for a person.",
            ),
            held=scope.held,
        )


def _stuck(releases: Releases) -> Iterator[Alert]:
    # Where nobody sees a step measure, its time has to be waited for too.
    needs = [without_a_new_pod] if releases.run_metrics else [without_a_new_pod, an_analysis]
    for scope in releases.scopes("15m", *needs):
        yield releases.alert(
            scope,
            "RolloutStuck",
            "warning",
            _progressing(scope, releases.run_metrics),
            (
                f"The release of {_NAME} does not move",
                f"The Rollout {_NAME} in {_NAMESPACE} has been progressing for {scope.held}, and no step of it is "
                "measuring: pods do not come up, or the controller does not get on.",
            ),
            held=scope.held,
            labels={metrics.PHASE: metrics.PROGRESSING, _AFTER: str(scope.held)},
        )
    for scope in releases.scopes("2h", a_release):
        yield releases.alert(
            scope,
            "RolloutStuck",
            "warning",
            _unfinished(scope),
            (
                f"The release of {_NAME} does not come to its end",
                f"The Rollout {_NAME} in {_NAMESPACE} has not been complete for {scope.held}, whichever phases it went "
                "through.",
            ),
            held=scope.held,
            labels={metrics.PHASE: "unfinished", _AFTER: str(scope.held)},
        )


def _unfinished(scope: Scope) -> str:
    """The Rollouts that are not complete, but for those of which another alert says why.

    So the time begins anew where somebody has done what that alert asks for: the release that follows has as much as
    any other.
    """
    known = series(metrics.ALERTS, {metrics.ALERT_STATE: "firing"}, one_of(metrics.ALERT_NAME, STANDS_STILL))
    of_a_rollout = ", ".join(metrics.OF_A_ROLLOUT)
    under_way = scope.in_phase(f'{metrics.PHASE}!="{metrics.COMPLETED}"')
    return f"({under_way}) unless on ({of_a_rollout}) {known}"


def _progressing(scope: Scope, run_metrics: bool) -> str:
    """The Rollouts that progress, but for those of which a step measures; a background analysis excuses nothing."""
    progressing = scope.in_phase(f'{metrics.PHASE}="{metrics.PROGRESSING}"')
    if not run_metrics:
        return progressing
    unfinished = series(metrics.ANALYSIS_RUN_INFO, None, one_of(metrics.PHASE, metrics.UNFINISHED_RUN_PHASES))
    # Two runs of one Rollout may be measuring: without the aggregation they would be two series of the same labels.
    runs = f'label_replace({unfinished}, "{_ROLLOUT}", "$1", "{metrics.NAME}", "{_STEP_RUN}")'
    rollouts = by("max", (metrics.NAMESPACE, _ROLLOUT), runs)
    measuring = f'label_replace({rollouts}, "{metrics.NAME}", "$1", "{_ROLLOUT}", "(.+)")'
    return f"({progressing}) unless on ({', '.join(metrics.OF_A_ROLLOUT)}) {measuring}"


def _paused(releases: Releases) -> Iterator[Alert]:
    for scope in releases.scopes("1h", a_pause):
        yield releases.alert(
            scope,
            PAUSED_TOO_LONG,
            "warning",
            scope.in_phase(f'{metrics.PHASE}="{metrics.PAUSED}"'),
            (
                f"The release of {_NAME} waits for somebody",
                f"The Rollout {_NAME} in {_NAMESPACE} has been paused for {scope.held}, which no step of it does by "
                "itself. Two versions serve until somebody promotes or aborts it.",
            ),
            held=scope.held,
            labels={_AFTER: str(scope.held)},
        )


def _work(releases: Releases) -> Iterator[Alert]:
    """Pods that are missing, and a Rollout that the controller cannot get on with."""
    for scope in releases.scopes("10m"):
        yield releases.alert(
            scope,
            "RolloutReplicaMismatch",
            "warning",
            scope.those(_too_few_pods),
            (
                f"{_NAME} has fewer pods than it should",
                f"Of the pods that the Rollout {_NAME} in {_NAMESPACE} should have, only {{{{ $value }}}} have been "
                f"available for {scope.held}.",
            ),
            held=scope.held,
            dashboard=ARGO_ROLLOUTS_DASHBOARD,
        )
    for scope in releases.scopes("10m"):
        yield releases.alert(
            scope,
            "RolloutHighErrorRate",
            "warning",
            scope.those(partial(_failures, scope.held)),
            (
                f"The controller fails again and again over {_NAME}",
                f"Argo Rollouts has failed {{{{ $value | humanize }}}} times within {scope.held} to bring the Rollout "
                f"{_NAME} in {_NAMESPACE} to where it should be.",
            ),
            dashboard=ARGO_ROLLOUTS_DASHBOARD,
        )


def _analyses(releases: Releases) -> Iterator[Alert]:
    """An analysis that did not end well; what is told of it is news for the time of the scope."""
    told = {
        "AnalysisRunFailed": (metrics.RUN_FAILED, "failed", "the new version is worse than allowed"),
        "AnalysisRunErrored": (metrics.RUN_ERRORED, "could not measure", "Prometheus or the query gave errors"),
        "AnalysisRunInconclusive": (
            metrics.RUN_INCONCLUSIVE,
            "came to no verdict",
            "it found too little traffic or no data, and the release waits for a person",
        ),
    }
    for name, (reason, what, why) in told.items():
        for scope in releases.scopes("15m"):
            yield releases.alert(
                scope,
                name,
                "warning",
                scope.those(partial(_news, scope.held, reason)),
                (
                    f"An analysis of {_NAME} {what}",
                    f"An AnalysisRun of the Rollout {_NAME} in {_NAMESPACE} {what} within the last {scope.held}: "
                    f"{why}.",
                ),
            )


def _too_few_pods(of: Sequence[str]) -> str:
    names = (metrics.ROLLOUT_INFO_AVAILABLE, metrics.ROLLOUT_INFO_DESIRED)
    lately = (f"last_over_time({series(name, None, *of)}[{GAP}])" for name in names)
    return " < ".join(by("max", metrics.OF_A_ROLLOUT, each) for each in lately)


def _failures(window: Duration, of: Sequence[str]) -> str:
    failures = f"increase({series(metrics.RECONCILE_ERRORS, None, *of)}[{window}])"
    return f"{by('sum', metrics.OF_A_ROLLOUT, failures)} > {_ERRORS}"


def _news(window: Duration, reason: str, of: Sequence[str]) -> str:
    """The Rollouts that had such an event within the window.

    `increase` misses the first of a series, which is born at 1. So it counts too that a series is there for the first
    time, later than the first scrape of its target: what Prometheus found at once may be old. And all that a young
    process counts is news, of whatever process before it the samples are still there: until that is older than the
    window by `GAP`, when the samples are gone, so for up to `GAP` longer than other news. Scrapes that fail are as if
    they had never been: neither they nor a controller that starts anew end the alert, at once or a window later.
    """
    events = series(metrics.ROLLOUT_EVENTS, {metrics.REASON: reason}, *of)
    started = series(metrics.PROCESS_START, {metrics.JOB: metrics.ARGO_ROLLOUTS_JOB})
    target = ", ".join(_OF_A_TARGET)
    longer = Duration(window + GAP)
    # The start of the process is in each scrape that succeeded.
    first, scraped = (f"min_over_time(timestamp({each})[{longer}:{_STEP}])" for each in (events, started))
    missed = f"{first} > on ({target}) group_left () {by('min', _OF_A_TARGET, scraped)}"
    born = f"({missed}) unless last_over_time({events}[{GAP}] offset {window})"
    # Of both the same scrape, as a series ends with the first that has it no more.
    young = f"{events} and on ({target}) (time() - {started} < {number(longer)})"
    still_young = f"time() - last_over_time({started}[{GAP}]) < {number(longer)}"
    fresh = f"max_over_time(({young})[{GAP}:{_STEP}]) and on ({target}) ({still_young})"
    told = (born, fresh, f"increase({events}[{window}])")
    return " or ".join(f"{by('sum', metrics.OF_A_ROLLOUT, each)} > 0" for each in told)
