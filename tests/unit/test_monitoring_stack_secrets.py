"""Secrets of the cluster that the monitoring stack reads are looked for before anything waits for them."""

from typing import Any

import pytest

from catalog.problems import CatalogError, Problem
from components.cluster_reader import ForbiddenError, Found
from components.monitoring_secrets import look_up_monitoring_secrets
from tests.unit.settings_workbench import from_engine, minimal

PLACE = "Pulumi.dev.yaml: config.api-observability:"
STORES: list[dict[str, Any]] = [
    {"name": "mimir", "url": "https://a.example.com", "bearerToken": {"secret": "stores", "key": "token"}},
    {
        "name": "audit",
        "url": "https://b.example.com",
        "basicAuth": {"username": {"secret": "stores", "key": "user"}, "password": {"secret": "stores", "key": "pass"}},
    },
]


class Holdings:
    """What the namespace `monitoring` of a cluster holds, by the names of Secrets and their keys."""

    def __init__(self, *, there: bool = True, forbidden: bool = False, **secrets: list[str]) -> None:
        self.there = there
        self.forbidden = forbidden
        self.secrets = {name.replace("_", "-"): keys for name, keys in secrets.items()}

    def read(self, kind: str, namespace: str, name: str) -> Found:
        if self.forbidden:
            raise ForbiddenError(f"{kind} {name} is forbidden")
        if kind == "Namespace":
            return {"metadata": {"name": name}} if self.there else None
        assert namespace == "monitoring"
        return {"data": dict.fromkeys(self.secrets[name], "eA==")} if name in self.secrets else None


def told(holdings: Holdings, **settings: Any) -> list[Problem]:
    return look_up_monitoring_secrets(from_engine(minimal(**settings)), holdings.read)


def refused(holdings: Holdings, **settings: Any) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        told(holdings, **settings)
    return str(caught.value).splitlines()


def test_what_is_there_with_its_keys_is_nothing_to_speak_of() -> None:
    holdings = Holdings(login=["admin-user", "admin-password"], stores=["token", "user", "pass"])
    assert told(holdings, grafana={"adminSecret": "login"}, prometheus={"remoteWrite": STORES}) == []


def test_a_login_that_is_not_there_is_refused_instead_of_waited_for() -> None:
    line = f"{PLACE}grafana.adminSecret: there is no Secret 'login' in namespace 'monitoring' of the cluster"
    assert refused(Holdings(), grafana={"adminSecret": "login"}) == [f"{line}; make it first"]


def test_each_key_that_is_missing_is_named_with_those_there_are() -> None:
    holdings = Holdings(stores=["token"], login=["admin-user"])
    lines = refused(holdings, grafana={"adminSecret": "login"}, prometheus={"remoteWrite": STORES})
    inside, first = "in namespace 'monitoring' has no key", "make it first"
    assert lines == [
        f"{PLACE}grafana.adminSecret: Secret 'login' {inside} 'admin-password' (it has admin-user); {first}",
        f"{PLACE}prometheus.remoteWrite[1].basicAuth.username: Secret 'stores' {inside} 'user' (it has token); {first}",
        f"{PLACE}prometheus.remoteWrite[1].basicAuth.password: Secret 'stores' {inside} 'pass' (it has token); {first}",
    ]


def test_in_a_namespace_that_this_run_makes_it_is_a_warning() -> None:
    (warning,) = told(Holdings(there=False), prometheus={"remoteWrite": STORES[:1]})
    assert str(warning).startswith(f"{PLACE}prometheus.remoteWrite[0].bearerToken: there is no Secret 'stores'")


def test_who_may_not_read_secrets_is_not_held_up() -> None:
    assert told(Holdings(forbidden=True), grafana={"adminSecret": "login"}) == []


def test_nothing_is_asked_where_nothing_is_referred_to_or_installed() -> None:
    def asked(kind: str, namespace: str, name: str) -> Found:
        pytest.fail(f"asked for {kind} {namespace}/{name}")

    assert look_up_monitoring_secrets(from_engine(minimal()), asked) == []
    adopted = {"platform": {"monitoring": {"install": False}}, "grafana": {"adminSecret": "login"}}
    assert look_up_monitoring_secrets(from_engine(minimal(**adopted)), asked) == []
