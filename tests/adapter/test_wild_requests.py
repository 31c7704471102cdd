"""Whatever is sent, the adapter goes on, and the number of its series stays below its bound."""

import contextlib
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from observability import metrics
from tests.adapter import running
from tests.adapter.asking import ask, samples
from tests.adapter.oddities import Server
from tests.adapter.running import Adapter

MOST_SERIES = 60
EXAMPLES = 500 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 40
AT_ONCE = 20

_MOMENT_SECONDS = 0.5

token = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_.", min_size=1, max_size=12)
printable = st.integers(0x21, 0x7E).map(chr)
target = st.text(printable, max_size=60).map(lambda text: f"/{text}") | st.lists(token, max_size=10).map(
    lambda parts: "/" + "/".join(parts)
)
about_connections = ["Connection", "Transfer-Encoding", "Content-Length", "Upgrade", "Expect", "TE", "Keep-Alive"]
about_clients = ["Host", "Cookie", "traceparent", "X-Forwarded-For"]
name = st.sampled_from([*about_connections, *about_clients]) | token
value = st.text(st.integers(0x20, 0xFF).filter(lambda code: code != 0x7F).map(chr), max_size=40) | st.sampled_from(
    ["chunked", "close", "websocket", "100-continue", "0", "5", "-1", "Host, Cookie, Content-Length", "gzip, chunked"]
)
method = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]) | token
wild = st.builds(
    lambda method, target, fields, body: (
        "".join([f"{method} {target} HTTP/1.1\r\n", *(f"{n}: {v}\r\n" for n, v in fields), "\r\n"]).encode("latin-1")
        + body
    ),
    method,
    target,
    st.lists(st.tuples(name, value), max_size=8).map(lambda fields: [("Host", "a"), *fields]),
    st.binary(max_size=40),
)


@pytest.fixture(scope="module")
def front(odd: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapter]:
    limits = {
        "ADAPTER_ROUTES": '["/users/{id}"]',
        "ADAPTER_MAX_SERIES": str(MOST_SERIES),
        "ADAPTER_CLIENT_TIMEOUT": "1",
        "ADAPTER_RESPONSE_TIMEOUT": "1",
    }
    with running.adapter(tmp_path_factory.mktemp("wild"), odd.port, limits) as found:
        yield found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(requests=st.lists(wild | st.binary(max_size=200), min_size=AT_ONCE, max_size=AT_ONCE))
def test_wild_requests_create_no_series_without_end(front: Adapter, requests: list[bytes]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert len(list(pool.map(partial(send, front.port), requests))) == AT_ONCE
    assert ask(front.port, "/users/1").status == 200
    series = [labels for name, labels, _ in samples(front.port) if name == metrics.REQUESTS]
    assert len(series) <= MOST_SERIES


def test_they_were_requests_and_none_of_them_broke_anything(front: Adapter) -> None:
    """About those that the test before this one has sent."""
    lines = front.lines()
    assert not [line for line in lines if "exception" in line or line.get("status") == 500]
    assert sum(line.get("status") == 200 for line in lines) > EXAMPLES * AT_ONCE / 8
    assert len({line.get("path") for line in lines}) > EXAMPLES


def send(port: int, request: bytes) -> None:
    """Send it, and wait a moment for the beginning of an answer: some are never whole, and get none."""
    with socket.create_connection(("127.0.0.1", port), timeout=_MOMENT_SECONDS) as client, contextlib.suppress(OSError):
        client.sendall(request)
        client.recv(65_536)
