"""Whether the Secrets that alerting refers to are where the AlertmanagerConfigs can read them."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.config_keys import NAMESPACE
from catalog.problems import CatalogError, Problem
from catalog.secrets import Credential, SecretKeyReference
from catalog.stack import StackSettings
from components.alert_receivers import receivers
from components.alert_routing import AlertRoutingArgs
from components.cluster_reader import Reader, reader_of
from components.secret_lookup import is_there, missing


def look_up_alert_secrets(settings: StackSettings, read: Reader | None = None) -> list[Problem]:
    """What is to be told of the Secrets that `settings.alerting` refers to; those that may not be read are passed over.

    Raises CatalogError where one is missing from a namespace that is there: the operator leaves out an
    AlertmanagerConfig of which it cannot read a Secret, and then nobody hears of that namespace's alerts at all. In a
    namespace that this run makes it is a warning: the operator looks again once the Secret is there. Raises
    ClusterError where the cluster does not answer.
    """
    scopes = AlertRoutingArgs.of(settings).scopes
    wanted = {scope.namespace: _references(settings, heartbeat=scope.heartbeat) for scope in scopes}
    if not any(wanted.values()):
        return []
    read = read or reader_of(settings)
    later: list[Problem] = []
    now: list[Problem] = []
    for namespace, references in wanted.items():
        problems = list(_missing(settings, namespace, references, read))
        (now if problems and is_there(read, namespace) else later).extend(problems)
    if now:
        raise CatalogError(now)
    return later


def _references(settings: StackSettings, *, heartbeat: bool) -> dict[str, SecretKeyReference]:
    """By the path of its setting below `alerting`, each reference in the receivers of an AlertmanagerConfig."""
    found: dict[str, SecretKeyReference] = {}

    def noted(credential: Credential, path: str) -> dict[str, str]:
        if isinstance(credential, SecretKeyReference):
            found[path] = credential
        return {}

    receivers(settings.alerting, settings.environment, noted, heartbeat=heartbeat)
    return found


def _missing(
    settings: StackSettings, namespace: str, references: dict[str, SecretKeyReference], read: Reader
) -> Iterator[Problem]:
    for path, reference in references.items():
        if told := missing(read, namespace, reference):
            yield Problem(
                f"Pulumi.{settings.stack}.yaml",
                f"config.{NAMESPACE}:alerting.{path}",
                f"{told}; make it: the alerts of each namespace are told with the Secrets of that namespace alone",
            )
