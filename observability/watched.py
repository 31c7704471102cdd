"""One service as its rules see it: where it runs, whose it is, and where links from its alerts lead."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.quantities import Duration
from catalog.services import Service
from observability import metrics
from observability.links import API_DASHBOARD, Links
from observability.rule import Alert, Severity
from observability.series import series


@dataclass(frozen=True)
class Watched:
    """A service, its namespace, and the addresses that alerts tell."""

    service: Service
    namespace: str
    links: Links

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its series, which are those of its alerts too: routes and inhibitions go by them."""
        return {metrics.NAMESPACE: self.namespace, metrics.SERVICE: self.service.name}

    def series(self, metric: str, *more: str) -> str:
        """Its series of a metric."""
        return series(metric, self.labels, *more)

    def alert(
        self,
        name: str,
        severity: Severity,
        expression: str,
        summary: str,
        description: str,
        *,
        held: Duration | None = None,
        dashboard: str = API_DASHBOARD,
        labels: Mapping[str, str] | None = None,
    ) -> Alert:
        """An alert about this service."""
        team = {metrics.TEAM: self.service.team} if self.service.team else {}
        return Alert(
            name,
            severity,
            expression,
            {**self.labels, **team, **(labels or {})},
            summary,
            description,
            self.links.of_service(dashboard, self.namespace, self.name),
            self.links.runbook(name),
            held,
        )
