"""Before the first resource: the right cluster, what the stack relies on, and no change that would break a service."""

from collections.abc import Sequence

from catalog.services import Service
from catalog.stack import StackSettings
from components.adopted import ensure_adopted
from components.alert_secrets import look_up_alert_secrets
from components.claims import look_up_claims
from components.cluster import ensure_cluster
from components.monitoring_secrets import look_up_monitoring_secrets
from components.notification_secrets import look_up_notification_secrets
from components.referenced import Referenced, look_up
from components.running import ensure_changeable, running_rollouts


def preflight(settings: StackSettings, services: Sequence[Service]) -> Referenced:
    """Look at the cluster of the stack, and change nothing; what it holds of the things that are referred to.

    Raises ClusterError where it is not the stack's cluster, does not answer, or lacks what the stack adopts, and
    CatalogError where services cannot be changed as asked or need a Secret that is not there.
    """
    ensure_cluster(settings)
    misnamed = ensure_adopted(settings)
    running = running_rollouts(settings)
    ensure_changeable(settings, services, running)
    told = [
        *misnamed,
        *look_up_monitoring_secrets(settings),
        *look_up_alert_secrets(settings),
        *look_up_notification_secrets(settings),
        *look_up_claims(settings, services),
    ]
    return look_up(settings, services, running).with_warnings(told)
