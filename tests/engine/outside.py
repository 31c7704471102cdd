"""What is outside of the cluster, played on this machine: Slack's webhook, a mail server, and a Prometheus."""

import base64
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.cluster.ports import LOOPBACK

NOTHING = "nothing"
"""The answer of a Prometheus that knows of no such series."""

_WEBHOOK = "/services/"


@dataclass(frozen=True)
class Mail:
    """A message that the mail server took: from whom and to whom it was, and what it says."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: str


@dataclass
class Outside:
    """What has arrived so far, in its order, and what the Prometheus of each path is to answer."""

    http: str = ""
    smtp: str = ""
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """The paths and the JSON bodies of what was posted to the webhook."""
    mails: list[Mail] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    def prometheus(self, name: str, answer: str) -> str:
        """The address of a Prometheus of that name, which gives the same answer to each query."""
        self.answers[name] = answer
        return f"{self.http}/{name}"


@contextmanager
def running() -> Iterator[Outside]:
    """Servers on free ports, until the block ends."""
    outside = Outside()
    http = ThreadingHTTPServer((LOOPBACK, 0), _http_handler(outside))
    smtp = socketserver.ThreadingTCPServer((LOOPBACK, 0), _smtp_handler(outside))
    smtp.daemon_threads = True
    outside.http, outside.smtp = f"http://{LOOPBACK}:{http.server_address[1]}", f"{LOOPBACK}:{smtp.server_address[1]}"
    for server in (http, smtp):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield outside
    finally:
        for server in (http, smtp):
            server.shutdown()
            server.server_close()


def _http_handler(outside: Outside) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path.startswith(_WEBHOOK):
                assert self.headers["Content-Type"] == "application/json"
                outside.posts.append((self.path, json.loads(body)))
                answer: object = "ok"
            else:
                value = outside.answers[self.path.split("/")[1]]
                result = [] if value == NOTHING else [{"metric": {}, "value": [1700000000, value]}]
                answer = {"status": "success", "data": {"resultType": "vector", "result": result}}
            told = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _smtp_handler(outside: Outside) -> type[socketserver.StreamRequestHandler]:
    """As much of RFC 5321 and of AUTH PLAIN (RFC 4954) as a client needs that sends one message."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            sender, recipients = "", []
            self._say("220 outside")
            while line := self.rfile.readline().decode().rstrip("\r\n"):
                verb, _, rest = line.partition(" ")
                if verb == "EHLO":
                    self._say("250-outside\r\n250 AUTH PLAIN")
                elif verb == "AUTH":
                    _, name, password = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
                    outside.logins.append((name, password))
                    self._say("235 welcome")
                elif verb == "MAIL":
                    sender = _address(rest)
                    self._say("250 ok")
                elif verb == "RCPT":
                    recipients.append(_address(rest))
                    self._say("250 ok")
                elif verb == "DATA":
                    self._say("354 go on")
                    outside.mails.append(_mail(sender, recipients, self._data()))
                    self._say("250 ok")
                else:
                    self._say("221 bye" if verb == "QUIT" else "502 unknown")

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def _data(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b"."))
            return b"".join(lines)

    return Handler


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


def _mail(sender: str, recipients: list[str], data: bytes) -> Mail:
    message = message_from_bytes(data, policy=policy.default)
    body = message.get_body()
    assert body
    return Mail(sender, tuple(recipients), str(message["Subject"]), body.get_content().replace("\r\n", "\n"))
