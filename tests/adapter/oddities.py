"""A server that does, by the path it is asked for, what PHP cannot be made to do."""

import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase

_LINE = 64 * 1024
_PART = 64 * 1024

HUGE_BYTES = 64 * _PART
"""The size of `/huge`."""

_PATIENCE_SECONDS = 30
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

_SAID = {
    "/closes": b"",
    "/garbage": b"this is no HTTP\r\n\r\n",
    "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this",
    "/cut-chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
    "/strange-status": b"HTTP/1.1 999 Strange\r\nContent-Length: 0\r\n\r\n",
    "/early-hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "/no-header": b"HTTP/1.1 200 OK\r\nX-Bad: a\x0bb\r\nX-Good: c\r\nContent-Length: 2\r\n\r\nok",
    "/not-modified": b'HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\nETag: "a"\r\n\r\n',
    "/hop-by-hop": (
        b"HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nX-End: 2\r\n"
        b"Proxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nok"
    ),
    "/more-than-said": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok\r\n\r\n",
    "/more-than-nothing": b"HTTP/1.1 204 No Content\r\n\r\n<html>",
    "/hints-and-more": b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok?>",
    "/two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nok?>!",
    "/length-and-chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    ),
    "/trailers": b"HTTP/1.1 200 OK\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
    "/refuses": b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 7\r\n\r\ntoo big",
}
"""What is answered before the connection is closed, and the request's body left unread."""

_STALLS = {"/silent": b"", "/stalls": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this"}
"""What is answered before nothing comes any more, for as long as the client stays."""


class Server:
    """Where it listens, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heads: dict[str, bytes] = {}
        """The head of the last request for each path, as it came."""
        self.asked: Counter[str] = Counter()
        self.left = threading.Event()
        """Set once somebody has gone away from a path that says nothing."""
        self.go_on = threading.Event()
        """Set by a test once `/later` shall answer."""


@contextmanager
def serving() -> Iterator[Server]:
    """The server, in threads of this process."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), socketserver.StreamRequestHandler, False) as listener:
        listener.allow_reuse_address = listener.daemon_threads = True
        listener.request_queue_size = 1024
        listener.server_bind()
        listener.server_activate()
        server = Server(listener.server_address[1])
        listener.RequestHandlerClass = _handler(server)
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


def _handler(server: Server) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = _head(self.rfile)
            if not head:
                return  # somebody only connected
            path = head.split(b" ", 2)[1].decode("latin-1").partition("?")[0]
            server.heads[path] = head
            server.asked[path] += 1
            if path in _STALLS:
                self.wfile.write(_STALLS[path])
                self.rfile.read(1)
                server.left.set()
            elif path == "/sink":
                text = b"%d" % _size_of_body(head, self.rfile)
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
            elif path == "/later":
                server.go_on.wait(_PATIENCE_SECONDS)
                self.wfile.write(_OK)
            elif path == "/huge":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUGE_BYTES)
                with suppress(OSError):  # nobody takes all of it
                    for _ in range(HUGE_BYTES // _PART):
                        self.wfile.write(bytes(_PART))
            else:
                self.wfile.write(_SAID.get(path, _OK))

    return Handler


def _head(stream: BufferedIOBase) -> bytes:
    lines = []
    while (line := stream.readline(_LINE)) not in (b"\r\n", b""):
        lines.append(line)
    return b"".join(lines)


def _size_of_body(head: bytes, stream: BufferedIOBase) -> int:
    fields = dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:])
    if b"content-length" in fields:
        return _skipped(stream, int(fields[b"content-length"]))
    size = 0
    while length := int(stream.readline(_LINE), 16):
        size += _skipped(stream, length)
        stream.readline(_LINE)
    return size


def _skipped(stream: BufferedIOBase, size: int) -> int:
    left = size
    while left and (part := stream.read(min(_PART, left))):
        left -= len(part)
    return size - left
