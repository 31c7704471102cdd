"""What a client gets where PHP gives no answer, or the client itself goes wrong; and what is counted then."""

import contextlib
import http.client
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.waiting import wait_until
from tests.adapter import running
from tests.adapter.asking import Counted, ask, ask_raw, counted, status_of
from tests.adapter.oddities import Server
from tests.adapter.running import Adapter

IMPATIENT = {
    "ADAPTER_CONNECT_TIMEOUT": "0.5",
    "ADAPTER_RESPONSE_TIMEOUT": "1",
    "ADAPTER_CLIENT_TIMEOUT": "2",
    "ADAPTER_MAX_BODY": "100000",
    "ADAPTER_CONNECTIONS": "3",
    "ADAPTER_LEARNED_PATHS": "0",
}
OTHER = "other"


@dataclass(frozen=True)
class Front:
    """An adapter without patience, and what it had counted before the test."""

    port: int
    before: Counted

    def counts(self) -> Counted:
        """What it has counted in the test."""
        return counted(self.port) - self.before


@pytest.fixture(scope="module")
def adapter(odd: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapter]:
    """An adapter before a server that misbehaves."""
    with running.adapter(tmp_path_factory.mktemp("front"), odd.port, IMPATIENT) as found:
        yield found


@pytest.fixture
def front(odd: Server, adapter: Adapter) -> Front:
    odd.asked.clear()
    odd.left.clear()
    return Front(adapter.port, counted(adapter.port))


def once(method: str, status: int) -> Counted:
    return Counter({(method, OTHER, str(status)): 1})


@pytest.mark.parametrize("path", ["/closes", "/garbage", "/strange-status", "/two-lengths", "/length-and-chunks"])
def test_no_valid_answer_is_502_and_php_is_asked_once(front: Front, odd: Server, path: str) -> None:
    answer = ask(front.port, path)
    assert (answer.status, answer.header("Content-Type")) == (502, "text/plain; charset=utf-8")
    assert b"PHP" in answer.body
    assert odd.asked[path] == 1
    assert front.counts() == once("GET", 502)


def test_silence_is_504(front: Front) -> None:
    answer = ask(front.port, "/silent")
    assert (answer.status, answer.body) == (504, b"PHP was silent for 1 s\n")
    assert front.counts() == once("GET", 504)


@pytest.mark.parametrize(("path", "status"), [("/cut", 502), ("/cut-chunks", 502), ("/stalls", 504)])
def test_an_answer_that_breaks_off_looks_broken_off_and_counts_as_an_error(
    front: Front, path: str, status: int
) -> None:
    with pytest.raises(http.client.IncompleteRead) as broken:
        ask(front.port, path)
    assert broken.value.partial == b"only this"
    assert front.counts() == once("GET", status)


def test_php_that_is_down_is_502_until_it_is_back(tmp_path: Path) -> None:
    port = running.free_port()
    with running.adapter(tmp_path, port, {"ADAPTER_ROUTES": '["/users/{id}"]'}) as adapter:
        for _ in range(2):
            assert status_of(adapter.port, "/users/1") == 502
            assert status_of(adapter.port, "/healthz/ready") == 503
            with running.php(tmp_path, port) as process:
                assert [status_of(adapter.port, "/users/1") for _ in range(3)] == [200, 200, 200]
                assert status_of(adapter.port, "/healthz/ready") == 200
                process.send_signal(signal.SIGTERM)
        assert status_of(adapter.port, "/healthz") == 200
        assert counted(adapter.port) == {("GET", "/users/{id}", "200"): 6, ("GET", "/users/{id}", "502"): 2}


def test_php_that_takes_no_more_requests_is_504(front: Front) -> None:
    asked = 0
    with contextlib.ExitStack() as stack:

        def asked_in_vain() -> bool:
            """With all places taken anew: each is given back after a second."""
            nonlocal asked
            for _ in range(int(IMPATIENT["ADAPTER_CONNECTIONS"])):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", front.port)))
                client.sendall(b"GET /silent HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = ask(front.port, "/quick")
            asked += int(IMPATIENT["ADAPTER_CONNECTIONS"]) + 1
            return (answer.status, answer.body) == (504, b"PHP took no request for 0.5 s\n")

        wait_until(asked_in_vain, 60, "all places to be taken")
    wait_until(lambda: front.counts().total() == asked, 60, "those that left to be counted")
    assert status_of(front.port, "/quick") == 200


def test_a_client_that_leaves_is_499_and_php_is_left_too(front: Front, odd: Server) -> None:
    with socket.create_connection(("127.0.0.1", front.port)) as client:
        client.sendall(b"GET /stalls HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(15) == b"HTTP/1.1 200 OK"
    assert odd.left.wait(60)
    wait_until(lambda: front.counts() == once("GET", 499), 60, "the client that left to be counted")


def test_a_client_that_leaves_in_the_middle_of_its_body_is_499(front: Front) -> None:
    with socket.create_connection(("127.0.0.1", front.port)) as client:
        client.sendall(b"POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n" + bytes(50_000))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # by a reset
    wait_until(lambda: front.counts() == once("POST", 499), 60, "the client that left to be counted")


@pytest.mark.parametrize("sent", [0, 50_000])
def test_a_body_that_does_not_go_on_is_408(front: Front, sent: int) -> None:
    with socket.create_connection(("127.0.0.1", front.port), timeout=30) as client:
        client.sendall(b"POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n" + bytes(sent))
        assert client.recv(1000).startswith(b"HTTP/1.1 408 ")
    assert front.counts() == once("POST", 408)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux ends a connection that stands still")
def test_a_client_that_takes_nothing_of_its_answer_is_let_go(php: int, tmp_path: Path) -> None:
    with running.adapter(tmp_path, php, IMPATIENT) as adapter, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", adapter.port))
        client.sendall(b"GET /huge?bytes=50000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: counted(adapter.port) == once("GET", 499), 60, "the client that takes nothing to be let go")


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX-Endless: a"])
def test_a_head_that_does_not_come_to_its_end_is_not_waited_for(front: Front, sent: bytes) -> None:
    assert ask_raw(front.port, sent) == b""


def test_a_head_that_is_dripped_is_not_waited_for_either(front: Front) -> None:
    with socket.create_connection(("127.0.0.1", front.port), timeout=0.2) as client:
        begun = time.monotonic()
        while time.monotonic() - begun < 60:
            try:
                client.sendall(b"G")
                if client.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert time.monotonic() - begun < 30


def test_a_head_without_end_is_a_bad_request(front: Front) -> None:
    answer = ask_raw(front.port, b"GET / HTTP/1.1\r\nHost: a\r\nX-Endless: " + b"a" * 70_000)
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_413(front: Front, odd: Server, chunked: bool) -> None:
    body = bytes(100_001)
    answer = ask(front.port, "/sink", "POST", body=[body] if chunked else body, chunked=chunked)
    assert (answer.status, answer.body) == (413, b"the request has more than 100000 bytes\n")
    assert chunked or not odd.asked
    assert front.counts() == once("POST", 413)
    assert ask(front.port, "/sink", "POST", body=bytes(100_000)).body == b"100000"


def test_an_answer_that_comes_before_the_body_is_read_is_passed_on(front: Front) -> None:
    assert ask(front.port, "/refuses", "POST", body=bytes(90_000)).status == 413


def test_a_websocket_is_refused_in_words_and_is_no_servers_error(front: Front, odd: Server) -> None:
    key = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    asked = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), key]
    answer = ask(front.port, "/chat", headers=asked)
    assert (answer.status, answer.header("Upgrade")) == (426, "HTTP/1.1")
    assert answer.body == b"this service speaks no WebSocket, only HTTP/1.1\n"
    assert odd.asked["/chat"] == 0
    assert front.counts() == once("GET", 426)


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/healthz/ready", "/%6detrics"])
def test_the_adapters_own_paths_never_reach_php_and_are_not_counted(front: Front, odd: Server, path: str) -> None:
    assert status_of(front.port, path) == 200
    assert status_of(front.port, path, "POST") == 405
    assert not odd.asked
    assert not front.counts()


@pytest.mark.parametrize("path", ["/metrics/", "/healthz/other", "/Metrics"])
def test_paths_beside_them_are_phps(front: Front, odd: Server, path: str) -> None:
    assert status_of(front.port, path) == 200
    assert odd.asked[path] == 1
