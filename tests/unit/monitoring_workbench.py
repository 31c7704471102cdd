"""The monitoring stack as the program registers it for given settings."""

from typing import Any

from cli.recording import Recording, record
from components.monitoring_stack import MonitoringStack, MonitoringStackArgs
from tests.unit.settings_workbench import UID, from_engine, minimal

PRODUCTION = {"environment": "prod", "cluster": {"context": "prod", "uid": UID}}
"""The settings of a production stack, for `registered`."""


def registered(preview: bool, **settings: Any) -> Recording:
    """All that is registered for a stack with these settings."""
    # The engine tells which keys hold secrets; here these are the credentials of stores.
    secret = ("prometheus",) if "remoteWrite" in settings.get("prometheus", {}) else ()
    args = MonitoringStackArgs.of(from_engine(minimal(**settings), secret))
    return record(lambda: MonitoringStack("monitoring", args), stack="dev", preview=preview)[1]


def release(preview: bool, **settings: Any) -> dict[str, Any]:
    """The inputs of the Release."""
    (found,) = registered(preview, **settings).of("Release")
    return found.inputs


def values(preview: bool, **settings: Any) -> dict[str, Any]:
    """The values of the chart."""
    found: dict[str, Any] = release(preview, **settings)["values"]
    return found


def prometheus_spec(preview: bool, **settings: Any) -> dict[str, Any]:
    """What the values say of Prometheus itself."""
    found: dict[str, Any] = values(preview, **settings)["prometheus"]["prometheusSpec"]
    return found
