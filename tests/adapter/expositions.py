"""An HTTP server with expositions as applications give them, one for each path."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Exposed = Callable[[str], tuple[bytes, str]]
"""The body and content type for what the header `Accept` asks for."""

INSTRUMENTATOR = """\
# HELP http_requests_total Total number of requests by method, status and handler.
# TYPE http_requests_total counter
http_requests_total{handler="/users/{user_id}",method="GET",status="2xx"} 4.0
http_requests_total{handler="none",method="GET",status="4xx"} 1.0
# HELP http_requests_created Total number of requests by method, status and handler.
# TYPE http_requests_created gauge
http_requests_created{handler="/users/{user_id}",method="GET",status="2xx"} 1.76e+09
http_requests_created{handler="none",method="GET",status="4xx"} 1.76e+09
# HELP http_request_size_bytes Content length of incoming requests by handler. Only value of header is respected.
# TYPE http_request_size_bytes summary
http_request_size_bytes_count{handler="/users/{user_id}"} 4.0
http_request_size_bytes_sum{handler="/users/{user_id}"} 0.0
# HELP http_response_size_bytes Content length of outgoing responses by handler. Only value of header is respected.
# TYPE http_response_size_bytes summary
http_response_size_bytes_count{handler="/users/{user_id}"} 4.0
http_response_size_bytes_sum{handler="/users/{user_id}"} 88.0
# HELP http_request_duration_highr_seconds Latency with many buckets but no API specific labels.
# TYPE http_request_duration_highr_seconds histogram
http_request_duration_highr_seconds_bucket{le="0.01"} 5.0
http_request_duration_highr_seconds_bucket{le="0.3"} 5.0
http_request_duration_highr_seconds_bucket{le="+Inf"} 5.0
http_request_duration_highr_seconds_count 5.0
http_request_duration_highr_seconds_sum 0.01
# HELP http_request_duration_seconds Latency with only few buckets by handler.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{handler="/users/{user_id}",le="0.1",method="GET"} 4.0
http_request_duration_seconds_bucket{handler="/users/{user_id}",le="0.5",method="GET"} 4.0
http_request_duration_seconds_bucket{handler="/users/{user_id}",le="1.0",method="GET"} 4.0
http_request_duration_seconds_bucket{handler="/users/{user_id}",le="+Inf",method="GET"} 4.0
http_request_duration_seconds_count{handler="/users/{user_id}",method="GET"} 4.0
http_request_duration_seconds_sum{handler="/users/{user_id}",method="GET"} 0.008
"""
"""What prometheus-fastapi-instrumentator exposes by its defaults (metrics.default, version 7), the many buckets of its
other histogram left out."""


def constant(text: str, content_type: str = "text/plain; version=0.0.4; charset=utf-8") -> Exposed:
    """The same text, whatever is asked for."""
    return lambda _accept: (text.encode(), content_type)


@contextmanager
def exposing(each: Mapping[str, Exposed]) -> Iterator[int]:
    """The port of the server; other paths are not found."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            exposed = each.get(self.path)
            body, content_type = exposed(self.headers.get("Accept", "")) if exposed else (b"", "text/plain")
            self.send_response(200 if exposed else 404)
            if content_type:
                self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests look at the other side."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
