"""Addresses that take what is posted to them, and answer as Slack does: `ok`, and not as JSON."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.cluster.ports import LOOPBACK


@dataclass
class Webhooks:
    """What has been posted below `url` so far, in its order: paths and JSON bodies."""

    url: str = ""
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def to(self, path: str) -> list[dict[str, Any]]:
        """What was posted to that path, or below it."""
        return [body for where, body in self.posts if where.startswith(f"/{path}")]


@contextmanager
def running() -> Iterator[Webhooks]:
    """A server on a free port, until the block ends."""
    found = Webhooks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.posts.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.url = f"http://{LOOPBACK}:{server.server_address[1]}"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
