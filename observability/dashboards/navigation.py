"""The way from one dashboard to another: with the service and the time that are looked at."""

from grafana_foundation_sdk.models.dashboard import DashboardLink, DashboardLinkType

from observability import links
from observability.dashboards.look import DATASOURCE
from observability.dashboards.variables import NAMESPACE, ROLLOUT, SERVICE

_TITLES = {
    links.FLEET_DASHBOARD: "Fleet",
    links.API_DASHBOARD: "API monitoring",
    links.CANARY_DASHBOARD: "Canary analysis",
    links.ARGO_ROLLOUTS_DASHBOARD: "Argo Rollouts Monitoring",
}

_TIME = "${__url_time_range}"
"""Grafana's own: the time that is shown, as an address has it."""


def title(uid: str) -> str:
    """What a dashboard is called."""
    return _TITLES[uid]


def links_from(uid: str) -> list[DashboardLink]:
    """The links at the top of a dashboard, to the three others."""
    return [
        DashboardLink(
            title=name,
            type_val=DashboardLinkType.LINK,
            icon="dashboard",
            tooltip=f"{name}, at the same time",
            url=_address(other, _chosen(uid, other)),
            keep_time=True,
        )
        for other, name in _TITLES.items()
        if other != uid
    ]


def links_of_a_service() -> list[dict[str, str]]:
    """The links on a service in a table, to where more of it is shown."""
    namespace, service = (f"${{__data.fields.{label}}}" for label in ("Namespace", "Service"))
    return [
        {"title": _TITLES[uid], "url": f"{_address(uid, {NAMESPACE: namespace, name: service})}&{_TIME}"}
        for uid, name in (
            (links.API_DASHBOARD, SERVICE),
            (links.CANARY_DASHBOARD, SERVICE),
            (links.ARGO_ROLLOUTS_DASHBOARD, ROLLOUT),
        )
    ]


def links_of_a_rollout() -> list[dict[str, str]]:
    """The links on a Rollout in a table: it is named as its service is."""
    namespace, rollout = (f"${{__data.fields.{label}}}" for label in ("Namespace", "Rollout"))
    address = _address(links.CANARY_DASHBOARD, {NAMESPACE: namespace, SERVICE: rollout})
    return [{"title": _TITLES[links.CANARY_DASHBOARD], "url": f"{address}&{_TIME}"}]


def _chosen(here: str, there: str) -> dict[str, str]:
    """The variables of another dashboard by what is chosen in this one.

    Of several namespaces or Rollouts there is none to show where only one can be: the other chooses itself.
    """
    one = (links.API_DASHBOARD, links.CANARY_DASHBOARD)
    if here not in one:
        return {}
    named = ROLLOUT if there == links.ARGO_ROLLOUTS_DASHBOARD else SERVICE
    return {NAMESPACE: f"${{{NAMESPACE}}}", **({named: f"${{{SERVICE}}}"} if there != links.FLEET_DASHBOARD else {})}


def _address(uid: str, values: dict[str, str]) -> str:
    """A dashboard's address with values that Grafana fills in, and the same data source."""
    given = {DATASOURCE: f"${{{DATASOURCE}}}", **values}
    return f"{links.dashboard_path(uid)}?{'&'.join(f'var-{name}={value}' for name, value in given.items())}"
