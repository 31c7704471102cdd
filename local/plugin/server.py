"""The plugin's process: a gRPC server that lives as long as the engine that started it."""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from types import FrameType

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from local.plugin.engine import Engine
from local.plugin.provider import NOTICE, Provider
from local.state import State

_PARENT_POLL_SECONDS = 0.5
_THREADS = 256
"""A request that waits for an object holds its thread; the engine sends at most a few dozen at a time."""

_MAXIMUM_MESSAGE = 400 * 1024 * 1024


def serve(engine_address: str, state: State) -> int:
    """Serve until the engine goes away or a signal arrives; returns the exit code.

    Prints the port, as the engine expects it, as the first line of stdout.
    """
    options = [
        ("grpc.max_receive_message_length", _MAXIMUM_MESSAGE),
        ("grpc.max_send_message_length", _MAXIMUM_MESSAGE),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=options)
    # The engine compares this with the version its SDK asks for, so it is the version whose behaviour is imitated.
    provider = Provider(Engine(engine_address), version("pulumi-kubernetes"), state)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    over = threading.Event()
    code = [0]

    def stop(number: int, _frame: FrameType | None) -> None:
        code[0] = 128 + number
        over.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # Asked before the port is told: an engine that ends at any later moment is missed as parent, and one that
    # ended before reads nothing any more.
    parent = os.getppid()
    try:
        print(NOTICE, file=sys.stderr, flush=True)
        print(port, flush=True)
    except BrokenPipeError:
        code[0] = 1
        over.set()
    while not over.wait(_PARENT_POLL_SECONDS) and os.getppid() == parent:
        pass
    provider.close()
    server.stop(grace=None)
    return code[0]
