"""What the alerts about one service do: `a-api` in the namespace `apis`, of the team `core`."""

from tests.rules.promtool import Series
from tests.rules.rule_cases import Case, Kind, Labels

_ALERTS = ("alerts",)
_WITH_RECORDS = ("requests", "alerts")
_WITH_SLO = ("requests", "slo", "alerts")
_DASHBOARD = "/d/api-observability-api?var-namespace=apis&var-service=a-api"

WARNING = {"severity": "warning", "namespace": "apis", "service": "a-api", "team": "core"}
CRITICAL = {**WARNING, "severity": "critical"}


def of_pod(metric: str, samples: str, pod: str = "a-api-1") -> Series:
    """What Prometheus tells of one target."""
    return {f'{metric}{{namespace="apis",service="a-api",pod="{pod}",job="a-api"}}': samples}


def rate(samples: str, service: str = "a-api") -> Series:
    """Requests per second of the service, as they are recorded."""
    return {f'service:http_requests:rate5m{{namespace="apis",service="{service}"}}': samples}


def requests(samples: str) -> Series:
    return of_pod("http_requests_total", samples)


def buckets(**samples: str) -> Series:
    """The latency histogram of one pod, by bucket in milliseconds: `_300="0+1x9"`, `inf="0+1x9"`."""
    bounds = {name: "+Inf" if name == "inf" else f"{int(name[1:]) / 1000:g}" for name in samples}
    labels = 'namespace="apis",service="a-api",pod="a-api-1"'
    return {f'http_request_duration_seconds_bucket{{{labels},le="{bounds[name]}"}}': samples[name] for name in samples}


def _quiet(alert: str, kind: Kind, when: str, groups: tuple[str, ...], series: Series, *, at: str = "20m") -> Case:
    return Case(alert, kind, when, groups, series, {at: []})


def _texts(summary: str, description: str, dashboard: str = _DASHBOARD) -> tuple[str, str, str]:
    return summary, description, dashboard


_NO_TARGETS = [
    Case(
        "ServiceNoTargets",
        "fires",
        "ten minutes after the last pod was gone",
        _ALERTS,
        of_pod("up", "1x20 stale"),
        {"15m": [], "15m30s": [CRITICAL]},
        _texts(
            "Prometheus knows no pod of a-api",
            "Prometheus has had no target for a-api in apis for 10 minutes: there are no pods, or it does not find "
            "them. No alert about this service's requests can fire, and no canary can be judged.",
        ),
    ),
    _quiet("ServiceNoTargets", "stays quiet", "while a pod is known", _ALERTS, of_pod("up", "0x80")),
    Case("ServiceNoTargets", "has no data", "and tells just that", _ALERTS, {}, {"9m30s": [], "10m": [CRITICAL]}),
]

_TARGET_DOWN = [
    Case(
        "ServiceTargetDown",
        "fires",
        "five minutes after the last pod could be read, and once more for each pod",
        _ALERTS,
        {**of_pod("up", "0x80"), **of_pod("up", "0x80", "a-api-2")},
        {"4m30s": [], "5m": [CRITICAL], "14m30s": [CRITICAL], "15m": [CRITICAL, WARNING]},
    ),
    Case(
        "ServiceTargetDown",
        "fires",
        "as a warning for one of two pods",
        _ALERTS,
        {**of_pod("up", "1x20 0x60"), **of_pod("up", "1x80", "a-api-2")},
        {"20m": [], "20m30s": [WARNING]},
        _texts(
            "Prometheus cannot read some pods of a-api",
            "Scrapes of 1 pods of a-api in apis have been failing for 15 minutes; what they serve is in no dashboard "
            "and in no alert.",
        ),
    ),
    _quiet("ServiceTargetDown", "stays quiet", "over a restart", _ALERTS, of_pod("up", "1x20 0x16 1x40"), at="12m"),
    _quiet("ServiceTargetDown", "has no data", "and leaves that to ServiceNoTargets", _ALERTS, {}),
]

_CONTROLLER = {'up{job="argo-rollouts",namespace="argo-rollouts",instance="i"}': "1x80"}
_ROLLOUT = 'rollout_info{namespace="apis",name="a-api",phase="Completed"}'
_METRICS_ABSENT = [
    Case(
        "RolloutMetricsAbsent",
        "fires",
        "ten minutes after the Rollout was gone",
        _ALERTS,
        {**_CONTROLLER, _ROLLOUT: "1x20 stale"},
        {"15m": [], "15m30s": [{**WARNING, "name": "a-api"}]},
        _texts(
            "Argo Rollouts tells nothing of a-api",
            "The controller's metrics have had no Rollout a-api in apis for 10 minutes: it was deleted, or no "
            "controller leads. No alert about its releases can fire.",
            "/d/argo-rollouts-monitoring?var-namespace=apis&var-rollout=a-api",
        ),
    ),
    _quiet("RolloutMetricsAbsent", "stays quiet", "while it is told of", _ALERTS, {**_CONTROLLER, _ROLLOUT: "1x80"}),
    _quiet("RolloutMetricsAbsent", "has no data", "and leaves that to ArgoRolloutsDown", _ALERTS, {}),
]

_NO_TRAFFIC_TEXTS = _texts(
    "Nobody asks a-api any more",
    "a-api in apis has had no request for 15 minutes, and had more than 0.1 a second at this time yesterday and, as "
    "far as is known, a week ago. Its pods are there; what leads requests to them may be broken.",
)


def _traffic(kind: Kind, when: str, samples: str, firing: dict[str, list[Labels]], every: str = "5m") -> Case:
    texts = _NO_TRAFFIC_TEXTS if kind == "fires" else None
    return Case("ServiceNoTraffic", kind, when, _ALERTS, rate(samples), firing, texts, every=every, step="5m")


_NO_TRAFFIC = [
    # The samples are 5 minutes apart, 288 a day. The rate is 0 from 24h5m on, for ten minutes at 24h10m, held for five.
    _traffic("fires", "where requests end that came", "0.12x288 0x12", {"24h14m": [], "24h15m": [CRITICAL]}, "1m"),
    _traffic("stays quiet", "where few requests come, but some", "2x288 0 0.003 0 0.003 0 0.003", {"24h25m": []}),
    _traffic("stays quiet", "at night as on the night before", "2x144 0x143 2x143 0x48", {"40h": []}, "1h"),
    # Silent from 12 h to 24 h, and from 180 h on, a week after the first of that.
    _traffic("stays quiet", "on a Sunday as on the last one", "2x143 0x143 2x1871 0x60", {"184h": []}, "1h"),
    _traffic("fires", "on a Sunday unlike the last one", "2x2159 0x60", {"180h": [], "182h": [CRITICAL]}, "1h"),
    # On average 0.083.
    _traffic("stays quiet", "where there never was much", f"{'0.05 0.05 0.15 ' * 96} 0x12", {"24h40m": []}),
    _traffic("has no data", "where nothing is recorded any more", "2x288 stale", {"24h40m": []}),
]

_METRICS_MISSING = [
    Case(
        "RequestMetricsMissing",
        "fires",
        "for a pod that counts no requests, whatever another one does",
        _WITH_RECORDS,
        {**of_pod("up", "1x80"), **of_pod("up", "0x80", "a-api-2")},
        {"14m30s": [], "15m": [WARNING]},
        _texts(
            "a-api does not count its requests",
            "Prometheus reads the pods of a-api in apis, and for 15 minutes they have exposed no http_requests_total. "
            "Its dashboards are empty, and no alert about its requests can fire.",
        ),
    ),
    _quiet(
        "RequestMetricsMissing",
        "stays quiet",
        "for a pod that has served none yet",
        _WITH_RECORDS,
        {**of_pod("up", "1x80"), **requests("0x80")},
    ),
    _quiet("RequestMetricsMissing", "has no data", "of any pod", _WITH_RECORDS, of_pod("up", "0x80")),
]

_UNMEASURED = [
    Case(
        "LatencySloUnmeasured",
        "fires",
        "where the histogram has no bucket at the threshold",
        _WITH_SLO,
        {**requests("0+30x140"), **buckets(_250="0+30x140", inf="0+30x140")},
        {"30m": [], "30m30s": [WARNING]},
        _texts(
            "The latency objective of a-api is not measured",
            "a-api in apis serves 2 requests per second, and for 30 minutes its histogram has not told how many of "
            "them took at most 300ms: there is no such bucket, or no histogram at all.",
        ),
    ),
    _quiet(
        "LatencySloUnmeasured",
        "stays quiet",
        "where it has",
        _WITH_SLO,
        {**requests("0+30x140"), **buckets(_300="0+30x140", inf="0+30x140")},
        at="35m",
    ),
    _quiet("LatencySloUnmeasured", "has no data", "while nobody asks", _WITH_SLO, requests("0x140"), at="35m"),
]


def _scrape(scraped: str, kept: str, up: str = "1x80", pod: str = "a-api-1") -> Series:
    metrics = {"scrape_samples_scraped": scraped, "scrape_samples_post_metric_relabeling": kept, "up": up}
    return {name: each for metric, samples in metrics.items() for name, each in of_pod(metric, samples, pod).items()}


_FORBIDDEN = [
    Case(
        "ForbiddenLabelsDropped",
        "fires",
        "ten minutes after a user's number became a label",
        _ALERTS,
        {**_scrape("500x20 512x60", "500x80"), **_scrape("500x20 507x60", "500x80", pod="a-api-2")},
        {"15m": [], "15m30s": [WARNING]},
        _texts(
            "a-api exposes labels that are not allowed",
            "Of each scrape of a-api in apis, up to 12 samples have been thrown away for 10 minutes, since they carry "
            "one of the labels user_id, email, trace_id, timestamp. What they count is missing.",
        ),
    ),
    _quiet("ForbiddenLabelsDropped", "stays quiet", "where all is kept", _ALERTS, _scrape("500x80", "500x80")),
    _quiet(
        "ForbiddenLabelsDropped",
        "stays quiet",
        "where a scrape fails half-way",
        _ALERTS,
        _scrape("7x80", "6x80", up="0x80"),
    ),
    _quiet("ForbiddenLabelsDropped", "has no data", "of any scrape", _ALERTS, {}),
]

_SERIES_BUDGET = [
    Case(
        "ServiceSeriesBudget",
        "fires",
        "fifteen minutes after a pod exposed more than 16,000 of 20,000 samples",
        _ALERTS,
        {**_scrape("16000x20 16200x60", "16000x20 16200x60"), **_scrape("9x80", "9x80", pod="a-api-2")},
        {"20m": [], "20m30s": [WARNING]},
        _texts(
            "a-api is about to expose more series than it may",
            "A pod of a-api in apis exposes 81% of the 20000 samples that a scrape may have; beyond that every scrape "
            "of it fails.",
        ),
    ),
    Case(
        "ServiceSeriesBudget",
        "fires",
        "all the same where some scrapes fail, as those of so many samples do",
        _ALERTS,
        _scrape("16200x9 0 " * 8, "16200x9 0 " * 8, up="1x9 0 " * 8),
        {"14m30s": [], "15m": [WARNING], "17m30s": [WARNING]},
    ),
    _quiet("ServiceSeriesBudget", "stays quiet", "below that", _ALERTS, _scrape("16000x80", "16000x80")),
    _quiet("ServiceSeriesBudget", "has no data", "of any scrape", _ALERTS, {}),
]

CASES = [
    *_NO_TARGETS,
    *_TARGET_DOWN,
    *_METRICS_ABSENT,
    *_NO_TRAFFIC,
    *_METRICS_MISSING,
    *_UNMEASURED,
    *_FORBIDDEN,
    *_SERIES_BUDGET,
]
