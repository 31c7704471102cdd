"""The receiver's HTTP server: it takes what is posted as Slack does, and shows what has come.

`POST /services/…` is an incoming webhook of Slack, any other path a plain one. `GET /messages` is all of it as JSON
(`?after=N` what came after message N), `GET /` a page for people. Links in messages lead here too: to the runbook
pages, and to where a dashboard would be.
"""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import TypeAdapter

from local.cluster.ports import LOOPBACK
from local.receiver import reading
from local.receiver.messages import Message, Messages
from local.receiver.page import page
from local.receiver.smtp import Mail
from local.state import CHECKOUT

SLACK_PATH = "/services/"
"""What the path of every incoming webhook of Slack begins with."""

MESSAGES_PATH = "/messages"
RUNBOOKS_PATH = "/runbooks"
DASHBOARDS_PATH = "/d"
"""Of Grafana, which nobody runs beside the embedded cluster."""

_RUNBOOK = re.compile(rf"{RUNBOOKS_PATH}/(\w+\.md)")
_NO_GRAFANA = (
    b"No Grafana runs here: set grafana.url in Pulumi.local.yaml to one that reads the Prometheus of `make up`.\n"
)
LARGEST_BYTES = 2**20

MESSAGE_LIST = TypeAdapter(list[Message])

_TEXT, _JSON, _HTML = "text/plain; charset=utf-8", "application/json", "text/html; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """What is sent back."""

    status: HTTPStatus
    body: bytes
    content_type: str = _TEXT


class ReceiverServer(ThreadingHTTPServer):
    """A server on the loopback address that puts what comes into `messages`; whoever makes it runs it."""

    def __init__(self, port: int, messages: Messages) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.messages = messages

    def post(self, path: str, content_type: str, content: bytes) -> Reply:
        """What is answered to what was posted."""
        refusal = _take_post(self.messages, path, content_type, content)
        return Reply(HTTPStatus.BAD_REQUEST if refusal else HTTPStatus.OK, (refusal or "ok").encode())

    def get(self, path: str, query: str) -> Reply:
        """What is shown of the messages."""
        if path == MESSAGES_PATH:
            after = parse_qs(query).get("after", ["0"])[-1]
            if not after.isdecimal():
                return Reply(HTTPStatus.BAD_REQUEST, b"after is not the number of a message\n")
            return Reply(HTTPStatus.OK, MESSAGE_LIST.dump_json(self.messages.after(int(after)), indent=2), _JSON)
        if path == "/":
            return Reply(HTTPStatus.OK, page(self.messages.after()).encode(), _HTML)
        if path == "/healthz":
            return Reply(HTTPStatus.OK, b"ok\n")
        return _linked(path)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: ReceiverServer

    def do_POST(self) -> None:
        """Take a message, or say in Slack's words what is wrong with it."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BYTES:
            self._reply(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"too long\n"))
            return
        self._reply(self.server.post(self.path, self.headers.get_content_type(), self.rfile.read(length)))

    def do_GET(self) -> None:
        """Show what has come."""
        parts = urlsplit(self.path)
        self._reply(self.server.get(parts.path, parts.query))

    def _reply(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: what came is in the messages."""


def _linked(path: str) -> Reply:
    """What a link in a message leads to."""
    if path.startswith(f"{DASHBOARDS_PATH}/"):
        return Reply(HTTPStatus.OK, _NO_GRAFANA)
    named = _RUNBOOK.fullmatch(path)
    file = CHECKOUT / "docs" / "runbooks" / named[1] if named else None
    if file is None or not file.exists():
        return Reply(HTTPStatus.NOT_FOUND, b"there is nothing here\n")
    return Reply(HTTPStatus.OK, file.read_bytes())


def _take_post(messages: Messages, path: str, content_type: str, content: bytes) -> str:
    """Keep what was posted; returns why not, empty where it was."""
    try:
        body: Any = json.loads(content)
    except ValueError:
        return "invalid_payload"
    if not isinstance(body, dict) or content_type != _JSON:
        return "invalid_payload"
    if not path.startswith(SLACK_PATH):
        messages.take("webhook", path=path, to=path, title=path, text=json.dumps(body, indent=2), body=body)
        return ""
    if not any(body.get(key) for key in ("text", "attachments", "blocks")):
        return "no_text"
    title, text = reading.slack_title(body), reading.slack_text(body)
    messages.take("slack", path=path, to=str(body.get("channel") or ""), title=title, text=text, body=body)
    return ""


def take_mail(messages: Messages, mail: Mail) -> None:
    """Keep a mail."""
    content = {"html" if mail.is_html else "text": mail.body}
    body = {"from": mail.sender, "to": list(mail.recipients), "subject": mail.subject, **content}
    text = reading.mail_text(mail.body, is_html=mail.is_html)
    messages.take("mail", to=", ".join(mail.recipients), title=mail.subject, text=text, body=body)
