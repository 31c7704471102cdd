"""Requests that may be passed on, and those that two servers could read in two ways."""

import re

import h11

_ABSOLUTE = re.compile(rb"https?://(?P<host>[^/?#@]+)(?P<rest>[/?].*)?", re.IGNORECASE)


def checked(request: h11.Request) -> h11.Request:
    """The request as one to an origin server; raises h11.RemoteProtocolError where it is none, or ambiguous."""
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" in names and (b"content-length" in names or request.http_version < b"1.1"):
        # RFC 9112 (6.1): of two lengths, each server on the way may believe another, and so may whoever smuggles.
        raise h11.RemoteProtocolError("two lengths, or chunks in HTTP/1.0")
    if request.target.startswith(b"/"):
        return request
    absolute = _ABSOLUTE.fullmatch(request.target)
    if not absolute or request.method == b"CONNECT":
        raise h11.RemoteProtocolError("meant for a forward proxy")
    return _to_origin(request, absolute["host"], absolute["rest"] or b"/")


def _to_origin(request: h11.Request, host: bytes, rest: bytes) -> h11.Request:
    """The same request without the address in its first line, which is the host, whatever `Host` says (3.2.2)."""
    headers = [(name, value) for name, value in request.headers.raw_items() if name.lower() != b"host"]
    return h11.Request(
        method=request.method,
        target=rest if rest.startswith(b"/") else b"/" + rest,
        headers=[(b"Host", host), *headers],
        http_version=request.http_version,
    )
