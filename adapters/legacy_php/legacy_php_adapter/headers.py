"""Headers on their way to PHP and back: all of them as they came, but for those of one connection only.

Names keep their case and order, values their bytes: they are handled as Latin-1, in which every byte is a character.
"""

import re
from collections.abc import Iterable, Sequence

Headers = Sequence[tuple[bytes, bytes]]

_OF_ONE_CONNECTION = frozenset(
    b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding "
    b"upgrade".split()
)
"""What RFC 9110 (7.6.1) and its forerunner (RFC 2616, 13.5.1) call hop-by-hop."""

_NEVER_DROPPED = frozenset((b"content-length", b"content-type", b"host", b"cookie", b"set-cookie", b"authorization"))
"""What no `Connection` header may take away: these are for whoever is asked, and their absence changes the meaning."""

_NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(rb"[\x00\n\r\x0b\x0c\x7f]")
"""What a header's name is made of, and what is in no value (RFC 9110, 5.1 and 5.5)."""

_FOR, _PROTO, _HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"

_TAKEN_FOR_ANOTHER = frozenset((b"proxy", *(name.replace(b"-", b"_") for name in (_FOR, _PROTO, _HOST))))
"""CGI makes variables of headers, upper case and with `_` for `-`: `Proxy` becomes HTTP_PROXY, by which programs find
their own proxy (httpoxy), and `X_Forwarded_For` the same as `X-Forwarded-For`."""


def value_of(headers: Headers, name: bytes) -> bytes | None:
    """The first value of a header, by its lower-case name."""
    return next((value for found, value in headers if found.lower() == name), None)


def asks_for_websocket(headers: Headers) -> bool:
    """Whether a request wants to become a WebSocket."""
    upgrades = b",".join(value for name, value in headers if name.lower() == b"upgrade")
    return b"websocket" in _tokens(upgrades)


def to_php(headers: Headers, client: str, scheme: str) -> list[tuple[str, str]]:
    """A request's headers as PHP gets them, with the client's address appended to `X-Forwarded-For`.

    What a router in front has said of scheme and host stays: it knows them better.
    """
    dropped = _of_one_connection(headers) | _TAKEN_FOR_ANOTHER | {b"expect", _FOR}
    kept = [(name, value) for name, value in headers if name.lower() not in dropped]
    present = {name.lower() for name, _ in kept}
    hops = [value for name, value in headers if name.lower() == _FOR and value]
    # On a socket for both, an IPv4 address comes as an IPv6 one.
    kept.append((b"X-Forwarded-For", b", ".join((*hops, client.removeprefix("::ffff:").encode()))))
    if _PROTO not in present:
        kept.append((b"X-Forwarded-Proto", scheme.encode()))
    if _HOST not in present and (host := value_of(headers, b"host")):
        kept.append((b"X-Forwarded-Host", host))
    return _one_case(kept)


def to_client(headers: Headers) -> list[tuple[bytes, bytes]]:
    """An answer's headers as the client gets them, redirects and cookies untouched; what is no header is left out."""
    dropped = _of_one_connection(headers)
    return [
        (name, value)
        for name, value in headers
        if name.lower() not in dropped and _NAME.fullmatch(name) and not _FORBIDDEN.search(value)
    ]


def _of_one_connection(headers: Headers) -> frozenset[bytes]:
    named = b",".join(value for name, value in headers if name.lower() == b"connection")
    return _OF_ONE_CONNECTION | (frozenset(_tokens(named)) - _NEVER_DROPPED)


def _tokens(value: bytes) -> list[bytes]:
    return [token.strip().lower() for token in value.split(b",") if token.strip()]


def _one_case(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """As text; a header that is there twice has its first spelling: aiohttp would take another for a correction."""
    spelled: dict[bytes, str] = {}
    return [
        (spelled.setdefault(name.lower(), name.decode("latin-1")), value.decode("latin-1")) for name, value in headers
    ]
