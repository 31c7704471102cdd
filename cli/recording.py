"""Run the program without an engine and return its resources with their Pulumi options.

Rendering shows the result to people; the unit tests look into it. Pulumi's own mocks show a resource's inputs but
none of its options, so the monitor is asked one level lower.
"""

import asyncio
import contextvars
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime import resource as sdk
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.proto.resource_pb2 import RegisterResourceResponse
from pulumi.runtime.stack import run_in_stack

PROJECT = "api-observability"

CHART = "kubernetes:helm.sh/"
"""What the type of a chart begins with; every other type of that provider is an object."""

_STACK = "pulumi:pulumi:Stack"

T = TypeVar("T")


@dataclass(frozen=True)
class RecordedResource:
    """One registered resource: its inputs as the engine would get them, and the options that decide its fate."""

    type: str
    name: str
    urn: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    provider: str
    depends_on: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    retain_on_delete: bool
    protect: bool
    secret_inputs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The last part of the type token: `Service`, `Rollout`, `ObservableApi` …"""
        return self.type.rsplit(":", 1)[-1]


@dataclass
class Recording:
    """All that a run registered, in the order of arrival (which may differ from run to run), and what it exported."""

    resources: list[RecordedResource] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)

    @property
    def by_urn(self) -> dict[str, RecordedResource]:
        """The resources by their URN, to compare one run with another."""
        return {entry.urn: entry for entry in self.resources}

    def of(self, kind: str, name: str | None = None) -> list[RecordedResource]:
        """The resources of one kind, and of one name where given."""
        return [entry for entry in self.resources if entry.kind == kind and name in (None, entry.name)]

    def one(self, kind: str, name: str) -> RecordedResource:
        """The only resource of that kind and name; LookupError where there is none or more than one."""
        found = self.of(kind, name)
        if len(found) != 1:
            raise LookupError(f"{len(found)} resources are a {kind} named {name}")
        return found[0]


def record(
    program: Callable[[], T], *, stack: str, preview: bool = True, config: Mapping[str, str] | None = None
) -> tuple[T, Recording]:
    """Run `program` as that stack's program; return what it returned, and what it registered.

    Every run has a context and an event loop of its own, so that nothing of one is left for the next. An exception of
    the program is raised as it is.
    """
    recording = Recording()
    result: list[T] = []

    def run() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        monitor = _RecordingMonitor(recording)
        mocks.set_mocks(_NoCluster(), project=PROJECT, stack=stack, preview=preview, monitor=monitor)
        settings.ROOT.set(None)  # left over from an earlier run in this process
        pulumi.runtime.set_all_config(dict(config or {}))
        try:
            with _without_stack_traces():
                loop.run_until_complete(run_in_stack(lambda: result.append(program())))
        finally:
            settings.SETTINGS.outputs.clear()  # a run that failed leaves some open, and the next would wait for them
            loop.close()
            asyncio.set_event_loop(None)

    contextvars.copy_context().run(run)
    return result[0], recording


@contextmanager
def _without_stack_traces() -> Iterator[None]:
    """Have the SDK not find out which lines of the program led to each resource, which nobody asks of a recording.

    It reads some thirty frames, and asks after the age of their files: a tenth of the time that rendering takes.
    """
    found_out = sdk._get_stack_trace
    sdk._get_stack_trace = source_pb2.StackTrace
    try:
        yield
    finally:
        sdk._get_stack_trace = found_out


class _NoCluster(mocks.Mocks):
    """There is nothing to be asked; what is registered is answered by the monitor."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError(
            f"the program reads {args.typ} {args.name}, which needs a cluster; rendering has none"
        )

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(f"the program calls {args.token}, which needs a cluster; rendering has none")


class _RecordingMonitor(mocks.MockMonitor):
    """Pulumi's mock monitor, keeping each request."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(_NoCluster())
        self._recording = recording

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the name of the RPC
        """Answer with the resource's own inputs, as a provider does in preview.

        Not by way of the mocks, which would read and write them all once more, and with nothing in the place of an
        object's, of which nobody reads any: that is a third of the time that registering takes.
        """
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == _STACK:
            return RegisterResourceResponse(urn=urn)
        self._recording.resources.append(_recorded(request, urn))
        is_object = request.type.startswith("kubernetes:") and not request.type.startswith(CHART)
        return RegisterResourceResponse(
            urn=urn, id=f"{request.name}-id" if request.custom else "", object=None if is_object else request.object
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802  # the name of the RPC
        if request.urn.split("::")[2] == _STACK:  # components end their type with their own
            # Twice: setting the mocks up makes a stack of its own, which exports nothing.
            self._recording.exports.update(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]  # as above


def _recorded(request: Any, urn: str) -> RecordedResource:
    inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
    secret = tuple(sorted(name for name, value in inputs.items() if rpc.is_rpc_secret(value)))
    return RecordedResource(
        type=request.type,
        name=request.name,
        urn=urn,
        parent=request.parent,
        custom=request.custom,
        inputs={name: rpc.unwrap_rpc_secret(value) for name, value in inputs.items()},
        provider=request.provider,
        depends_on=tuple(sorted(request.dependencies)),
        ignore_changes=tuple(request.ignoreChanges),
        retain_on_delete=request.retainOnDelete,
        protect=request.protect,
        secret_inputs=secret,
    )
