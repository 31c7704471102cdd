"""What the alerts about events, errors and the controller itself do."""

from tests.rules.promtool import Series
from tests.rules.release_cases import CANARY, DASHBOARD, WARNING, case
from tests.rules.rollout_samples import LEADER, STANDBY, controller, event, of_rollout
from tests.rules.rule_cases import Case, Kind, Labels

_CONTROLLER = ("argo-rollouts.alerts",)
_OF_THE_CONTROLLER = {"namespace": "argo-rollouts", "service": "argo-rollouts"}

_ERRORS = [
    case(
        "RolloutHighErrorRate",
        "fires",
        "with the eleventh failure within ten minutes",
        # Six a minute from the sixth on: 1, 7, 13.
        of_rollout("rollout_reconcile_error", "_x5 1+6x30"),
        {"6m": [], "7m": [WARNING]},
        texts=(
            "The controller fails again and again over a-api",
            "Argo Rollouts has failed 13 times within 10m to bring the Rollout a-api in apis to where it should be.",
            DASHBOARD,
        ),
    ),
    case(
        "RolloutHighErrorRate",
        "stays quiet",
        "where it failed a few times, or often but long ago",
        of_rollout("rollout_reconcile_error", "0+30x5 150x20"),
        {"15m": [], "25m": []},
    ),
    case("RolloutHighErrorRate", "has no data", "before the first failure", controller("1x60"), {"20m": []}),
]


def _ends(alert: str, reason: str, summary: str, description: str) -> list[Case]:
    """An analysis that ended badly; what it says holds for fifteen minutes."""
    return [
        case(
            alert,
            "fires",
            "at the first event of a Rollout, whose counter is born with it",
            {**controller("1x90"), **event(reason, "_x30 1x60")},
            {"29m": [], "30m": [WARNING], "44m": [WARNING], "45m": []},
        ),
        case(
            alert,
            "fires",
            "at a later event",
            {**controller("1x90"), **event(reason, "3x30 4x60")},
            {"30m": [], "31m": [WARNING], "44m": [WARNING], "45m": []},
            texts=(summary, description, CANARY),
        ),
        case(
            alert,
            "fires",
            "at the first event that a new leader sees",
            {
                **controller("1x29 stale", STANDBY),
                **event(reason, "3x29 stale", STANDBY),
                **controller("_x30 1x60", restarted=30),
                **event(reason, "_x35 1x60"),
            },
            {"34m": [], "35m": [WARNING], "49m": [WARNING], "50m": []},
        ),
        case(
            alert,
            "fires",
            "on while scrapes of the controller fail",
            {**controller("1x35 0x3 1x50"), **event(reason, "_x30 1x5 stale _x2 1x60")},
            {"30m": [WARNING], "36m": [WARNING], "39m": [WARNING], "44m": [WARNING], "45m": [], "52m": []},
        ),
        case(
            alert,
            "fires",
            "on when a scrape that failed before it becomes fifteen minutes old",
            {**controller("1x20 0x0 1x90"), **event(reason, "_x30 1x60")},
            {"30m": [WARNING], "35m": [WARNING], "36m": [WARNING], "37m": [WARNING], "45m": []},
        ),
        case(
            alert,
            "fires",
            "on while no scrape of the controller succeeds for ten minutes, and when those become fifteen minutes old",
            {**controller("1x20 0x9 1x3 0x9 1x60"), **event(reason, "_x33 1x1 stale _x9 1x60")},
            {"32m": [], "33m": [WARNING], "36m": [WARNING], "38m": [WARNING], "40m": [WARNING], "41m": [WARNING]}
            | {"44m": [WARNING], "47m": [WARNING], "48m": [], "54m": [], "56m": [], "60m": []},
        ),
        case(
            alert,
            "fires",
            "on where the controller was found only minutes after it began",
            {**controller("_x5 1x60"), **event(reason, "_x8 1x60")},
            {"7m": [], "8m": [WARNING], "15m": [WARNING], "17m": [WARNING], "22m": [WARNING], "23m": []},
        ),
        case(
            alert,
            "fires",
            "on over a restart of the controller, which forgets it",
            {
                **controller("1x33 0x1 1x60", restarted=34),
                **event(reason, "_x30 1x3 stale"),
            },
            {"29m": [], "30m": [WARNING], "36m": [WARNING], "44m": [WARNING], "45m": [], "50m": [], "60m": []},
        ),
        case(
            alert,
            "fires",
            "at the first event after a restart, though there was one before it",
            {**controller("1x29 0 1x60", restarted=31), **event(reason, "_x2 1x27 stale _x5 1x60")},
            {"29m": [], "35m": [], "36m": [WARNING], "44m": [WARNING], "50m": [WARNING], "52m": []},
        ),
        case(
            alert,
            "fires",
            "on after a restart, though more were counted before it",
            {**controller("1x29 0 1x60", restarted=31), **event(reason, "3x29 stale _x12 1x60")},
            {"42m": [], "43m": [WARNING], "46m": [WARNING], "49m": [WARNING], "51m": [WARNING], "57m": [WARNING]}
            | {"59m": []},
        ),
        case(
            alert,
            "fires",
            "on while scrapes of a controller fail that had restarted",
            {
                **controller("1x29 0 1x7 0x2 1x60", restarted=31),
                **event(reason, "_x2 1x27 stale _x5 1x2 stale _x2 1x60"),
            },
            {"35m": [], "36m": [WARNING], "39m": [WARNING], "41m": [WARNING], "43m": [WARNING], "50m": [WARNING]}
            | {"52m": []},
        ),
        case(
            alert,
            "stays quiet",
            "about what is long past, where the controller could not be read and then restarted",
            {**controller("1x19 0x8 1x1 0 1x60", restarted=31), **event(reason, "3x19 stale _x8 3x1 stale")},
            {f"{minute}m": [] for minute in range(21, 60)},
        ),
        case(
            alert,
            "stays quiet",
            "about what is long past, where Prometheus reads one controller by two Services",
            {
                **controller("1x19 0x8 1x60"),
                **controller("_x7 1x12 0x8 1x60", f'{LEADER},service="second"'),
                **event(reason, "3x19 stale _x8 3x60"),
                **event(reason, "_x7 3x12 stale _x8 3x60", f'{LEADER},service="second"'),
            },
            {f"{minute}m": [] for minute in range(30, 60)},
        ),
        case(
            alert,
            "stays quiet",
            "about what is long past, over a restart of the controller",
            {**controller("1x33 0x1 1x60", restarted=34), **event(reason, "3x33 stale")},
            {"34m": [], "36m": [], "49m": [], "51m": [], "56m": []},
        ),
        case(
            alert,
            "stays quiet",
            "about what is long past, when a scrape that failed becomes fifteen minutes old",
            {**controller("1x20 0x0 1x90"), **event(reason, "3x20 stale 3x90")},
            {"22m": [], "35m": [], "36m": [], "37m": []},
        ),
        case(
            alert,
            "stays quiet",
            "about what is long past",
            {**controller("1x90"), **event(reason, "3x90")},
            {"20m": []},
        ),
        case(
            alert,
            "stays quiet",
            "about what Prometheus finds after an hour away",
            {**controller("1x10 _x60 1x60"), **event(reason, "3x10 _x60 3x60")},
            {"72m": [], "80m": [], "90m": []},
        ),
        case(alert, "has no data", "before the first event", controller("1x60"), {"20m": []}),
        case(alert, "has no data", "without the controller", {}, {"20m": []}),
    ]


_RUN = "An AnalysisRun of the Rollout a-api in apis"
_ANALYSES = [
    *_ends(
        "AnalysisRunFailed",
        "AnalysisRunFailed",
        "An analysis of a-api failed",
        f"{_RUN} failed within the last 15m: the new version is worse than allowed.",
    ),
    *_ends(
        "AnalysisRunErrored",
        "AnalysisRunError",
        "An analysis of a-api could not measure",
        f"{_RUN} could not measure within the last 15m: Prometheus or the query gave errors.",
    ),
    *_ends(
        "AnalysisRunInconclusive",
        "AnalysisRunInconclusive",
        "An analysis of a-api came to no verdict",
        f"{_RUN} came to no verdict within the last 15m: it found too little traffic or no data, and the release waits "
        "for a person.",
    ),
]


def _of_controller(
    alert: str, kind: Kind, when: str, series: Series, firing: dict[str, list[Labels]], **texts: str
) -> Case:
    told = (texts["summary"], texts["description"], "/d/argo-rollouts-monitoring") if texts else None
    return Case(alert, kind, when, _CONTROLLER, series, firing, told, every="1m", step="1m")


_DOWN_LABELS = {"severity": "critical", **_OF_THE_CONTROLLER}
_DOWN = [
    _of_controller(
        "ArgoRolloutsDown",
        "fires",
        "five minutes after the last controller could be read",
        {**controller("1x9 0x30"), **controller("1x8 stale", STANDBY)},
        {"14m": [], "15m": [_DOWN_LABELS]},
        summary="Argo Rollouts is down",
        description="Prometheus has reached no controller of Argo Rollouts for 5 minutes. A release that is under way "
        "stays as it is: nothing measures it, and nothing takes it back.",
    ),
    _of_controller(
        "ArgoRolloutsDown",
        "stays quiet",
        "while one of two is there, and over a restart",
        {**controller("1x9 0x3 1x30"), **controller("1x8 0x30", STANDBY)},
        {"14m": [], "30m": []},
    ),
    _of_controller("ArgoRolloutsDown", "has no data", "and tells just that", {}, {"4m": [], "5m": [_DOWN_LABELS]}),
]

_KEPT = 'scrape_samples_post_metric_relabeling{job="argo-rollouts-requests",namespace="argo-rollouts"}'
_BUDGET = [
    _of_controller(
        "ArgoRolloutsSeriesBudget",
        "fires",
        "an hour after it exposed more than 40,000 samples",
        {_KEPT: "39000+500x2 41000x90"},
        {"62m": [], "63m": [{"severity": "warning", **_OF_THE_CONTROLLER}]},
        summary="Argo Rollouts exposes too many series",
        description="The counter of a controller's requests to Kubernetes has 82% of the 50000 samples that it may: it "
        "has been counting the names of objects for long; a restart of the controller begins anew.",
    ),
    _of_controller("ArgoRolloutsSeriesBudget", "stays quiet", "below that", {_KEPT: "40000x90"}, {"80m": []}),
    _of_controller("ArgoRolloutsSeriesBudget", "has no data", "of any scrape", {}, {"80m": []}),
]

CASES = [*_ERRORS, *_ANALYSES, *_DOWN, *_BUDGET]
