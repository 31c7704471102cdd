"""What is outside of the cluster, played on this machine: Slack's webhook, a mail server, and a Prometheus."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from local.receiver.messages import Messages
from local.receiver.server import SLACK_PATH, ReceiverServer, Reply
from local.receiver.smtp import Mail, SmtpServer

NOTHING = "nothing"
"""The answer of a Prometheus that knows of no such series."""


@dataclass
class Outside:
    """What has arrived so far, in its order, and what the Prometheus of each path is to answer."""

    http: str
    smtp: str
    messages: Messages
    mails: list[Mail]
    logins: list[tuple[str, str]]
    answers: dict[str, str]
    forgotten: int = 0
    """The number of the last message that does not count any more."""

    @property
    def posts(self) -> list[tuple[str, dict[str, Any]]]:
        """The paths and the JSON bodies of what was posted to the webhook."""
        return [(message.path, message.body) for message in self.messages.after(self.forgotten)]

    def forget(self) -> None:
        """Count only what is posted from now on."""
        self.forgotten += len(self.posts)

    def prometheus(self, name: str, answer: str) -> str:
        """The address of a Prometheus of that name, which gives the same answer to each query."""
        self.answers[name] = answer
        return f"{self.http}/{name}"


class _OutsideServer(ReceiverServer):
    """The receiver's own, and a Prometheus at the other paths."""

    def __init__(self, messages: Messages, answers: Mapping[str, str]) -> None:
        super().__init__(0, messages)
        self._answers = answers

    def post(self, path: str, content_type: str, content: bytes) -> Reply:
        """To a Prometheus, a query."""
        if path.startswith(SLACK_PATH):
            return super().post(path, content_type, content)
        value = self._answers[path.split("/")[1]]
        result = [] if value == NOTHING else [{"metric": {}, "value": [1700000000, value]}]
        answer = {"status": "success", "data": {"resultType": "vector", "result": result}}
        return Reply(HTTPStatus.OK, json.dumps(answer).encode(), "application/json")


@contextmanager
def running() -> Iterator[Outside]:
    """Servers on free ports, until the block ends."""
    messages, mails, logins, answers = Messages(), list[Mail](), list[tuple[str, str]](), dict[str, str]()
    with (
        _OutsideServer(messages, answers) as http,
        SmtpServer(0, mails.append, lambda name, password: logins.append((name, password))) as smtp,
    ):
        for server in (http, smtp):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Outside(http.url, smtp.address, messages, mails, logins, answers)
        finally:
            for server in (http, smtp):
                server.shutdown()
