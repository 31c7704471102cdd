"""Requests to an API server: kept-alive connections, discovery, patience, errors."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.plugin.cluster import Cluster
from local.plugin.errors import ApiError, NoMatchError, UnreachableError
from local.plugin.kinds import Gvk
from local.plugin.kubeconfig import Access

Answer = tuple[int, dict[str, str], Any]

_ROLLOUTS = {
    "metadata": {"name": "argoproj.io"},
    "versions": [
        {
            "version": "v1alpha1",
            "resources": [{"resource": "rollouts", "scope": "Namespaced", "responseKind": {"kind": "Rollout"}}],
        }
    ],
}
ROLLOUT = Gvk("argoproj.io", "v1alpha1", "Rollout")


class Server(ThreadingHTTPServer):
    """Gives the answers of a path one after another, the last one again and again."""

    daemon_threads = True

    def __init__(self, answers: dict[str, list[Answer]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[str] = []
        self.connections: set[int] = set()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.asked.append(self.path)
        self.server.connections.add(self.client_address[1])
        answers = self.server.answers.get(self.path, [(404, {}, {"message": "no such path", "reason": "NotFound"})])
        status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(payload))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_arguments: object) -> None:
        return


@contextmanager
def serving(**answers: list[Answer]) -> Iterator[tuple[Cluster, Server]]:
    server = Server({f"/{path}": given for path, given in answers.items()})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield cluster_at(server.server_address[1]), server
    finally:
        server.shutdown()
        server.server_close()


def cluster_at(port: int) -> Cluster:
    access = Access(f"http://127.0.0.1:{port}", None, {}, "default", "test", "")
    return Cluster(access, threading.Event())


def test_one_connection_serves_one_request_after_another() -> None:
    with serving(x=[(200, {}, {"kind": "Status"})]) as (cluster, server):
        for _ in range(5):
            assert cluster.request("GET", "/x") == {"kind": "Status"}
        assert len(server.connections) == 1


def test_kinds_are_discovered_once_and_again_for_one_that_is_new() -> None:
    nothing: Answer = (200, {}, {"items": []})
    with serving(api=[nothing], apis=[nothing, (200, {}, {"items": [_ROLLOUTS]})]) as (cluster, server):
        assert cluster.endpoint(ROLLOUT) is None
        assert cluster.endpoint(ROLLOUT) is None
        assert server.asked == ["/api", "/apis"]
        assert cluster.url(ROLLOUT, "shop", "x") == "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/x"
        assert cluster.url(ROLLOUT, "") == "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts"
        assert server.asked == ["/api", "/apis"] * 2


def test_a_kind_that_stays_unknown_is_named() -> None:
    nothing: Answer = (200, {}, {"items": []})
    with (
        serving(api=[nothing], apis=[nothing]) as (cluster, _),
        pytest.raises(NoMatchError, match=r'no matches for kind "Rollout" in version "argoproj\.io/v1alpha1"'),
    ):
        cluster.url(ROLLOUT, "shop")


def test_a_busy_server_is_asked_again() -> None:
    busy: Answer = (429, {"Retry-After": "0"}, {"message": "later", "reason": "TooManyRequests"})
    with serving(x=[busy, busy, (200, {}, {"a": 1})]) as (cluster, server):
        assert cluster.request("GET", "/x") == {"a": 1}
        assert server.asked == ["/x"] * 3


def test_a_server_that_stays_busy_is_an_error_in_the_end() -> None:
    busy: Answer = (429, {"Retry-After": "0"}, {"message": "later", "reason": "TooManyRequests"})
    with serving(x=[busy]) as (cluster, server), pytest.raises(ApiError, match="later"):
        cluster.request("GET", "/x")
    assert len(server.asked) == 10


def test_an_error_carries_the_servers_own_words_and_reason() -> None:
    missing: Answer = (404, {}, {"message": "gone", "reason": "NotFound", "details": {"kind": "namespaces"}})
    with serving(x=[missing]) as (cluster, _), pytest.raises(ApiError, match="gone") as error:
        cluster.request("GET", "/x")
    assert error.value.not_found
    assert error.value.namespace_not_found


def test_an_answer_that_is_not_json_is_one_line() -> None:
    with serving(x=[(502, {}, b"<html>\nbad gateway")]) as (cluster, _), pytest.raises(ApiError) as error:
        cluster.request("GET", "/x")
    assert "\n" not in str(error.value)
    assert "HTTP 502" in str(error.value)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with serving() as (_, server):
        port = server.server_address[1]
    with pytest.raises(UnreachableError, match="connect: connection refused"):
        cluster_at(port).request("GET", "/x")
