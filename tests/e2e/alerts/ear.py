"""What Alertmanager tells of each single alert: a webhook of the tests' own, beside the channels of the stack."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta

from local.cluster.monitoring import RECEIVER
from local.receiver.control import messages
from tests.e2e.alerts.history import rule_of
from tests.e2e.environment import Environment
from tests.embedded import recorded

AlertmanagerConfig = create_namespaced_resource(
    "monitoring.coreos.com", "v1alpha1", "AlertmanagerConfig", "alertmanagerconfigs"
)

_NAME, _PATH = "ear", "/every-alert"


@dataclass(frozen=True)
class Heard:
    """One notification of one alert: `firing` or `resolved`."""

    rule: str
    service: str
    status: str


@contextmanager
def listening(environment: Environment, namespaces: Sequence[str]) -> Iterator[None]:
    """Alertmanager tells the receiver of each alert of these namespaces by itself, and of its end."""
    url = recorded(environment.state).url(RECEIVER) + _PATH
    receiver = {"name": _NAME, "webhookConfigs": [{"url": url, "sendResolved": True}]}
    # By all labels there are: a group for each alert. An end is told a second after it came, not five minutes.
    route = {"receiver": _NAME, "groupBy": ["..."], "groupWait": "1s", "groupInterval": "1s", "repeatInterval": "12h"}
    client = environment.stack.client
    for namespace in namespaces:
        metadata = ObjectMeta(name=_NAME, namespace=namespace)
        client.create(AlertmanagerConfig(metadata=metadata, spec={"route": route, "receivers": [receiver]}))
    yield
    for namespace in namespaces:
        client.delete(AlertmanagerConfig, _NAME, namespace=namespace)


def heard(environment: Environment) -> list[Heard]:
    """Everything that has been told so far, in its order."""
    return [
        Heard(rule_of(alert["labels"]["alertname"], alert["labels"]), alert["labels"]["service"], alert["status"])
        for message in messages(environment.state)
        if message.path == _PATH
        for alert in message.body["alerts"]
    ]
