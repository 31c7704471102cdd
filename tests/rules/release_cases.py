"""What the alerts about the phases and pods of Rollouts do."""

from collections.abc import Mapping, Sequence

from tests.rules.promtool import Series
from tests.rules.rollout_samples import STANDBY, of_rollout, rollout, run
from tests.rules.rule_cases import Case, Kind, Labels

RELEASES = ("argo-rollouts.releases",)
CANARY = "/d/api-observability-canary?var-namespace=apis&var-service=a-api"
DASHBOARD = "/d/argo-rollouts-monitoring?var-namespace=apis&var-rollout=a-api"

WARNING = {"severity": "warning", "namespace": "apis", "name": "a-api", "service": "a-api", "team": "core"}
CRITICAL = {**WARNING, "severity": "critical"}
_STUCK = {**WARNING, "phase": "Progressing", "after": "15m"}
_UNFINISHED = {**WARNING, "phase": "unfinished", "after": "2h"}
_PAUSED = {**WARNING, "after": "1h"}

_OF_NOBODY = {"severity": "warning", "namespace": "apis", "name": "b-api", "service": "b-api"}
_STUCK_B = {**_OF_NOBODY, "phase": "Progressing", "after": "15m"}
_PAUSED_B = {**_OF_NOBODY, "after": "1h"}

Firing = Mapping[str, Sequence[Labels]]


def case(
    alert: str,
    kind: Kind,
    when: str,
    series: Series,
    firing: Firing,
    *,
    texts: tuple[str, str, str] | None = None,
    under: str = "usual",
) -> Case:
    return Case(alert, kind, when, RELEASES, series, firing, texts, under=under, every="1m", step="1m")


_FAILED = [
    case(
        "RolloutFailed",
        "fires",
        "five minutes after an abort",
        rollout({"Progressing": "1x9 stale", "Abort": "_x10 1x30"}),
        {"14m": [], "15m": [CRITICAL]},
        texts=(
            "The release of a-api failed",
            "The Rollout a-api in apis has been aborted, out of time or in error for 5m. Where a version was "
            "stable before, it serves alone again; the new one waits for a person.",
            CANARY,
        ),
    ),
    case(
        "RolloutFailed",
        "fires",
        "whichever way it failed, and once for two controllers",
        {
            **rollout({"Timeout": "1x2 stale", "Error": "_x3 1x30"}),
            **rollout({"InvalidSpec": "1x30"}, target=STANDBY),
        },
        {"4m": [], "5m": [CRITICAL]},
    ),
    case(
        "RolloutFailed",
        "fires",
        "for a Rollout of nobody's team",
        {**rollout({"Abort": "1x9"}, "b-api"), **rollout({"Abort": "1x9"}, namespace="elsewhere")},
        {
            "5m": [
                {"severity": "critical", "namespace": "apis", "name": "b-api", "service": "b-api"},
                {"severity": "critical", "namespace": "elsewhere", "name": "a-api", "service": "a-api"},
            ]
        },
    ),
    case(
        "RolloutFailed",
        "stays quiet",
        "in every other phase",
        {
            **rollout({"Progressing": "1x30"}),
            **rollout({"Paused": "1x30"}, "b-api"),
            **rollout({"Completed": "1x30"}, "c-api"),
        },
        {"20m": []},
    ),
    case("RolloutFailed", "has no data", "and leaves that to RolloutMetricsAbsent", {}, {"20m": []}),
]

_PROGRESSING = [
    case(
        "RolloutStuck",
        "fires",
        "after fifteen minutes in which only the background measured",
        {**rollout({"Progressing": "1x60"}), **run("a-api-7c5ddbdf54-2", "Running", "1x60")},
        {"14m": [], "15m": [_STUCK]},
        texts=(
            "The release of a-api does not move",
            "The Rollout a-api in apis has been progressing for 15m, and no step of it is measuring: pods do not come "
            "up, or the controller does not get on.",
            CANARY,
        ),
    ),
    case(
        "RolloutStuck",
        "fires",
        "once the analysis of a step is over",
        {
            **rollout({"Progressing": "1x60"}),
            **run("a-api-7c5ddbdf54-2-2", "Running", "1x9 stale"),
            **run("a-api-7c5ddbdf54-2-2", "Successful", "_x10 1x60"),
            **run("b-api-7c5ddbdf54-2-2", "Running", "1x60"),
        },
        {"24m": [], "25m": [_STUCK]},
    ),
    case(
        "RolloutStuck",
        "stays quiet",
        "while a step measures",
        {
            **rollout({"Progressing": "1x60"}),
            **run("a-api-7c5ddbdf54-2-2", "Running", "1x30"),
            **run("a-api-7c5ddbdf54-2-2.1", "Pending", "_x31 1x30"),
        },
        {"50m": []},
    ),
    case(
        "RolloutStuck",
        "fires",
        "for one Rollout while two steps of another measure at once",
        {
            **rollout({"Progressing": "1x60"}),
            **rollout({"Progressing": "1x60"}, "b-api"),
            **run("a-api-7c5ddbdf54-2-2", "Running", "1x60"),
            **run("a-api-7c5ddbdf54-2-2.1", "Running", "1x60"),
        },
        {"14m": [], "15m": [_STUCK_B]},
    ),
    case("RolloutStuck", "has no data", "and leaves that to RolloutMetricsAbsent", {}, {"30m": []}),
    case(
        "RolloutStuck",
        "stays quiet",
        "where nobody sees steps measure, for as long as they do",
        {**rollout({"Progressing": "1x60"})},
        # Five measurements 5 minutes apart, an outage of 5 minutes, and 5 more.
        {"34m": [], "35m": [{**_STUCK, "after": "35m"}]},
        under="no series of runs",
    ),
    case(
        "RolloutStuck",
        "fires",
        "later for a service whose pods may take 20 minutes, and as ever for others",
        {**rollout({"Progressing": "1x60"}), **rollout({"Progressing": "1x60"}, "b-api")},
        {
            "24m": [_STUCK_B],
            "25m": [_STUCK_B, {**_STUCK, "after": "25m"}],
        },
        under="a slow plan",
    ),
]

_FLIPPING = {"Progressing": f"{'1x9 _x9 ' * 8}", "Paused": f"{'_x9 1x9 ' * 8}"}
_NEVER_DONE = [
    case(
        "RolloutStuck",
        "fires",
        "where a release goes to and fro for two hours",
        rollout(_FLIPPING),
        {"119m": [], "2h": [_UNFINISHED]},
        texts=(
            "The release of a-api does not come to its end",
            "The Rollout a-api in apis has not been complete for 2h, whichever phases it went through.",
            CANARY,
        ),
    ),
    case(
        "RolloutStuck",
        "stays quiet",
        "where it was complete for once",
        {**rollout({"Paused": "1x60 stale _x2 1x100", "Completed": "_x61 1 stale"})},
        {"130m": []},
    ),
    case(
        "RolloutStuck",
        "stays quiet",
        "for as long as a slow plan may take",
        {**rollout({"Paused": "1x260"})},
        # Twice a pause of 90 minutes and an analysis of 15.
        {"209m": [], "210m": [{**_UNFINISHED, "after": "3h30m"}]},
        under="a slow plan",
    ),
]

_WAITING = [
    case(
        "RolloutPausedTooLong",
        "fires",
        "after an hour",
        rollout({"Progressing": "1x9 stale", "Paused": "_x10 1x90"}),
        {"69m": [], "70m": [_PAUSED]},
        texts=(
            "The release of a-api waits for somebody",
            "The Rollout a-api in apis has been paused for 1h, which no step of it does by itself. Two versions serve "
            "until somebody promotes or aborts it.",
            CANARY,
        ),
    ),
    case(
        "RolloutPausedTooLong",
        "fires",
        "later for a service whose plan waits for 90 minutes",
        {**rollout({"Paused": "1x120"}), **rollout({"Paused": "1x120"}, "b-api")},
        {"94m": [_PAUSED_B], "95m": [_PAUSED_B, {**_PAUSED, "after": "1h35m"}]},
        under="a slow plan",
    ),
    case(
        "RolloutPausedTooLong",
        "stays quiet",
        "where it goes on in between",
        rollout({"Paused": "1x50 stale _x1 1x50", "Progressing": "_x51 1 stale"}),
        {"100m": []},
    ),
    case("RolloutPausedTooLong", "has no data", "and leaves that to RolloutMetricsAbsent", {}, {"70m": []}),
]

_PODS = [
    case(
        "RolloutReplicaMismatch",
        "fires",
        "ten minutes after a pod was lost",
        {
            **of_rollout("rollout_info_replicas_available", "4x9 3x60"),
            **of_rollout("rollout_info_replicas_desired", "4x60"),
        },
        {"19m": [], "20m": [WARNING]},
        texts=(
            "a-api has fewer pods than it should",
            "Of the pods that the Rollout a-api in apis should have, only 3 have been available for 10m.",
            DASHBOARD,
        ),
    ),
    case(
        "RolloutReplicaMismatch",
        "stays quiet",
        "where a canary has pods besides, over a restart, and whatever a former leader remembers",
        {
            **of_rollout("rollout_info_replicas_available", "3x90", STANDBY),
            **of_rollout("rollout_info_replicas_available", "5x9 3x8 5x60"),
            **of_rollout("rollout_info_replicas_desired", "4x90"),
        },
        {"19m": [], "40m": []},
    ),
    case(
        "RolloutReplicaMismatch",
        "has no data",
        "of the pods there are",
        of_rollout("rollout_info_replicas_desired", "4x90"),
        {"20m": []},
    ),
]

CASES = [*_FAILED, *_PROGRESSING, *_NEVER_DONE, *_WAITING, *_PODS]
