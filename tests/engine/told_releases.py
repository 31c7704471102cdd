"""Services whose releases are told of, and the configuration of the controller that tells of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightkube
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Secret

from catalog.alerting import Alerting
from observability import notifications
from tests.engine.outside import NOTHING, Outside
from tests.engine.stack import Edit
from tests.unit.catalog_workbench import service as service_with

CONTROLLER = "argo-rollouts"
GATE: dict[str, Any] = {"pause": "forever"}
HALF, MEASURED = {"setWeight": 50}, {"analysis": True}
SERVICES = ["good-api", "bad-api", "blind-api", "routed-api", "by-hand-api"]

GRAFANA = "https://grafana.example.com"
PASSWORD = "01234"
"""To YAML, without quotes, it would be a number."""


def alerting(outside: Outside) -> Alerting:
    """The channels of a stack."""
    secret = {"secret": notifications.SECRET}
    settings = {
        "slack": {"webhook": {**secret, "key": notifications.WEBHOOK_KEY}, "channel": "#deployments"},
        "email": {
            "to": ["a@example.com", "b@example.com"],
            "from": "releases@example.com",
            "smarthost": outside.smtp,
            "username": "releases",
            "password": {**secret, "key": notifications.PASSWORD_KEY},
            "requireTls": False,
        },
        "teams": {"blue": {"slack": "#blue", "email": ["blue@example.com"]}},
    }
    return Alerting.model_validate(settings)


def released(outside: Outside, folder: Path, version: str) -> Edit:
    """An edit that leaves only our services in the file, at the image `version`, with their subscriptions.

    Those are given as annotations: with channels in the stack's settings, alerts would be routed there too.
    """

    def entry(name: str, answer: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
        measured = {"p95": None, "interval": "1s", "count": 1}
        asked = {"notifications.argoproj.io/subscribe.on-rollout-step-completed.slack": "#steps"}
        team = "blue" if name == "good-api" else "red"
        subscribed = notifications.subscriptions(service_with(folder, f"team: {team}"), alerting(outside))
        return {
            "project": "Told",
            "port": 8050 + SERVICES.index(name),
            "replicas": 2,
            "image": f"registry.example.com/{name}:{version}",
            "metrics": {"interval": "1s"},
            "prometheusAddress": outside.prometheus(name, answer),
            "canary": {"steps": list(steps), "background": False, "minReady": "1s", "analysis": measured},
            "annotations": {**subscribed, **(asked if name == "good-api" else {})},
            **more,
        }

    routed = {"hosts": ["routed-api.example.com"], "traffic": {"router": "nginx"}}
    services = {
        "good-api": entry("good-api", "0", HALF, GATE),
        "bad-api": entry("bad-api", "0.35", HALF, MEASURED, GATE),
        "blind-api": entry("blind-api", NOTHING, HALF, MEASURED),
        "routed-api": entry("routed-api", "0", {"setWeight": 10}, {"pause": "3s"}, **routed),
        "by-hand-api": entry("by-hand-api", "0", HALF, GATE),
    }
    return lambda document: document.update(services=services)


@contextmanager
def configured(outside: Outside, client: lightkube.Client) -> Iterator[None]:
    """The controller with our configuration; before and afterwards it has none."""
    config = notifications.notification_config(alerting(outside), GRAFANA)
    texts = {notifications.WEBHOOK_KEY: f"{outside.http}/services/T0/B0/secret", notifications.PASSWORD_KEY: PASSWORD}
    client.create(ConfigMap(metadata=_named(notifications.CONFIG_MAP), data=config.data))
    client.create(Secret(metadata=_named(notifications.SECRET), stringData=texts))
    yield
    client.delete(ConfigMap, notifications.CONFIG_MAP, namespace=CONTROLLER)
    client.delete(Secret, notifications.SECRET, namespace=CONTROLLER)


def _named(name: str) -> ObjectMeta:
    return ObjectMeta(name=name, namespace=CONTROLLER)
