"""Secrets that alerting refers to: they must be where each AlertmanagerConfig can read them."""

from typing import Any

import pytest

from catalog.problems import CatalogError
from catalog.stack import StackSettings
from components.alert_secrets import look_up_alert_secrets
from components.cluster_reader import ForbiddenError, Found, Reader
from tests.unit.settings_workbench import everything, from_engine, minimal

PLACE = "Pulumi.dev.yaml: config.api-observability:alerting"
MAKE = "make it: the alerts of each namespace are told with the Secrets of that namespace alone"
SLACK = {"slack": {"webhook": {"secret": "channels", "key": "slack"}}}
HEARTBEAT = {"heartbeat": {"url": {"secret": "channels", "key": "beat"}}}
THERE = {"data": {"slack": "x"}}


def settings(alerting: dict[str, Any], *, install: bool = True) -> StackSettings:
    return from_engine(minimal(alerting=alerting, platform={"monitoring": {"install": install}}))


def cluster(held: dict[tuple[str, str], Any], namespaces: tuple[str, ...]) -> Reader:
    """A cluster with these Secrets (by namespace and name; an error is raised) in these namespaces."""

    def read(kind: str, namespace: str, name: str) -> Found:
        found = ({} if name in namespaces else None) if kind == "Namespace" else held.get((namespace, name))
        if isinstance(found, Exception):
            raise found
        return found

    return read


def nothing(kind: str, namespace: str, name: str) -> Found:
    raise AssertionError(f"asked for {kind} {namespace}/{name}")


ALL = ("apis", "argo-rollouts", "monitoring")


def test_where_nothing_is_referred_to_no_cluster_is_asked() -> None:
    assert look_up_alert_secrets(settings({}), nothing) == []
    own = from_engine(minimal(alerting=everything()["alerting"]), ("alerting",))
    assert look_up_alert_secrets(own, nothing) == []


def test_a_secret_in_every_namespace_is_as_it_should_be() -> None:
    held = {(namespace, "channels"): THERE for namespace in ALL}
    assert look_up_alert_secrets(settings(SLACK), cluster(held, ALL)) == []


def test_every_namespace_without_the_secret_is_told_before_anything_is_done() -> None:
    held = {("apis", "channels"): THERE, ("argo-rollouts", "channels"): {"data": {"other": "x", "more": "x"}}}
    with pytest.raises(CatalogError) as caught:
        look_up_alert_secrets(settings(SLACK), cluster(held, ALL))
    assert str(caught.value).splitlines() == [
        f"{PLACE}.slack.webhook: Secret 'channels' in namespace 'argo-rollouts' has no key 'slack' (it has more, "
        f"other); {MAKE}",
        f"{PLACE}.slack.webhook: there is no Secret 'channels' in namespace 'monitoring' of the cluster; {MAKE}",
    ]


def test_in_a_namespace_that_the_run_makes_it_is_a_warning() -> None:
    held = {(namespace, "channels"): THERE for namespace in ("argo-rollouts", "monitoring")}
    (told,) = look_up_alert_secrets(settings(SLACK), cluster(held, ("argo-rollouts", "monitoring")))
    assert str(told) == (
        f"{PLACE}.slack.webhook: there is no Secret 'channels' in namespace 'apis' of the cluster; {MAKE}"
    )


def test_an_adopted_stacks_own_namespace_needs_none() -> None:
    held = {(namespace, "channels"): THERE for namespace in ("apis", "argo-rollouts")}
    assert look_up_alert_secrets(settings(SLACK, install=False), cluster(held, ALL)) == []


@pytest.mark.parametrize(("install", "namespace"), [(True, "monitoring"), (False, "apis")])
def test_the_heartbeats_is_needed_where_watchdog_is(install: bool, namespace: str) -> None:
    with pytest.raises(CatalogError) as caught:
        look_up_alert_secrets(settings(HEARTBEAT, install=install), cluster({}, ALL))
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{PLACE}.heartbeat.url: there is no Secret 'channels' in namespace '{namespace}'")


def test_what_may_not_be_read_is_taken_to_be_there() -> None:
    held: dict[tuple[str, str], Any] = {(namespace, "channels"): ForbiddenError("no") for namespace in ALL}
    assert look_up_alert_secrets(settings(SLACK), cluster(held, ALL)) == []


def test_a_namespace_that_may_not_be_looked_at_is_taken_to_be_there() -> None:
    def read(kind: str, namespace: str, name: str) -> Found:
        if kind == "Namespace":
            raise ForbiddenError("no")
        return None

    with pytest.raises(CatalogError):
        look_up_alert_secrets(settings(SLACK), read)
