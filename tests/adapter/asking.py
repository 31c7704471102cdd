"""Requests as a client sends them, and what comes back, byte for byte."""

import http.client
import socket
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from local.waiting import wait_until

HOST = "mpcstudy.example.com"

_TIMEOUT_SECONDS = 60
_OF_THE_CONNECTION = ("connection", "transfer-encoding")
_OF_THE_MOMENT = "date"

Headers = Sequence[tuple[str, str]]
Body = bytes | Iterable[bytes]


@dataclass(frozen=True)
class Answer:
    """An answer as it came; names and values of headers are Latin-1, in which every byte is a character."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), None)

    def comparable(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """All of it that is the application's: how long it is said to be by the connection is not."""
        kept = [(name, value) for name, value in self.headers if name.lower() not in _OF_THE_CONNECTION]
        return (
            self.status,
            [(name, "now" if name.lower() == _OF_THE_MOMENT else value) for name, value in kept],
            self.body,
        )


def ask(
    port: int,
    target: str = "/",
    method: str = "GET",
    headers: Headers = (),
    body: Body = b"",
    *,
    chunked: bool = False,
) -> Answer:
    """One request on a connection of its own; a body is sent with its length, or in chunks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in (("Host", HOST), *headers):
            connection.putheader(name, value.encode("latin-1"))
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        elif isinstance(body, bytes) and (body or method in ("POST", "PUT", "PATCH")):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body if chunked else body or None, encode_chunked=chunked)
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def ask_raw(port: int, request: bytes) -> bytes:
    """What comes back for these very bytes, until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def status_of(port: int, target: str = "/", method: str = "GET") -> int:
    """The status of an answer alone."""
    return ask(port, target, method).status


Counted = Counter[tuple[str, str, str]]
"""Requests by method, path and status."""


def counted(port: int) -> Counted:
    """What the adapter has counted: both of its metrics, which have to agree once they are not being written."""
    found: list[Counted] = []

    def agree() -> bool:
        found[:] = _both_counted(port)
        return found[0] == found[1]

    wait_until(agree, 60, "both metrics to agree")
    return +found[0]


def _both_counted(port: int) -> tuple[Counted, Counted]:
    totals: Counted = Counter()
    observed: Counted = Counter()
    for name, labels, value in samples(port):
        key = (labels.get("method", ""), labels.get("path", ""), labels.get("status", ""))
        if name == "http_requests_total":
            totals[key] = int(value)
        elif name == "http_request_duration_seconds_count":
            observed[key] = int(value)
    return totals, observed


def samples(port: int) -> list[tuple[str, dict[str, str], float]]:
    """Every sample of `/metrics`: name, labels, value."""
    families = text_string_to_metric_families(ask(port, "/metrics").body.decode())
    return [(sample.name, dict(sample.labels), sample.value) for family in families for sample in family.samples]
