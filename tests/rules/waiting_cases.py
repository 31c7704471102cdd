"""What the alerts about releases that wait for somebody do, and those about pods that are missing."""

from tests.rules.release_cases import CANARY, DASHBOARD, OF_NOBODY, WARNING, case
from tests.rules.rollout_samples import STANDBY, of_rollout, rollout

_PAUSED = {**WARNING, "after": "1h"}
_PAUSED_B = {**OF_NOBODY, "after": "1h"}

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
        "fires",
        "all the same where a scrape of the controller failed",
        rollout({"Paused": "1x30 stale 1x60"}),
        {"59m": [], "1h": [_PAUSED]},
    ),
    case(
        "RolloutPausedTooLong",
        "stays quiet",
        "as soon as it is known to go on",
        rollout({"Paused": "1x69 stale", "Progressing": "_x70 1x30"}),
        {"69m": [_PAUSED], "70m": []},
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

CASES = [*_WAITING, *_PODS]
