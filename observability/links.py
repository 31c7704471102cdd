"""Where a person goes from an alert or a dashboard: to the dashboard that shows more, and to the runbook page."""

from dataclasses import dataclass
from urllib.parse import quote

FLEET_DASHBOARD = "api-observability-fleet"
API_DASHBOARD = "api-observability-api"
CANARY_DASHBOARD = "api-observability-canary"
ARGO_ROLLOUTS_DASHBOARD = "argo-rollouts-monitoring"
"""The uids, which addresses and links are made of: they stay, whatever a dashboard's title or folder becomes."""

_VARIABLES = {ARGO_ROLLOUTS_DASHBOARD: "rollout"}
"""The variable for the name of a service, where a dashboard calls it otherwise."""

RUNBOOKS = "docs/runbooks"
"""The folder of the runbook pages in the repository."""

_TEMPLATE = "{{"
"""What a value begins with that Prometheus fills in from the alert's labels: names in Kubernetes, safe in a URL."""


def dashboard_path(uid: str, **variables: str) -> str:
    """The path of a dashboard below Grafana's address, with values of its variables."""
    values = [
        f"var-{name}={value if value.startswith(_TEMPLATE) else quote(value)}" for name, value in variables.items()
    ]
    return f"/d/{uid}{'?' if values else ''}{'&'.join(values)}"


@dataclass(frozen=True)
class Links:
    """Addresses as people open them: `grafana` (`grafana.url`) and `runbooks` (`alerting.runbookUrl`).

    Where one is not known, a link is only the path below it: of Grafana's, or in the repository.
    """

    grafana: str | None = None
    runbooks: str | None = None

    def dashboard(self, uid: str, **variables: str) -> str:
        """The address of a dashboard."""
        return f"{(self.grafana or '').rstrip('/')}{dashboard_path(uid, **variables)}"

    def of_service(self, uid: str, namespace: str, service: str) -> str:
        """The address of a dashboard that shows one service, or the Rollout of that name."""
        return self.dashboard(uid, namespace=namespace, **{_VARIABLES.get(uid, "service"): service})

    def runbook(self, alert: str) -> str:
        """The address of the page for an alert."""
        return f"{(self.runbooks or RUNBOOKS).rstrip('/')}/{alert}.md"
