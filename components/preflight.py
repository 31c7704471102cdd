"""Before the first resource: the right cluster, what the stack relies on, and no change that would break a service."""

from collections.abc import Callable, Sequence

from catalog.problems import CatalogError, Problem
from catalog.services import Service
from catalog.stack import StackSettings
from components.adopted import ensure_adopted
from components.adoption import ensure_handed_over
from components.alert_secrets import look_up_alert_secrets
from components.claims import look_up_claims
from components.cluster import ensure_cluster
from components.live_objects import Live
from components.monitoring_secrets import look_up_monitoring_secrets
from components.notification_secrets import look_up_notification_secrets
from components.referenced import Referenced, look_up
from components.running import ensure_changeable, running_rollouts

TOUCHED = "API_OBSERVABILITY_TOUCHED_SERVICE"
"""The environment variable by which a release says which service alone the engine is going to touch."""


def preflight(
    settings: StackSettings, services: Sequence[Service], live: Live | None = None, touched: str | None = None
) -> Referenced:
    """Look at the cluster of the stack, and change nothing; what it holds of the things that are referred to.

    Where one service alone is `touched`, what is wrong with another, or with what tells people, is a warning: one
    service must not hold up the others.

    With `live`, the stack adopts what a Helm chart has made, and that must have been handed over. Raises ClusterError
    where it is not, where it is not the stack's cluster, does not answer, or lacks what the stack relies on, and
    CatalogError where services cannot be changed as asked or need a Secret that is not there.
    """
    ensure_cluster(settings)
    misnamed = ensure_adopted(settings)
    running = running_rollouts(settings)
    others = [service for service in services if touched not in (None, service.name)]
    meant = [service for service in services if service not in others]
    ensure_changeable(settings, meant, running)
    if live:
        ensure_handed_over(settings, meant, live)
    beside = _raised if touched is None else _told
    told = [
        *misnamed,
        *_told(lambda: ensure_changeable(settings, others, running)),
        *beside(lambda: look_up_monitoring_secrets(settings)),
        *beside(lambda: look_up_alert_secrets(settings)),
        *beside(lambda: look_up_notification_secrets(settings)),
        *look_up_claims(settings, services),
    ]
    return look_up(settings, services, running).with_warnings(told)


Look = Callable[[], Sequence[Problem] | None]


def _raised(look: Look) -> Sequence[Problem]:
    """What is to be told; faults end the run."""
    return look() or ()


def _told(look: Look) -> Sequence[Problem]:
    """The same, but for faults, which are told too."""
    try:
        return look() or ()
    except CatalogError as error:
        return error.problems
