"""Grafana in the values of kube-prometheus-stack."""

from typing import Any

from catalog.platform import Grafana
from catalog.sizes import PersistentVolume
from components.grafana_dashboard import DATASOURCE_UID, FOLDER_ANNOTATION, LABEL, LABEL_VALUE
from components.monitoring_values import Values, literal

_CHARTS_FOLDER = "Kubernetes"
"""Where the chart's own dashboards go, so that they do not hide ours."""


def grafana_values(grafana: Grafana) -> Values:
    """Dashboards from every namespace in folders, one data source, the administrator's login, address and volume."""
    address = {"grafana.ini": {"server": {"root_url": literal(grafana.url)}}} if grafana.url else {}
    return {
        "enabled": True,
        "sidecar": {"dashboards": _dashboards(), "datasources": {"enabled": True, "uid": DATASOURCE_UID}},
        **_login(grafana.admin_secret),
        **address,
        **_volume(grafana.persistence),
    }


def _dashboards() -> dict[str, Any]:
    return {
        "enabled": True,
        "label": LABEL,
        "labelValue": LABEL_VALUE,
        "searchNamespace": "ALL",
        # Otherwise every Secret of the cluster is watched as well.
        "resource": "configmap",
        # The annotation makes the sidecar write into folders, and the structure makes Grafana see them.
        "folderAnnotation": FOLDER_ANNOTATION,
        "provider": {"foldersFromFilesStructure": True},
        "annotations": {FOLDER_ANNOTATION: _CHARTS_FOLDER},
    }


def _login(secret: str | None) -> Values:
    """A Secret that is there; or none, and the chart makes a random password, which it reads again on each upgrade.

    Older versions of the chart have a password that everybody knows; an empty one stands for a random one in them too.
    """
    return {"admin": {"existingSecret": secret}} if secret else {"adminPassword": ""}


def _volume(persistence: PersistentVolume | None) -> Values:
    """A volume that the new pod can only have once the old one is gone, and that stays when the release goes."""
    if not persistence:
        return {}
    named = {"storageClassName": persistence.storage_class} if persistence.storage_class else {}
    return {
        "deploymentStrategy": {"type": "Recreate"},
        "persistence": {
            "enabled": True,
            "type": "pvc",
            "accessModes": ["ReadWriteOnce"],
            "size": str(persistence.size),
            "annotations": {"helm.sh/resource-policy": "keep"},
            **named,
        },
    }
