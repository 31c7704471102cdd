"""Messages to the person who runs `pulumi`, through the engine that started this plugin."""

import functools
import threading

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_SECONDS = 5.0
_MAXIMUM_MESSAGE = 400 * 1024 * 1024


class Engine:
    """The engine's log; without an address (tests) messages go nowhere."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._told: set[str] = set()
        self._statuses: dict[str, str] = {}
        self._lock = threading.Lock()

    def attach(self, address: str) -> None:
        """Talk to the engine at `address` from now on."""
        self._address = address
        self.__dict__.pop("_stub", None)

    @functools.cached_property
    def _stub(self) -> engine_pb2_grpc.EngineStub:
        options = [("grpc.max_send_message_length", _MAXIMUM_MESSAGE)]
        return engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address, options=options))

    def warn(self, message: str, urn: str = "") -> None:
        """A warning that stays on the screen."""
        self._log(engine_pb2.WARNING, message, urn, ephemeral=False)

    def info(self, message: str, urn: str = "") -> None:
        """A line that stays on the screen."""
        self._log(engine_pb2.INFO, message, urn, ephemeral=False)

    def warn_once(self, message: str) -> None:
        """A warning that this process gives only once."""
        with self._lock:
            if message in self._told:
                return
            self._told.add(message)
        self.warn(message)

    def status(self, urn: str, message: str) -> None:
        """What the resource is waiting for, in its status column; empty clears it."""
        with self._lock:
            if self._statuses.get(urn, "") == message:
                return
            self._statuses[urn] = message
        self._log(engine_pb2.INFO, message, urn, ephemeral=True)

    def _log(self, severity: engine_pb2.LogSeverity.ValueType, message: str, urn: str, ephemeral: bool) -> None:
        if not self._address:
            return
        request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral)
        try:
            self._stub.Log(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            # The engine closes its log before it closes its plugins; a lost message must not fail an operation.
            print(f"{message} (not logged: {error.code()})", flush=True)
