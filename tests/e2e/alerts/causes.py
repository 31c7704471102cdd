"""Real causes of alerts, each with a service of its own, so that all can be had side by side."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from lightkube import ApiError
from lightkube.generic_resource import create_global_resource, create_namespaced_resource
from lightkube.models.core_v1 import PodCondition, PodStatus
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Pod

from local import cluster
from local.cluster import processes
from local.cluster.stopping import GRACE_SECONDS
from local.waiting import wait_until
from tests.e2e.environment import PATIENCE, Environment
from tests.engine.stack import NAMESPACE, Rollout

_ADMISSION = ("admissionregistration.k8s.io", "v1")
Policy = create_global_resource(*_ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies")
Binding = create_global_resource(*_ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings")
ReplicaSet = create_namespaced_resource("apps", "v1", "ReplicaSet", "replicasets")

Around = Callable[[Environment, str], AbstractContextManager[None]]
"""Something that is so with a service for as long as the context lasts."""


@dataclass(frozen=True)
class Cause:
    """What is wrong with one service, in words, and which rules it makes fire.

    It is something that happens (`around`), the image of this `tag` that is released, or both.
    """

    what: str
    rules: tuple[str, ...]
    around: Around | None = None
    tag: str = ""
    entry: Mapping[str, Any] = field(default_factory=dict)


def playing(**scenario: Any) -> Around:
    """The simulator plays that."""

    @contextmanager
    def around(environment: Environment, service: str) -> Iterator[None]:
        environment.play(service, scenario)
        yield
        environment.play(service, None)

    return around


@contextmanager
def deleted(environment: Environment, service: str) -> Iterator[None]:
    """Somebody deletes the Rollout, and creates it again."""
    rollout = environment.rollout(service)
    environment.stack.client.delete(Rollout, service, namespace=NAMESPACE)
    yield
    labels, annotations = rollout["metadata"]["labels"], rollout["metadata"].get("annotations")
    metadata = ObjectMeta(name=service, namespace=NAMESPACE, labels=labels, annotations=annotations)
    environment.stack.client.create(Rollout(metadata=metadata, spec=rollout["spec"]))


@contextmanager
def unready(environment: Environment, service: str) -> Iterator[None]:
    """One pod is not ready, and another one comes and goes: a progress each time, so that Argo does not give up."""
    bad, flapping, *_ = sorted(environment.pods(service))
    over = threading.Event()

    def come_and_go() -> None:
        ready = False
        while not over.wait(FLAP_SECONDS):
            _tell(environment, flapping, ready)
            ready = not ready

    _tell(environment, bad, False)
    thread = threading.Thread(target=come_and_go, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for pod in (bad, flapping):
            _tell(environment, pod, True)


FLAP_SECONDS = 4.0
"""Well within the scaled `progressDeadline`."""


def _tell(environment: Environment, pod: str, ready: bool) -> None:
    """What a kubelet tells of its readiness probe."""
    conditions = [PodCondition(type=name, status=str(ready)) for name in ("Ready", "ContainersReady")]
    told = Pod(metadata=ObjectMeta(name=pod), status=PodStatus(conditions=conditions))
    environment.stack.client.patch(Pod.Status, pod, told, namespace=NAMESPACE)


@contextmanager
def refused(environment: Environment, service: str) -> Iterator[None]:
    """A policy of the cluster refuses the ReplicaSets of the service."""
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["replicasets"]}
    policy = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": f"!object.metadata.name.startsWith('{service}-')", "message": "is refused"}],
    }
    binding = {"policyName": service, "validationActions": ["Deny"]}
    client, metadata = environment.stack.client, ObjectMeta(name=service)
    client.create(Policy(metadata=metadata, spec=policy))
    client.create(Binding(metadata=metadata, spec=binding))
    wait_until(lambda: _is_refused(environment, f"{service}-1"), PATIENCE, "the policy to be in force")
    yield
    client.delete(Binding, service)
    client.delete(Policy, service)


def _is_refused(environment: Environment, name: str) -> bool:
    """Whether the cluster would not have a ReplicaSet of that name."""
    labels = {"app": name}
    container = {"name": "app", "image": "registry.example.com/app:1"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    wanted = ReplicaSet(metadata=ObjectMeta(name=name, namespace=NAMESPACE), spec=spec)
    try:
        environment.stack.client.create(wanted, dry_run=True)
    except ApiError as error:
        return "is refused" in str(error)
    return False


@contextmanager
def controller_stopped(environment: Environment, _service: str) -> Iterator[None]:
    """Argo Rollouts is down."""
    stopped = processes.stop(environment.state, ["rollouts-controller"], GRACE_SECONDS)
    assert stopped == ["rollouts-controller"]
    yield
    cluster.start(environment.state, time_scale=environment.stack.settings["timeScale"])
