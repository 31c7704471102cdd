"""What the notification engine of Argo Rollouts reads, in the controller's own namespace: a ConfigMap and a Secret."""

from typing import Any

from catalog.alerting import Alerting
from components.credentials import Credentials
from components.kubernetes_object import MANAGED_BY
from observability.notifications import CONFIG_MAP, PASSWORD_KEY, SECRET, WEBHOOK_KEY, NotificationConfig


def notification_secret(alerting: Alerting, namespace: str) -> Credentials:
    """The webhook and the password that stand in the stack's config; what is referred to is somebody else's to keep."""
    credentials = Credentials(SECRET, namespace)
    if alerting.slack:
        credentials.reference(alerting.slack.webhook, WEBHOOK_KEY)
    if alerting.email and alerting.email.password:
        credentials.reference(alerting.email.password, PASSWORD_KEY)
    return credentials


def notification_config_map(config: NotificationConfig, namespace: str) -> dict[str, Any]:
    """The ConfigMap for a controller that is there already; for one that is installed the chart makes it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": CONFIG_MAP, "namespace": namespace, "labels": MANAGED_BY},
        "data": config.data,
    }
