"""The engine's requests: one method for each, errors turned into what the engine shows."""

# ruff: noqa: N802, ARG002 - gRPC gives the methods their names and their arguments

import os
import threading
from collections.abc import Callable
from typing import NoReturn, TypeAlias, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto.status_pb2 import Status

from local.plugin import settings
from local.plugin.acquire import NOTICE_GIVEN_VARIABLE
from local.plugin.engine import Engine
from local.plugin.errors import InitError, PluginError
from local.plugin.kinds import HELM_RELEASE, urn_type
from local.plugin.releases import Releases
from local.plugin.resources import Resources
from local.plugin.session import Session
from local.plugin.settings import Settings
from local.plugin.values import from_struct, to_struct
from local.state import State

NOTICE = (
    "this is a stand-in for the official Kubernetes plugin, for the embedded cluster only "
    "(local/plugin/PARITY.md says what differs)"
)

_FORGET = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)

_Answer = TypeVar("_Answer")
_Context: TypeAlias = grpc.ServicerContext


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process serves one provider resource."""

    def __init__(self, engine: Engine, version: str, state: State) -> None:
        self._engine = engine
        self._version = version
        self._state = state
        self._cancelled = threading.Event()
        self._session = Session(engine, Settings.of({}), unreachable="the provider was not configured")
        self._resources = Resources(self._session)
        self._releases = Releases(self._session)

    def Handshake(self, request: rpc.ProviderHandshakeRequest, context: _Context) -> rpc.ProviderHandshakeResponse:
        """Not offered, as by the official plugin: the engine then attaches and configures in the older way."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "no handshake")
        raise AssertionError("unreachable: abort raises")

    def GetPluginInfo(self, request: Empty, context: _Context) -> plugin_pb2.PluginInfo:
        """The version that the engine's SDK asks for."""
        return plugin_pb2.PluginInfo(version=self._version)

    def Attach(self, request: plugin_pb2.PluginAttach, context: _Context) -> Empty:
        """Talk to another engine."""
        self._engine.attach(request.address)
        return Empty()

    def Cancel(self, request: Empty, context: _Context) -> Empty:
        """End every wait; what was under way ends as an error that keeps the state right."""
        self._cancelled.set()
        return Empty()

    def close(self) -> None:
        """End every wait, and every program that was started."""
        self._cancelled.set()
        self._releases.close()

    def CheckConfig(self, request: rpc.CheckRequest, context: _Context) -> rpc.CheckResponse:
        """The configuration as it is, or what of it the stand-in cannot do."""
        refused = settings.refusals(from_struct(request.news)).items()
        failures = [rpc.CheckFailure(property=key, reason=reason) for key, reason in refused]
        return rpc.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: rpc.DiffRequest, context: _Context) -> rpc.DiffResponse:
        """Whether the provider now means another cluster."""
        found = settings.compare(from_struct(request.olds), from_struct(request.news))
        some = rpc.DiffResponse.DIFF_SOME if found.diffs else rpc.DiffResponse.DIFF_NONE
        return rpc.DiffResponse(changes=some, diffs=found.diffs, replaces=found.replaces)

    def Configure(self, request: rpc.ConfigureRequest, context: _Context) -> rpc.ConfigureResponse:
        """Connect to the cluster, having made sure that it is the embedded one."""
        given = Settings.of(dict(request.variables))
        if not os.environ.get(NOTICE_GIVEN_VARIABLE):
            self._engine.warn_once(NOTICE)
        self._session = _answer(context, lambda: Session.start(self._engine, given, self._state, self._cancelled))
        self._resources, self._releases = Resources(self._session), Releases(self._session)
        return rpc.ConfigureResponse(acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True)

    def Check(self, request: rpc.CheckRequest, context: _Context) -> rpc.CheckResponse:
        """The inputs as they will be submitted."""
        if self._session.unreachable and self._session.settings.skip_update_unreachable:
            message = "Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping..."
            self._engine.warn(message, request.urn)
            return rpc.CheckResponse(inputs=request.olds)
        return _answer(context, lambda: self._of(request.urn).check(request))

    def Diff(self, request: rpc.DiffRequest, context: _Context) -> rpc.DiffResponse:
        """What an update would change, and whether it replaces."""
        return _answer(context, lambda: self._of(request.urn).diff(request))

    def Create(self, request: rpc.CreateRequest, context: _Context) -> rpc.CreateResponse:
        """Make the resource, or preview it."""
        return _answer(context, lambda: self._of(request.urn).create(request))

    def Update(self, request: rpc.UpdateRequest, context: _Context) -> rpc.UpdateResponse:
        """Change the resource, or preview it."""
        return _answer(context, lambda: self._of(request.urn).update(request))

    def Read(self, request: rpc.ReadRequest, context: _Context) -> rpc.ReadResponse:
        """The resource as it is; for refresh and import."""
        return _answer(context, lambda: self._read(request))

    def _read(self, request: rpc.ReadRequest) -> rpc.ReadResponse:
        """The live object; with an unreachable cluster what the settings ask for, or an error."""
        if not self._session.unreachable:
            return self._of(request.urn).read(request)
        self._warn_unreachable(request.urn)
        if self._session.settings.delete_unreachable:
            return rpc.ReadResponse()
        if self._session.settings.skip_update_unreachable:
            return rpc.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        raise PluginError(f"failed to read resource state due to unreachable cluster. {_FORGET}")

    def Delete(self, request: rpc.DeleteRequest, context: _Context) -> Empty:
        """Delete the resource."""
        _answer(context, lambda: self._delete(request))
        return Empty()

    def _delete(self, request: rpc.DeleteRequest) -> None:
        """Delete and wait; with an unreachable cluster what the settings ask for, or an error."""
        if self._session.unreachable and urn_type(request.urn) != HELM_RELEASE:
            self._warn_unreachable(request.urn)
            if self._session.settings.delete_unreachable:
                return
            raise PluginError(f"configured Kubernetes cluster is unreachable. {_FORGET}")
        self._of(request.urn).delete(request)

    def Invoke(self, request: rpc.InvokeRequest, context: _Context) -> rpc.InvokeResponse:
        """Not supported."""
        _unsupported(context, f"the function {request.tok}")

    def Call(self, request: rpc.CallRequest, context: _Context) -> rpc.CallResponse:
        """Not supported."""
        _unsupported(context, f"the method {request.tok}")

    def Construct(self, request: rpc.ConstructRequest, context: _Context) -> rpc.ConstructResponse:
        """Not supported."""
        _unsupported(context, f"the component {request.type}")

    def GetSchema(self, request: rpc.GetSchemaRequest, context: _Context) -> rpc.GetSchemaResponse:
        """Not supported."""
        _unsupported(context, "the package schema")

    def GetMapping(self, request: rpc.GetMappingRequest, context: _Context) -> rpc.GetMappingResponse:
        """Nothing is mapped from other tools."""
        return rpc.GetMappingResponse()

    def _of(self, urn: str) -> Resources | Releases:
        return self._releases if urn_type(urn) == HELM_RELEASE else self._resources

    def _warn_unreachable(self, urn: str) -> None:
        self._engine.warn(f"configured Kubernetes cluster is unreachable: {self._session.unreachable}", urn)


def _answer(context: _Context, work: Callable[[], _Answer]) -> _Answer:
    try:
        return work()
    except PluginError as error:
        _abort(context, error)


class _Failure(grpc.Status):
    """A gRPC status with details, in the three fields that `abort_with_status` reads."""

    def __init__(self, message: str, detail: rpc.ErrorResourceInitFailed) -> None:
        self.code = grpc.StatusCode.UNKNOWN
        self.details = message
        status = Status(code=self.code.value[0], message=message)
        status.details.add().Pack(detail)
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)


def _abort(context: _Context, error: PluginError) -> NoReturn:
    """End the request with the error; an InitError carries the state that the engine is to keep."""
    message = str(error)
    if isinstance(error, InitError):
        detail = rpc.ErrorResourceInitFailed(
            id=error.resource_id,
            properties=to_struct(error.state),
            reasons=error.reasons,
            inputs=None if error.inputs is None else to_struct(error.inputs),
        )
        context.abort_with_status(_Failure(message, detail))
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("unreachable: abort raises")


def _unsupported(context: _Context, what: str) -> NoReturn:
    _abort(
        context,
        PluginError(f"the stand-in for the Kubernetes plugin does not have {what}: install the official plugin for it"),
    )
