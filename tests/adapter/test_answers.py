"""A client gets from the adapter, byte for byte, what it would get from PHP."""

import http.client
import statistics
import time

import pytest

from tests.adapter.asking import HOST, Headers, ask
from tests.adapter.running import Adapter

FORM = [("Content-Type", "application/x-www-form-urlencoded")]
MEGABYTE = 2**20

MULTIPART = [("Content-Type", "multipart/form-data; boundary=frontier")]
UPLOAD = b"".join(
    (
        b'--frontier\r\nContent-Disposition: form-data; name="title"\r\n\r\nsummer\r\n',
        b'--frontier\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n',
        bytes(range(256)) * 4096,
        b"\r\n--frontier--\r\n",
    )
)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        *((method, "/users/12") for method in ("GET", "HEAD", "OPTIONS", "DELETE", "PURGE", "PROPFIND")),
        *((method, "/body") for method in ("POST", "PUT", "PATCH")),
        *(("GET", f"/status?code={code}") for code in (200, 201, 206, 400, 401, 403, 404, 410, 418, 500, 503, 599)),
        *(("GET", f"/redirect?status={code}") for code in (301, 302, 303, 307, 308)),
        ("GET", f"/redirect?to=http://{HOST}/users/1?a=b%20c"),
        ("GET", "/error"),
        ("GET", "/cookies"),
        ("GET", "/gzip"),
        ("HEAD", "/gzip"),
        ("GET", "/nothing"),
        ("GET", f"/huge?bytes={3 * MEGABYTE + 1}"),
        ("GET", f"/huge?bytes={3 * MEGABYTE + 1}&sized=1"),
        ("HEAD", "/huge?bytes=1000&sized=1"),
        ("GET", "/huge?bytes=0&sized=1"),
        ("GET", "/padded"),
        ("HEAD", "/padded"),
        ("GET", "/there/is/no/such/page"),
        ("GET", "/users/%ea%b0%80/%2e%2e/../a;b=c"),
    ],
)
def test_an_answer_is_the_same_with_and_without_the_adapter(
    php: int, adapter: Adapter, method: str, target: str
) -> None:
    assert ask(adapter.port, target, method).comparable() == ask(php, target, method).comparable()


BODIES: dict[str, tuple[str, Headers, bytes]] = {
    "form": ("/form?a=1&b[]=2", FORM, b"name=a+b&text=%EA%B0%80"),
    "empty": ("/form", FORM, b""),
    "upload": ("/upload", MULTIPART, UPLOAD),
    "10 MB": ("/body", [], bytes(range(256)) * 40 * 1024),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_arrives_whole(php: int, adapter: Adapter, kind: str, chunked: bool) -> None:
    target, headers, body = BODIES[kind]
    direct = ask(php, target, "POST", headers, body)
    parts = [body[at : at + 100_000] for at in range(0, len(body), 100_000)]
    passed_on = ask(adapter.port, target, "POST", headers, parts if chunked else body, chunked=chunked)
    assert passed_on.comparable() == direct.comparable()
    assert passed_on.status == 200


def test_a_session_lives_on_in_the_cookies_that_php_sets(adapter: Adapter) -> None:
    login = ask(adapter.port, "/login", "POST", FORM, b"name=Kim")
    assert (login.status, login.header("Location")) == (303, "/me")
    cookie = [("Cookie", str(login.header("Set-Cookie")).partition(";")[0])]
    visits = [ask(adapter.port, "/me", headers=cookie).body for _ in range(2)]
    assert visits == [b"name=Kim\nvisits=1\n", b"name=Kim\nvisits=2\n"]
    assert ask(adapter.port, "/me").body == b"name=nobody\nvisits=1\n"


def test_each_cookie_keeps_a_line_and_its_bytes(adapter: Adapter) -> None:
    cookies = [value for name, value in ask(adapter.port, "/cookies").headers if name == "Set-Cookie"]
    assert len(cookies) == 3
    assert cookies[2].encode("latin-1") == b"euckr=\xb0\xa1\xb3\xaa; path=/"


def test_redirects_are_the_clients_to_follow(adapter: Adapter) -> None:
    answer = ask(adapter.port, "/redirect")
    assert (answer.status, answer.header("Location")) == (302, "/users/1?from=redirect#part")


def test_an_answer_in_parts_is_passed_on_part_by_part(adapter: Adapter) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", adapter.port, timeout=30)
    connection.request("GET", "/parts?pause=1")
    response = connection.getresponse()
    first, received = response.read1(), time.monotonic()
    rest = response.read()
    connection.close()
    assert (first, first + rest) == (b"first\n", b"first\nsecond\nthird\n")
    assert time.monotonic() - received > 1, "two more seconds until the last part"


def test_a_client_that_keeps_its_connection_does_not_wait_for_acknowledgements(adapter: Adapter) -> None:
    """With Nagle's algorithm and delayed acknowledgements, every answer after the first would take 40 ms more."""
    kept = http.client.HTTPConnection("127.0.0.1", adapter.port, timeout=30)
    kept.request("GET", "/users/12")
    assert kept.getresponse().read()
    waits, waits_of_new = [], []
    for _ in range(20):  # in turns, so that what else the machine does comes to both
        begun = time.monotonic()
        kept.request("GET", "/users/12")
        assert kept.getresponse().read()
        waits.append(time.monotonic() - begun)
        begun = time.monotonic()
        assert ask(adapter.port, "/users/12").body
        waits_of_new.append(time.monotonic() - begun)
    kept.close()
    assert statistics.median(waits) < statistics.median(waits_of_new) + 0.03
