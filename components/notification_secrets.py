"""Whether the controller of Argo Rollouts can read the credentials of its messages."""

from __future__ import annotations

from catalog.config_keys import NAMESPACE
from catalog.problems import Problem
from catalog.stack import StackSettings
from components.argo_rollouts_monitoring import ArgoRolloutsMonitoringArgs
from components.cluster_reader import ForbiddenError, Reader, reader_of
from observability.notifications import SECRET, notification_warnings


def look_up_notification_secrets(settings: StackSettings, read: Reader | None = None) -> list[Problem]:
    """What is to be told of credentials that are referred to in a Secret that the controller does not read.

    Nothing where the controller's messages are not this program's, where somebody has put the same into the one Secret
    that it does read, and where we may not look. It is a warning: releases go on, and nobody hears of them. Raises
    ClusterError where the cluster does not answer.
    """
    if not ArgoRolloutsMonitoringArgs.of(settings).tells or not notification_warnings(settings.alerting):
        return []
    read = read or reader_of(settings)
    try:
        found = read("Secret", settings.platform.argo_rollouts.namespace, SECRET)
    except ForbiddenError:
        return []
    held = (found or {}).get("data") or {}
    file = f"Pulumi.{settings.stack}.yaml"
    return [
        Problem(file, f"config.{NAMESPACE}:{path}", told)
        for path, told in notification_warnings(settings.alerting, held)
    ]
