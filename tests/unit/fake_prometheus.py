"""An HTTP server that answers as a Prometheus might, and remembers what it was asked."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

Reply = tuple[int, Mapping[str, str], bytes]


def success(data: Any) -> Reply:
    return 200, {"Content-Type": "application/json"}, json.dumps({"status": "success", "data": data}).encode()


def refusal(error: str, status: int = 422) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps({"status": "error", "error": error}).encode()


@dataclass
class FakePrometheus:
    """`answer` gets the path below /api/v1/ and the parameters."""

    answer: Callable[[str, Mapping[str, str]], Reply]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


@contextmanager
def answering(answer: Callable[[str, Mapping[str, str]], Reply]) -> Iterator[FakePrometheus]:
    fake = FakePrometheus(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            fake.asked.append(parts.path)
            fake.headers.append(dict(self.headers))
            parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, headers, body = fake.answer(parts.path.removeprefix("/api/v1/"), parameters)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
