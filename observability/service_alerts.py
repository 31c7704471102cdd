"""Alerts about one service: whether Prometheus sees it, whether anybody asks it, and whether what it tells is sound.

Whether its users are served well is for the alerts on its objectives (`slo.py`) to say.
"""

from collections.abc import Iterator

from catalog.quantities import Duration
from observability import metrics, records
from observability.links import ARGO_ROLLOUTS_DASHBOARD
from observability.rule import Alert, RuleGroup
from observability.series import by, series
from observability.watched import Watched

_NO_TRAFFIC_MINUTES = 15
_LEAST_TRAFFIC = 0.1
"""Requests per second that a service must have had at this time of day and week for their end to be no chance: 90 in
the same quarter of an hour, of which none at all by chance is a thing of e^-90."""

_NEAR_THE_LIMIT = 0.8
"""The share of `sampleLimit` (0–1) from which on a few more routes or statuses would make every scrape fail."""


def service_alerts(watched: Watched) -> RuleGroup:
    """The alerts of one service, those on its objectives apart."""
    return RuleGroup(f"{watched.name}.alerts", [*_targets(watched), *_requests(watched), *_contract(watched)])


def _targets(watched: Watched) -> Iterator[Alert]:
    """Whether Prometheus sees the service's pods, and Argo Rollouts its Rollout."""
    up, name = watched.series(metrics.UP), watched.name
    yield watched.alert(
        "ServiceNoTargets",
        "critical",
        f"absent({up})",
        f"Prometheus knows no pod of {name}",
        f"Prometheus has had no target for {name} in {watched.namespace} for 10 minutes: there are no pods, or it does "
        "not find them. No alert about this service's requests can fire, and no canary can be judged.",
        held=Duration.parse("10m"),
    )
    yield watched.alert(
        "ServiceTargetDown",
        "critical",
        f"{by('max', metrics.OF_A_SERVICE, up)} == 0",
        f"Prometheus can read no pod of {name}",
        f"Every scrape of {name} in {watched.namespace} has failed for 5 minutes: its pods are down, or their metrics "
        "are. No alert about this service's requests can fire, and no canary can be judged.",
        held=Duration.parse("5m"),
    )
    yield watched.alert(
        "ServiceTargetDown",
        "warning",
        f"{by('count', metrics.OF_A_SERVICE, f'{up} == 0')} > 0",
        f"Prometheus cannot read some pods of {name}",
        f"Scrapes of {{{{ $value }}}} pods of {name} in {watched.namespace} have been failing for 15 minutes; what "
        "they serve is in no dashboard and in no alert.",
        held=Duration.parse("15m"),
    )
    rollout = series(metrics.ROLLOUT_INFO, {metrics.NAMESPACE: watched.namespace, metrics.NAME: name})
    controller = series(metrics.UP, {metrics.JOB: metrics.ARGO_ROLLOUTS_JOB})
    yield watched.alert(
        "RolloutMetricsAbsent",
        "warning",
        # Without the controller there are none of any Rollout, and that has an alert of its own.
        f"absent({rollout}) and on () max({controller}) == 1",
        f"Argo Rollouts tells nothing of {name}",
        f"The controller's metrics have had no Rollout {name} in {watched.namespace} for 10 minutes: it was deleted, "
        "or no controller leads. No alert about its releases can fire.",
        held=Duration.parse("10m"),
        dashboard=ARGO_ROLLOUTS_DASHBOARD,
    )


def _requests(watched: Watched) -> Iterator[Alert]:
    """Whether requests come in where they did."""
    rate = watched.series(records.request_rate("service", "5m"))
    window = f"{_NO_TRAFFIC_MINUTES}m"
    # Each rate looks back for five minutes itself.
    silence = f"max_over_time({rate}[{_NO_TRAFFIC_MINUTES - 5}m]) == 0"
    yesterday, last_week = (f"avg_over_time({rate}[{window}] offset {ago})" for ago in ("1d", "1w"))
    yield watched.alert(
        "ServiceNoTraffic",
        "critical",
        # A service younger than a week is held against yesterday alone.
        f"{silence} and {yesterday} >= {_LEAST_TRAFFIC} unless {last_week} < {_LEAST_TRAFFIC}",
        f"Nobody asks {watched.name} any more",
        f"{watched.name} in {watched.namespace} has had no request for {_NO_TRAFFIC_MINUTES} minutes, and had more "
        f"than {_LEAST_TRAFFIC} a second at this time yesterday and, as far as is known, a week ago. Its pods are "
        "there; what leads requests to them may be broken.",
        held=Duration.parse("5m"),
    )


def _contract(watched: Watched) -> Iterator[Alert]:
    """Whether what the application tells can be reckoned with."""
    name, limit = watched.name, watched.service.metrics.sample_limit
    up, rate = watched.series(metrics.UP), watched.series(records.request_rate("service", "5m"))
    yield watched.alert(
        "RequestMetricsMissing",
        "warning",
        f"{by('max', metrics.OF_A_SERVICE, up)} == 1 unless {rate}",
        f"{name} does not count its requests",
        f"Prometheus reads the pods of {name} in {watched.namespace}, and for 15 minutes they have exposed no "
        f"{metrics.REQUESTS}. Its dashboards are empty, and no alert about its requests can fire.",
        held=Duration.parse("15m"),
    )
    if watched.service.slo.latency is not None:
        threshold = watched.service.slo.latency.threshold
        measured = series(records.SLI_REQUESTS, {**watched.labels, metrics.SLO: "latency"})
        yield watched.alert(
            "LatencySloUnmeasured",
            "warning",
            f"{rate} > 0 unless on ({', '.join(metrics.OF_A_SERVICE)}) {measured} > 0",
            f"The latency objective of {name} is not measured",
            f"{name} in {watched.namespace} serves {{{{ $value | humanize }}}} requests per second, and for 30 minutes "
            f"its histogram has not told how many of them took at most {threshold}: there is no such bucket, or no "
            "histogram at all.",
            held=Duration.parse("30m"),
        )
    scraped, kept = watched.series(metrics.SAMPLES_SCRAPED), watched.series(metrics.SAMPLES_KEPT)
    yield watched.alert(
        "ForbiddenLabelsDropped",
        "warning",
        # A scrape that failed half-way has a difference too.
        f"{by('max', metrics.OF_A_SERVICE, f'{scraped} - {kept} and {up} == 1')} > 0",
        f"{name} exposes labels that are not allowed",
        f"Of each scrape of {name} in {watched.namespace}, up to {{{{ $value }}}} samples have been thrown away for "
        f"10 minutes, since they carry one of the labels {', '.join(metrics.FORBIDDEN_LABELS)}. What they count is "
        "missing.",
        held=Duration.parse("10m"),
    )
    yield watched.alert(
        "ServiceSeriesBudget",
        "warning",
        # Of a scrape that failed nothing is kept, and those of so many samples are the first to take too long.
        f"{by('max', metrics.OF_A_SERVICE, f'max_over_time({kept}[5m])')} / {limit} > {_NEAR_THE_LIMIT}",
        f"{name} is about to expose more series than it may",
        f"A pod of {name} in {watched.namespace} exposes {{{{ $value | humanizePercentage }}}} of the {limit} samples "
        "that a scrape may have; beyond that every scrape of it fails.",
        held=Duration.parse("15m"),
    )
