"""The stand-in plugin as the engine drives it: its real process, spoken to over gRPC."""

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import grpc
import lightkube
from google.protobuf.empty_pb2 import Empty
from lightkube.models.core_v1 import Container, PodCondition, PodIP, PodSpec, PodStatus
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Pod, ServiceAccount
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto.status_pb2 import Status

from local.plugin import install
from local.plugin.values import from_struct, to_struct
from local.state import EMBEDDED_CONTEXT, STATE_VARIABLE, State
from local.waiting import wait_until
from tests.embedded import patient_client

Object = dict[str, Any]
_Answer = TypeVar("_Answer")

SERVICE = "kubernetes:core/v1:Service"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
NAMESPACE = "kubernetes:core/v1:Namespace"
ROLLOUT = "kubernetes:argoproj.io/v1alpha1:Rollout"
RELEASE = "kubernetes:helm.sh/v3:Release"


class PluginFailure(Exception):  # noqa: N818 - `local.plugin.errors.PluginError` is the plugin's own
    """What the engine would show; `kept` is the state it would keep of a half-done operation."""

    def __init__(self, error: grpc.RpcError) -> None:
        super().__init__(cast(Any, error).details())
        self.kept: rpc.ErrorResourceInitFailed | None = None
        # A failed call tells more than the type of its exception does.
        metadata: dict[str, bytes] = dict(cast(Any, error).trailing_metadata() or ())
        if "grpc-status-details-bin" in metadata:
            self.kept = rpc.ErrorResourceInitFailed()
            Status.FromString(metadata["grpc-status-details-bin"]).details[0].Unpack(self.kept)


@dataclass
class Resource:
    """One resource as the engine's state has it."""

    urn: str
    resource_id: str = ""
    inputs: Object = field(default_factory=dict)
    outputs: Object = field(default_factory=dict)

    @property
    def field_manager(self) -> str:
        """The manager of its applies."""
        return str(self.outputs["__fieldManager"])


class EngineLog(engine_pb2_grpc.EngineServicer):
    """The engine's log, kept for the test."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> Empty:  # noqa: N802, ARG002
        if request.message and not request.ephemeral:
            self.messages.append(request.message)
        return Empty()


class Plugin:
    """A configured plugin process."""

    def __init__(self, process: "subprocess.Popen[str]", log: EngineLog) -> None:
        port = process.stdout.readline().strip() if process.stdout else ""
        self.process = process
        self.log = log
        # Go, the engine's language, accepts 16 MiB of metadata, which is how a failed update hands over its state.
        sizes = [("grpc.max_metadata_size", 16 << 20), ("grpc.absolute_max_metadata_size", 16 << 20)]
        self.stub = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}", sizes))

    def configure(self, **settings: str) -> rpc.ConfigureResponse:
        variables = {f"kubernetes:config:{name}": value for name, value in settings.items()}
        request = rpc.ConfigureRequest(variables=variables, acceptSecrets=True)
        answer: rpc.ConfigureResponse = _call(self.stub.Configure, request)
        return answer

    def check(self, token: str, inputs: Object, old: Resource | None = None) -> Object:
        answer = self._check(token, inputs, old)
        assert not answer.failures, answer.failures
        return from_struct(answer.inputs)

    def failures(self, token: str, inputs: Object) -> list[str]:
        return [failure.reason for failure in self._check(token, inputs, None).failures]

    def _check(self, token: str, inputs: Object, old: Resource | None) -> rpc.CheckResponse:
        olds = to_struct(old.inputs) if old else None
        urn = urn_of(token, inputs)
        request = rpc.CheckRequest(urn=urn, olds=olds, news=to_struct(inputs), randomSeed=b"seed")
        answer: rpc.CheckResponse = _call(self.stub.Check, request)
        return answer

    def create(self, token: str, inputs: Object, preview: bool = False, timeout: float = 0) -> Resource:
        """Check, then Create, as the engine does."""
        checked = self.check(token, inputs)
        urn = urn_of(token, inputs)
        request = rpc.CreateRequest(urn=urn, properties=to_struct(checked), preview=preview, timeout=timeout)
        answer = _call(self.stub.Create, request)
        return Resource(urn, answer.id, checked, from_struct(answer.properties))

    def diff(self, old: Resource, inputs: Object, ignore: Sequence[str] = ()) -> rpc.DiffResponse:
        """Check, then Diff."""
        checked = self.check(type_of(old.urn), inputs, old)
        request = rpc.DiffRequest(
            id=old.resource_id,
            urn=old.urn,
            olds=to_struct(old.outputs),
            news=to_struct(checked),
            old_inputs=to_struct(old.inputs),
            ignoreChanges=ignore,
        )
        answer: rpc.DiffResponse = _call(self.stub.Diff, request)
        return answer

    def changes(self, old: Resource, inputs: Object, ignore: Sequence[str] = ()) -> dict[str, str]:
        """What Diff says, path by path."""
        detailed = self.diff(old, inputs, ignore).detailedDiff
        return {path: rpc.PropertyDiff.Kind.Name(change.kind) for path, change in detailed.items()}

    def update(
        self, old: Resource, inputs: Object, ignore: Sequence[str] = (), preview: bool = False, timeout: float = 0
    ) -> Resource:
        """Check, then Update."""
        checked = self.check(type_of(old.urn), inputs, old)
        request = rpc.UpdateRequest(
            id=old.resource_id,
            urn=old.urn,
            olds=to_struct(old.outputs),
            news=to_struct(checked),
            ignoreChanges=ignore,
            preview=preview,
            timeout=timeout,
        )
        answer = _call(self.stub.Update, request)
        return Resource(old.urn, old.resource_id, checked, from_struct(answer.properties))

    def refresh(self, old: Resource) -> Resource | None:
        """What a refresh makes of the resource; None where it is gone."""
        request = rpc.ReadRequest(
            id=old.resource_id, urn=old.urn, properties=to_struct(old.outputs), inputs=to_struct(old.inputs)
        )
        return self._read(request)

    def import_(self, token: str, resource_id: str) -> Resource | None:
        urn = f"urn:pulumi:local::tests::{token}::imported"
        return self._read(rpc.ReadRequest(id=resource_id, urn=urn))

    def _read(self, request: rpc.ReadRequest) -> Resource | None:
        answer = _call(self.stub.Read, request)
        if not answer.id:
            return None
        return Resource(request.urn, answer.id, from_struct(answer.inputs), from_struct(answer.properties))

    def delete(self, old: Resource, timeout: float = 0) -> None:
        request = rpc.DeleteRequest(id=old.resource_id, urn=old.urn, properties=to_struct(old.outputs), timeout=timeout)
        _call(self.stub.Delete, request)

    def cancel(self) -> None:
        _call(self.stub.Cancel, Empty())


@contextmanager
def running(state: State, folder: Path, configured: bool = True, **settings: str) -> Iterator[Plugin]:
    """The plugin's process on the embedded cluster of `state`, configured for it unless told otherwise."""
    log = EngineLog()
    engine, address = _engine(log)
    process = subprocess.Popen(
        [install(folder / "bin"), address],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, STATE_VARIABLE: str(state.folder)},
    )
    try:
        plugin = Plugin(process, log)
        if configured:
            plugin.configure(**{"kubeconfig": str(state.kubeconfig), "context": EMBEDDED_CONTEXT, **settings})
        yield plugin
    finally:
        process.terminate()
        process.wait(timeout=60)
        engine.stop(grace=None)


def _engine(log: EngineLog) -> tuple[grpc.Server, str]:
    server = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{port}"


def urn_of(token: str, inputs: Object) -> str:
    name = (inputs.get("metadata") or {}).get("name") or inputs.get("name") or "unnamed"
    return f"urn:pulumi:local::tests::{token}::{name}"


def type_of(urn: str) -> str:
    return urn.split("::")[2]


def _call(method: Callable[..., _Answer], request: object) -> _Answer:
    try:
        return method(request, timeout=120)
    except grpc.RpcError as error:
        raise PluginFailure(error) from None


def client_of(state: State) -> lightkube.Client:
    """Somebody else on the same cluster: a controller, or a person with kubectl."""
    return patient_client(state.kubeconfig, EMBEDDED_CONTEXT)


@contextmanager
def a_namespace(client: lightkube.Client) -> Iterator[str]:
    """A namespace for one test."""
    name = f"plugin-{secrets.token_hex(4)}"
    client.create(Namespace(metadata=ObjectMeta(name=name)))
    try:
        yield name
    finally:
        client.delete(Namespace, name)


def service(namespace: str, **labels: str) -> Object:
    """A Service that is not awaited, as those of a Rollout are."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "checkout",
            "namespace": namespace,
            "labels": {"app": "checkout", **labels},
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        "spec": {"selector": {"app": "checkout"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }


def config_map(namespace: str, name: str = "settings", **data: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def rollout(namespace: str, **spec: Any) -> Object:
    labels = {"app": "checkout"}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "checkout", "namespace": namespace},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "registry.example.com/checkout:1"}]},
            },
            "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
            **spec,
        },
    }


def pod_that_never_gets_ready(client: lightkube.Client, namespace: str, labels: dict[str, str]) -> None:
    """A Pod that runs on no node and says itself that it is not ready, which makes its endpoint a pending one."""
    accounts = partial(client.list, ServiceAccount, namespace=namespace)
    wait_until(lambda: any(each.metadata.name == "default" for each in accounts()), 60, "the namespace's account")
    spec = PodSpec(containers=[Container(name="app", image="registry.example.com/checkout:1")], nodeName="nowhere")
    client.create(Pod(metadata=ObjectMeta(name="unready", namespace=namespace, labels=labels), spec=spec))
    status = PodStatus(
        phase="Running",
        podIP="10.244.99.99",
        podIPs=[PodIP(ip="10.244.99.99")],
        conditions=[PodCondition(type="Ready", status="False")],
    )
    client.patch(Pod.Status, "unready", Pod(metadata=ObjectMeta(name="unready"), status=status), namespace=namespace)
