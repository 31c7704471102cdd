"""An environment that a module of tests has for itself: of another speed than the session's, or with other services."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from lightkube.types import PatchType

from local.waiting import wait_until
from tests.e2e.environment import PATIENCE, Entry, Environment
from tests.embedded import embedded
from tests.engine.monitored import monitored
from tests.engine.operated import ServiceMonitor
from tests.engine.stack import stack_of

CONTROLLER = "argo-rollouts"
"""The namespace of Argo Rollouts."""


@contextmanager
def own_environment(
    folders: pytest.TempPathFactory, scale: float, services: Mapping[str, Entry]
) -> Iterator[Environment]:
    """A cluster so many times as fast as usual with these services, well and asked; it is gone afterwards."""
    with embedded(folders, "own", scale) as state:
        stack = stack_of(state, folders.mktemp("own-catalog"))
        stack.settings = {"timeScale": scale}
        environment = Environment(stack, monitored(state), dict(services))
        environment.up()
        _read_the_controller_patiently(environment)
        for name in services:
            environment.wait_for_phase(name, "Healthy")
        wait_until(lambda: _all_are_asked(environment), PATIENCE, "all services to be well")
        yield environment


def _read_the_controller_patiently(environment: Environment) -> None:
    """Scrapes may last as long as the interval between them, which is half a second at a scale of 30."""
    client = environment.stack.client
    for monitor in client.list(ServiceMonitor, namespace=CONTROLLER):
        change = [{"op": "replace", "path": "/spec/endpoints/0/interval", "value": "2s"}]
        name = dict(monitor)["metadata"]["name"]
        client.patch(ServiceMonitor, name, change, namespace=CONTROLLER, patch_type=PatchType.JSON)


def _all_are_asked(environment: Environment) -> bool:
    """Whether requests of each service are counted, and no alert is left of the time before."""
    mend_discovery(environment)
    asked = environment.value("count(service:http_requests:rate5m > 0)")
    return asked == len(environment.services) and not environment.firing()


def mend_discovery(environment: Environment) -> None:
    """Have Prometheus look again at pods that it came to know by their address alone, and so does not know as pods.

    Its discovery by EndpointSlices (discovery/kubernetes/endpointslice.go) looks a pod up when the slice changes, and
    never again: too early where pods are ready as soon as they are made, and watches are late.
    """
    for service in {each["labels"]["service"] for each in environment.seen.targets() if "pod" not in each["labels"]}:
        environment.discover_again(service)
