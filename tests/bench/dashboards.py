"""What a look at the dashboard of one API over 6 hours costs, beside the four raw queries of the Helm-chart guide."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.models.dashboard import Dashboard

from catalog.catalog_file import load_catalog
from catalog.quantities import Duration
from catalog.services import Service
from observability.dashboard_rules import dashboard_records
from observability.dashboards import DASHBOARDS
from observability.dashboards.asked import Asked, panels, queries
from observability.links import API_DASHBOARD, Links
from observability.request_rules import service_records
from observability.rule import RuleGroup
from observability.slo import slo_groups
from observability.watched import Watched
from tests.bench import busy_service
from tests.bench.backfill import Backfilled, Cost, backfilled
from tests.bench.busy_service import NAMESPACE, SCRAPE_SECONDS, SERVICE
from tests.bench.parts import Row, Say

_HOURS = 6
_LEAST_RATIO = 10
_SCRAPES_A_MESSAGE = 120

_POINTS = 720
"""Of a graph that fills half of a screen: Grafana asks for no more points than it has pixels to draw them in."""

STEP_SECONDS = _HOURS * 3600 // _POINTS

_OF_SERVICE = f'{{namespace="{NAMESPACE}",service="{SERVICE}"}}'
_ERRORS = f'{{namespace="{NAMESPACE}",service="{SERVICE}",status=~"5.."}}'

GUIDE = {
    "request rate": f"sum by (version) (rate(http_requests_total{_OF_SERVICE}[1m]))",
    "error ratio": (
        f"sum by (version) (rate(http_requests_total{_ERRORS}[1m])) "
        f"/ sum by (version) (rate(http_requests_total{_OF_SERVICE}[1m]))"
    ),
    "p95 latency": (
        f"histogram_quantile(0.95, sum by (version, le) (rate(http_request_duration_seconds_bucket{_OF_SERVICE}[1m])))"
    ),
    "requests by endpoint": f"topk(10, sum by (path) (rate(http_requests_total{_OF_SERVICE}[1m])))",
}
"""Rates over a minute: four scrapes, the least that a rate can be trusted with, and so the least that they can read."""


@dataclass(frozen=True)
class Refresh:
    """One query of a dashboard as Grafana sends it: for one moment, or for a graph with so many seconds a step."""

    asked: Asked
    step: int


def measure(say: Say) -> Iterator[Row]:
    """Fill a Prometheus, and read it both ways."""
    with tempfile.TemporaryDirectory() as folder, backfilled(Path(folder)) as prometheus:
        end = int(time.time()) // SCRAPE_SECONDS * SCRAPE_SECONDS
        start = end - _HOURS * 3600
        _fill(prometheus, start, end, say)
        say("recording what the rules of the service record")
        recorded = prometheus.record(_groups(_service(Path(folder))), start, end)
        say("asking the raw queries")
        raw = {name: prometheus.graph(query, start, end, STEP_SECONDS)[1] for name, query in GUIDE.items()}
        say("asking the queries of the dashboard")
        shown = refreshes(DASHBOARDS[API_DASHBOARD]())
        ours = [_cost(prometheus, each, start, end) for each in shown]
    yield from _rows(raw, ours, recorded)


def refreshes(dashboard: Dashboard) -> list[Refresh]:
    """What Grafana sends when it shows the dashboard anew: every panel, and the marks across them."""
    least = {panel.title: int(Duration.parse(panel.interval)) for panel in panels(dashboard) if panel.interval}
    return [_refresh(asked, max(STEP_SECONDS, least.get(asked.panel, 0))) for asked in queries(dashboard)]


def _refresh(asked: Asked, step: int) -> Refresh:
    """Grafana's own values: `$__rate_interval` is a step and a scrape, and four scrapes at least."""
    rate = max(step + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)
    chosen = {"namespace": NAMESPACE, "service": SERVICE, "version": ".*"}
    return Refresh(asked.filled_in({**chosen, "__interval": f"{step}s", "__rate_interval": f"{rate}s"}), step)


def _cost(prometheus: Backfilled, refresh: Refresh, start: int, end: int) -> Cost:
    expression = refresh.asked.expression
    if refresh.asked.instant:
        return prometheus.moment(expression, end)[1]
    return prometheus.graph(expression, start, end, refresh.step)[1]


def _fill(prometheus: Backfilled, start: int, end: int, say: Say) -> None:
    scrapes = range(start * 1000, end * 1000 + 1, SCRAPE_SECONDS * 1000)
    for first in range(0, len(scrapes), _SCRAPES_A_MESSAGE):
        moments = scrapes[first : first + _SCRAPES_A_MESSAGE]
        say(f"writing {_HOURS} h of one service's series: {first / len(scrapes):.0%}")
        prometheus.write(moments, busy_service.series(len(moments), first))


def _service(folder: Path) -> Service:
    """A service with all defaults, and the objectives that the defaults have."""
    file = folder / "services.yaml"
    file.write_text(f"services: {{{SERVICE}: {{project: Bench, port: 8006, image: 'registry.example.com/a:1'}}}}\n")
    (found,) = load_catalog(file, "bench", ("bench",)).services
    return found


def _groups(service: Service) -> list[RuleGroup]:
    watched = Watched(service, NAMESPACE, Links())
    return [service_records(service, NAMESPACE), dashboard_records(service, NAMESPACE), *slo_groups(watched)]


def _rows(raw: dict[str, Cost], ours: Sequence[Cost], recorded: int) -> Iterator[Row]:
    of_raw, of_ours = (sum(each.samples for each in costs) for costs in (raw.values(), ours))
    for name, cost in raw.items():
        yield Row(f"the guide's {name}", _told([cost]))
    yield Row("the guide's four queries", _told(list(raw.values())), "1")
    ratio = f"{of_raw / of_ours:.0f} times fewer samples (aim: {_LEAST_RATIO} or more)"
    yield Row(f"our dashboard, all {len(ours)} queries", _told(ours), ratio)
    often = recorded / of_raw
    yield Row(
        "recording meanwhile, however many look",
        f"{recorded / 1e6:.1f} M samples",
        f"{often:.1f} looks the guide's way",
    )


def _told(costs: Sequence[Cost]) -> str:
    samples, peak = sum(each.samples for each in costs), max(each.peak for each in costs)
    return f"{samples / 1e6:.2f} M samples, {peak / 1e6:.2f} M at once, {sum(each.seconds for each in costs):.2f} s"
