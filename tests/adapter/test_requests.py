"""PHP gets from the adapter what the client sent, and who it was."""

import socket
from collections.abc import Iterator

import pytest

from tests.adapter import running
from tests.adapter.asking import HOST, Headers, ask, ask_raw
from tests.adapter.oddities import Server
from tests.adapter.running import Adapter


@pytest.fixture(scope="module")
def front(odd: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapter]:
    """An adapter before a server that remembers what it was asked."""
    with running.adapter(tmp_path_factory.mktemp("front"), odd.port) as found:
        yield found


def seen(front: Adapter, odd: Server, headers: Headers = (), target: str = "/seen") -> list[str]:
    """The lines of the request that PHP would get."""
    assert ask(front.port, target, headers=headers).status == 200
    return odd.heads[target.partition("?")[0]].decode("latin-1").splitlines()


def values(lines: list[str], name: str) -> list[str]:
    """The values of a header."""
    fields = [line.split(": ", 1) for line in lines[1:]]
    return [value for found, value in fields if found.lower() == name.lower()]


def test_the_request_line_is_the_clients_own(front: Adapter, odd: Server) -> None:
    target = "/seen?a=%41+b&&c=;d/../e?f=[]{}|#g"
    assert seen(front, odd, target=target)[0] == f"GET {target} HTTP/1.1"
    assert seen(front, odd, target="/seen?")[0] == "GET /seen? HTTP/1.1"
    assert ask(front.port, "//a/./b/../c%2Fd").status == 200
    assert odd.heads["//a/./b/../c%2Fd"].startswith(b"GET //a/./b/../c%2Fd HTTP/1.1\r\n")


def test_nothing_is_added_but_who_asked(front: Adapter, odd: Server) -> None:
    assert seen(front, odd) == [
        "GET /seen HTTP/1.1",
        f"Host: {HOST}",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Proto: http",
        f"X-Forwarded-Host: {HOST}",
        "Connection: close",
    ]


def test_headers_keep_their_spelling_their_order_and_their_bytes(front: Adapter, odd: Server) -> None:
    sent = [
        ("X-API-KEY", "a"),
        ("x-lower", "b"),
        ("Cookie", "euckr=\xb0\xa1\xb3\xaa"),
        ("X-Twice", "1"),
        ("Accept-Encoding", "br;q=1.0, gzip"),
        ("x-twice", "2"),
    ]
    lines = seen(front, odd, sent)
    assert lines[2:8] == [
        "X-API-KEY: a",
        "x-lower: b",
        "Cookie: euckr=\xb0\xa1\xb3\xaa",
        "X-Twice: 1",
        "Accept-Encoding: br;q=1.0, gzip",
        "X-Twice: 2",
    ]


def test_what_is_of_one_connection_ends_there(front: Adapter, odd: Server) -> None:
    sent = [
        ("Connection", "keep-alive, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"),
        ("Proxy-Authorization", "Basic a"),
        ("Upgrade", "h2c"),
    ]
    lines = seen(front, odd, sent)
    assert values(lines, "Connection") == ["close"]
    assert not [name for name in ("X-Hop", "Keep-Alive", "TE", "Proxy-Authorization", "Upgrade") if values(lines, name)]


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Forwarded-For"])
def test_connection_takes_no_header_away_that_says_who_asks(front: Adapter, odd: Server, name: str) -> None:
    lines = seen(front, odd, [("Connection", name), (name, "10.0.0.1")])
    assert values(lines, name)[0].startswith("10.0.0.1")


def test_the_clients_address_is_appended_to_those_before_it(front: Adapter, odd: Server) -> None:
    lines = seen(front, odd, [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "10.0.0.1, 10.0.0.2")])
    assert values(lines, "X-Forwarded-For") == ["203.0.113.9, 10.0.0.1, 10.0.0.2, 127.0.0.1"]


def test_what_the_router_says_of_scheme_and_host_stays(front: Adapter, odd: Server) -> None:
    lines = seen(front, odd, [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "www.example.com")])
    assert values(lines, "X-Forwarded-Proto") == ["https"]
    assert values(lines, "X-Forwarded-Host") == ["www.example.com"]


def test_the_trace_goes_on(front: Adapter, odd: Server) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert values(seen(front, odd, [("traceparent", trace)]), "traceparent") == [trace]


def test_whoever_expects_100_continue_gets_it_before_the_body_is_sent(front: Adapter) -> None:
    with socket.create_connection(("127.0.0.1", front.port), timeout=30) as client:
        client.sendall(b"POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abcde")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        "POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
        "POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4",
        "POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked",
        "POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked",
        "POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5",
        "POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: +4",
        "POST /sink HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 4",
        "POST /sink HTTP/1.0\r\nTransfer-Encoding: chunked",
    ],
)
def test_what_two_servers_could_read_in_two_ways_is_a_bad_request_and_ends_the_connection(
    front: Adapter, odd: Server, head: str
) -> None:
    odd.asked.clear()
    answer = ask_raw(front.port, f"{head}\r\n\r\n0\r\n\r\n{SMUGGLED}".encode())
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert not odd.asked


def test_what_follows_the_last_chunk_is_not_passed_on(front: Adapter, odd: Server) -> None:
    head = b"POST /sink HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = ask_raw(front.port, head + b"5;extension=1\r\nabcde\r\n0\r\nX-T: 1\r\nContent-Length: 9\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n5")
    sent = odd.heads["/sink"].decode().splitlines()
    assert values(sent, "Content-Length") == ["5"] and not values(sent, "Trailer") + values(sent, "X-T")


@pytest.mark.parametrize(
    ("target", "passed_on"),
    [
        ("http://other.example.com/seen?a=b", "/seen?a=b"),
        ("HTTPS://other.example.com//seen", "//seen"),
        ("http://other.example.com", "/"),
        ("http://other.example.com?a", "/?a"),
    ],
)
def test_a_whole_address_is_taken_apart_and_is_the_host(
    front: Adapter, odd: Server, target: str, passed_on: str
) -> None:
    request = f"GET {target} HTTP/1.1\r\nHost: a\r\nX-Kept: 1\r\nConnection: close\r\n\r\n"
    assert ask_raw(front.port, request.encode()).startswith(b"HTTP/1.1 200 OK\r\n")
    lines = odd.heads[passed_on.partition("?")[0]].decode().splitlines()
    assert lines[:3] == [f"GET {passed_on} HTTP/1.1", "Host: other.example.com", "X-Kept: 1"]
    assert values(lines, "X-Forwarded-Host") == ["other.example.com"]


def test_the_adapters_own_paths_are_its_own_in_a_whole_address_too(front: Adapter, odd: Server) -> None:
    odd.asked.clear()
    answer = ask_raw(front.port, b"GET http://a/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"alive\n") and not odd.asked


def test_headers_that_programs_take_for_others_are_left_out(front: Adapter, odd: Server) -> None:
    sent = [("Proxy", "http://192.0.2.1"), ("X_Forwarded_For", "192.0.2.1"), ("X_Own", "1")]
    lines = seen(front, odd, sent)
    assert [line.partition(":")[0] for line in lines[2:4]] == ["X_Own", "X-Forwarded-For"]
    assert values(lines, "X-Forwarded-For") == ["127.0.0.1"] and not values(lines, "Proxy")


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/more-than-said", 200, b"ok"),
        ("/more-than-nothing", 204, b""),
        ("/hints-and-more", 200, b"ok"),
        ("/trailers", 200, b"ok"),
    ],
)
def test_an_answer_ends_where_it_says(front: Adapter, path: str, status: int, body: bytes) -> None:
    answer = ask(front.port, path)
    assert (answer.status, answer.body) == (status, body)
    assert answer.header("Trailer") is None


def test_an_http_1_0_client_gets_no_chunks(php: int, adapter: Adapter) -> None:
    answer = ask_raw(adapter.port, b"GET /huge?bytes=3 HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n\x00\x01\x02")


def test_hints_before_an_answer_do_no_harm(front: Adapter) -> None:
    answer = ask(front.port, "/early-hints")
    assert (answer.status, answer.body) == (200, b"ok")


def test_an_answers_headers_of_one_connection_end_there_too(front: Adapter) -> None:
    names = [name for name, _ in ask(front.port, "/hop-by-hop").headers]
    assert names == ["X-End", "Content-Length"]


def test_what_is_no_header_is_left_out_and_the_rest_passed_on(front: Adapter) -> None:
    answer = ask(front.port, "/no-header")
    assert (answer.status, answer.header("X-Bad"), answer.header("X-Good")) == (200, None, "c")


def test_an_answer_that_has_not_changed_has_a_length_and_no_body(front: Adapter) -> None:
    answer = ask(front.port, "/not-modified")
    assert (answer.status, answer.header("Content-Length"), answer.body) == (304, "1234", b"")


@pytest.mark.parametrize(
    "line", ["GET http://a@example.com/ HTTP/1.1", "CONNECT example.com:443 HTTP/1.1", "OPTIONS * HTTP/1.1", "nonsense"]
)
def test_what_is_meant_for_another_kind_of_proxy_is_a_bad_request(front: Adapter, line: str) -> None:
    answer = ask_raw(front.port, f"{line}\r\nHost: example.com\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
