"""What a reader of a dashboard chooses, and how queries ask for what was chosen."""

from grafana_foundation_sdk.builders.dashboard import DatasourceVariable, QueryVariable
from grafana_foundation_sdk.models.dashboard import VariableModel, VariableOption, VariableRefresh, VariableSort

from observability import metrics, records
from observability.dashboards.look import DATASOURCE, PROMETHEUS
from observability.series import series

NAMESPACE, SERVICE, VERSION, ROLLOUT = metrics.NAMESPACE, metrics.SERVICE, metrics.VERSION, "rollout"
"""The names of the variables, which links from alerts give values to."""

OF_SERVICE = {metrics.NAMESPACE: f"${NAMESPACE}", metrics.SERVICE: f"${SERVICE}"}
"""The labels of the chosen service's series."""

ROLLOUT_OF_SERVICE = {metrics.NAMESPACE: f"${NAMESPACE}", metrics.NAME: f"${SERVICE}"}
"""The labels of the chosen service's Rollout."""

IN_NAMESPACES = f'{metrics.NAMESPACE}=~"${NAMESPACE}"'
"""The matcher for the chosen namespaces, where several may be."""

OF_ROLLOUTS = (IN_NAMESPACES, f'{metrics.NAME}=~"${ROLLOUT}"')
"""The matchers for the chosen Rollouts."""

OF_VERSIONS = f'{metrics.VERSION}=~"${VERSION}"'

_REQUESTS = records.request_rate("service_version", "1m")
_WHATEVER = ".*"
"""The value of "All" where it means just that, be there nothing to choose from."""

_ALL = VariableOption(True, ["All"], ["$__all"])
_NONE_YET = VariableOption(False, "", "")
"""Grafana takes the first value there is."""


def datasource() -> VariableModel:
    """Which Prometheus; Grafana's default one, or the first where that is none."""
    variable = DatasourceVariable(DATASOURCE).label("Data source").type("prometheus")
    return variable.current(VariableOption(True, "default", "default")).build()


def namespace() -> VariableModel:
    """One of the namespaces with services."""
    return _one(NAMESPACE, "Namespace", series(_REQUESTS))


def service() -> VariableModel:
    """One of the services in the namespace."""
    return _one(SERVICE, "Service", series(_REQUESTS, {metrics.NAMESPACE: f"${NAMESPACE}"}))


def version() -> VariableModel:
    """Canary, stable, or both."""
    return _several(VERSION, "Version", series(_REQUESTS, OF_SERVICE), metrics.VERSION).all_value(_WHATEVER).build()


def namespaces_of_services() -> VariableModel:
    """Some of the namespaces with services, or all."""
    # All of these are not all there are: other people's Rollouts may be in other namespaces.
    return _several(NAMESPACE, "Namespace", series(_REQUESTS), metrics.NAMESPACE).build()


def namespaces_of_rollouts() -> VariableModel:
    """Some of the namespaces with Rollouts, or all."""
    return (
        _several(NAMESPACE, "Namespace", series(metrics.ROLLOUT_INFO), metrics.NAMESPACE).all_value(_WHATEVER).build()
    )


def rollouts() -> VariableModel:
    """Some of the Rollouts in the namespaces, or all."""
    found_in = series(metrics.ROLLOUT_INFO, None, IN_NAMESPACES)
    return _several(ROLLOUT, "Rollout", found_in, metrics.NAME).all_value(_WHATEVER).build()


def _query(name: str, label: str, found_in: str, values_of: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .query(f"label_values({found_in}, {values_of})")
        .datasource(PROMETHEUS)
        # A service that has come since is found once another time is looked at, or the page is loaded anew.
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def _one(name: str, label: str, found_in: str) -> VariableModel:
    return _query(name, label, found_in, name).current(_NONE_YET).build()


def _several(name: str, label: str, found_in: str, values_of: str) -> QueryVariable:
    return _query(name, label, found_in, values_of).multi(True).include_all(True).current(_ALL)
