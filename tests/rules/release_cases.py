"""What the alerts about the phases and pods of Rollouts do."""

from collections.abc import Mapping, Sequence

from tests.rules.promtool import Series
from tests.rules.rollout_samples import STANDBY, rollout, run
from tests.rules.rule_cases import Case, Kind, Labels
from tests.rules.rule_sets import BESIDE_ANOTHER, ON_ANOTHERS

RELEASES = ("argo-rollouts.releases",)
CANARY = "/d/api-observability-canary?var-namespace=apis&var-service=a-api"
DASHBOARD = "/d/argo-rollouts-monitoring?var-namespace=apis&var-rollout=a-api"

WARNING = {"severity": "warning", "namespace": "apis", "name": "a-api", "service": "a-api", "team": "core"}
CRITICAL = {**WARNING, "severity": "critical"}
_STUCK = {**WARNING, "phase": "Progressing", "after": "15m"}
_UNFINISHED = {**WARNING, "phase": "unfinished", "after": "2h"}

OF_NOBODY = {"severity": "warning", "namespace": "apis", "name": "b-api", "service": "b-api"}
_STUCK_B = {**OF_NOBODY, "phase": "Progressing", "after": "15m"}

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
        "fires",
        "on while scrapes of the controller fail",
        rollout({"Abort": "1x9 stale _x3 1x30"}),
        {"5m": [CRITICAL], "10m": [CRITICAL], "13m": [CRITICAL], "14m": [CRITICAL]},
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
    *[
        case(
            "RolloutFailed",
            "fires",
            f"for the Rollouts that are its own {name}",
            {
                **rollout({"Abort": "1x9"}),
                **rollout({"Abort": "1x9"}, "b-api"),
                **rollout({"Abort": "1x9"}, namespace="elsewhere"),
                **rollout({"Abort": "1x9"}, namespace="third"),
            },
            {"5m": [CRITICAL, {**OF_NOBODY, "severity": "critical"}, *others]},
            under=name,
        )
        for name, others in {
            BESIDE_ANOTHER: [{"severity": "critical", "namespace": "third", "name": "a-api", "service": "a-api"}],
            ON_ANOTHERS: [],
        }.items()
    ],
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
        "fires",
        "all the same where nothing was told of it for four minutes, as while a controller starts anew",
        rollout({"Progressing": "1x59 stale _x3 1x80"}),
        {"15m": [_STUCK], "64m": [_STUCK], "119m": [_STUCK], "2h": [_STUCK, _UNFINISHED]},
    ),
    case(
        "RolloutStuck",
        "stays quiet",
        "where nothing was told of it for longer, and it may have been complete",
        rollout({"Paused": "1x59 stale _x9 1x100"}),
        {"130m": []},
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
        rollout({"Progressing": f"{'1x9 _x9 ' * 14}", "Paused": f"{'_x9 1x9 ' * 14}"}),
        # Twice a pause of 90 minutes and an analysis of 15.
        {"209m": [], "210m": [{**_UNFINISHED, "after": "3h30m"}]},
        under="a slow plan",
    ),
    case(
        "RolloutStuck",
        "stays quiet",
        "where another alert says why, and for two hours after somebody has mended that",
        rollout({"Paused": "1x299 stale", "Progressing": "_x300 1x13 stale", "Completed": "_x314 1x90"}),
        {"2h": [], "299m": [], "302m": [], "313m": [], "330m": []},
    ),
    case(
        "RolloutStuck",
        "stays quiet",
        "about a release that mends one which had failed for hours",
        rollout({"Abort": "1x299 stale", "Progressing": "_x300 1x13 stale", "Completed": "_x314 1x90"}),
        {"2h": [], "299m": [], "302m": [], "313m": [], "330m": []},
    ),
]

CASES = [*_FAILED, *_PROGRESSING, *_NEVER_DONE]
