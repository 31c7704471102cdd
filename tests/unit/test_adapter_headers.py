"""Headers on their way to PHP and back; how they look on the wire is tested in tests/adapter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legacy_php_adapter.headers import asks_for_websocket, to_client, to_php

HOST = (b"Host", b"example.com")

names = st.sampled_from([b"Connection", b"Cookie", b"X-A", b"x-a", b"TE", b"Host", b"X-Forwarded-For"])
headers = st.lists(st.tuples(names, st.sampled_from([b"close", b"X-A", b"Host, cookie", b"", b"a\xb0b"])), max_size=10)


@pytest.mark.parametrize(
    ("client", "shown"), [("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("fd00::1", "fd00::1")]
)
def test_a_client_is_shown_by_its_own_address(client: str, shown: str) -> None:
    assert ("X-Forwarded-For", shown) in to_php([HOST], client, "http")


@given(headers)
def test_what_says_who_asks_and_where_always_arrives(sent: list[tuple[bytes, bytes]]) -> None:
    passed_on = to_php([HOST, *sent], "10.0.0.1", "http")
    arrived = {name.lower() for name, _ in passed_on}
    assert {"host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"} <= arrived
    assert "connection" not in arrived and "te" not in arrived
    assert ("cookie" in arrived) == any(name == b"Cookie" for name, _ in sent)
    assert all(text.encode("latin-1").decode("latin-1") == text for pair in passed_on for text in pair)


@given(headers)
def test_an_answer_keeps_the_order_of_its_headers(sent: list[tuple[bytes, bytes]]) -> None:
    kept = iter(sent)
    assert all(header in kept for header in to_client(sent))


@pytest.mark.parametrize(("value", "asks"), [(b"websocket", True), (b"h2c, WebSocket", True), (b"h2c", False)])
def test_a_websocket_is_known_by_its_upgrade(value: bytes, asks: bool) -> None:
    assert asks_for_websocket([HOST, (b"upgrade", value)]) is asks
