"""Whether the Secrets that the monitoring stack is to read are in its namespace."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.config_keys import NAMESPACE
from catalog.problems import CatalogError, Problem
from catalog.secrets import Credential, SecretKeyReference
from catalog.stack import StackSettings
from components.cluster_reader import Reader, reader_of
from components.secret_lookup import is_there, missing

_LOGIN_KEYS = ("admin-user", "admin-password")
"""Where the chart looks in Grafana's Secret (`grafana.admin.userKey`, `passwordKey`)."""


def look_up_monitoring_secrets(settings: StackSettings, read: Reader | None = None) -> list[Problem]:
    """What is to be told of the Secrets that an installed monitoring stack reads; unreadable ones are passed over.

    Raises CatalogError where one is missing from a namespace that is there: Grafana would never start, and Helm would
    wait for it until it gives up; Prometheus would keep its old configuration. In a namespace that this run makes it is
    a warning: both go on as soon as the Secret is there. Raises ClusterError where the cluster does not answer.
    """
    wanted = list(_references(settings)) if settings.platform.monitoring.install else []
    if not wanted:
        return []
    read = read or reader_of(settings)
    problems = list(dict.fromkeys(_missing(settings, wanted, read)))
    if problems and is_there(read, settings.platform.monitoring.namespace):
        raise CatalogError(problems)
    return problems


def _references(settings: StackSettings) -> Iterator[tuple[str, SecretKeyReference]]:
    """The path of each setting, and what it refers to."""
    if settings.grafana.admin_secret:
        for key in _LOGIN_KEYS:
            yield "grafana.adminSecret", SecretKeyReference(secret=settings.grafana.admin_secret, key=key)
    for index, store in enumerate(settings.prometheus.remote_write):
        login: dict[str, Credential | None] = {"bearerToken": store.bearer_token}
        if store.basic_auth:
            login |= {"basicAuth.username": store.basic_auth.username, "basicAuth.password": store.basic_auth.password}
        for path, credential in login.items():
            if isinstance(credential, SecretKeyReference):
                yield f"prometheus.remoteWrite[{index}].{path}", credential


def _missing(settings: StackSettings, wanted: list[tuple[str, SecretKeyReference]], read: Reader) -> Iterator[Problem]:
    for path, reference in wanted:
        if told := missing(read, settings.platform.monitoring.namespace, reference):
            yield Problem(f"Pulumi.{settings.stack}.yaml", f"config.{NAMESPACE}:{path}", f"{told}; make it first")
