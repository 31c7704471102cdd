"""Addresses that take what is posted to them, and answer as Slack does: `ok`, and not as JSON."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.receiver.messages import Messages
from local.receiver.server import ReceiverServer


@dataclass(frozen=True)
class Webhooks:
    """What has been posted below `url`."""

    url: str
    messages: Messages

    def to(self, path: str) -> list[dict[str, Any]]:
        """What was posted to that path, or below it."""
        return [message.body for message in self.messages.after() if message.path.startswith(f"/{path}")]


@contextmanager
def running() -> Iterator[Webhooks]:
    """A server on a free port, until the block ends."""
    messages = Messages()
    with ReceiverServer(0, messages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Webhooks(server.url, messages)
        finally:
            server.shutdown()
